"""Every data format keeps the same promises."""

import json
from pathlib import Path

import pytest

from llm_finetune.data.check import check_files
from llm_finetune.data.formats import FORMATS
from llm_finetune.data.rows import Row
from llm_finetune.data.settings import DataSettings


def test_there_are_two() -> None:
    assert list(FORMATS) == ["messages", "alpaca"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_promises(name: str, tmp_path: Path) -> None:
    layout = FORMATS[name]
    assert layout.name == name
    assert layout.title
    assert layout.recognises(layout.sample)
    assert set(layout.sample) <= set(layout.keys)
    messages, problems = layout.convert(Row(layout.sample, "a.jsonl", 1))
    assert problems == []
    assert messages[-1]["role"] == "assistant"
    others = [other.name for other in FORMATS.values() if other is not layout and other.recognises(layout.sample)]
    assert others == []
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(layout.sample), encoding="utf-8")
    for wanted in ("auto", name):
        report = check_files([(path, "a.jsonl")], DataSettings(format=wanted))
        assert (report.kept, report.formats) == (1, {name: 1})


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("value", [None, 7, True, [], {}, "", "  "])
def test_every_field_of_the_sample_is_checked(name: str, value: object) -> None:
    """Whatever stands in a field, the row is either taken or told with its field; nothing is raised."""
    layout = FORMATS[name]
    for key in layout.sample:
        messages, problems = layout.convert(Row({**layout.sample, key: value}, "a.jsonl", 3))
        assert bool(messages) != bool(problems)
        for problem in problems:
            assert (problem.path, problem.line) == ("a.jsonl", 3)
            assert problem.field.startswith(key)


@pytest.mark.parametrize("name", list(FORMATS))
def test_half_characters_are_told(name: str) -> None:
    """A lone surrogate can be read from JSON, and no tokenizer takes it."""
    text = json.dumps(FORMATS[name].sample).replace("Good morning", "Good \\ud83d morning")
    _, problems = FORMATS[name].convert(Row(json.loads(text), "a.jsonl", 1))
    assert [problem.code for problem in problems] == ["lone_surrogate"] * len(problems)
    assert problems
