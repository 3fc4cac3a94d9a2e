"""The rows that pass are written as they were, the others with the reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import check_sources
from llm_finetune.data.clean import record_of, write_clean
from llm_finetune.data.formats import FORMATS
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings

PAIR = {
    "prompt": [{"role": "user", "content": "a"}],
    "chosen": [{"role": "assistant", "content": "b"}],
    "rejected": [
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": "d"},
        {"role": "assistant", "content": "e"},
    ],
}
UNTRAINED = {
    "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "weight": 0},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d"},
    ]
}


def source_of(path: Path, rows: list[Any]) -> Source:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Source(path, path.name)


@pytest.mark.parametrize("row", [*(layout.sample for layout in FORMATS.values()), PAIR, UNTRAINED])
def test_the_record_of_a_conversation_reads_back_as_it(tmp_path: Path, row: dict[str, Any]) -> None:
    (conversation,) = check_sources([source_of(tmp_path / "a.jsonl", [row])], DataSettings()).conversations
    (again,) = check_sources([source_of(tmp_path / "a.jsonl", [record_of(conversation)])], DataSettings()).conversations
    assert again == conversation


def test_a_system_prompt_from_the_settings_moves_no_mark(tmp_path: Path) -> None:
    """Turns that are not learned, and the prompt of a pair, are the same ones behind a prompt put in front."""
    source = source_of(tmp_path / "a.jsonl", [UNTRAINED, PAIR])
    plain = check_sources([source], DataSettings()).conversations
    led = check_sources([source], DataSettings(system="Be brief.")).conversations
    for before, after in zip(plain, led, strict=True):
        assert [after.messages[turn] for turn in after.untrained] == [
            before.messages[turn] for turn in before.untrained
        ]
        assert after.messages[after.shared :] == before.messages[before.shared :] or not before.rejected


def test_rows_stand_as_they_were_and_removed_rows_have_a_reason(tmp_path: Path) -> None:
    good = {"instruction": "a", "output": "b", "id": 7}
    source = source_of(
        tmp_path / "a.jsonl", [good, {"instruction": "a"}, "{broken", {"instruction": "\ud83d", "output": "x"}]
    )
    settings = DataSettings(on_bad_rows="drop")
    done = write_clean([source], settings, {}, tmp_path / "clean.jsonl")
    assert (done.kept, done.removed) == (1, 3)
    assert [json.loads(line) for line in done.path.read_text(encoding="utf-8").splitlines()] == [good]
    removed = [json.loads(line) for line in done.removed_path.read_text(encoding="utf-8").splitlines()]
    assert [(row["line"], row["code"]) for row in removed] == [
        (2, "missing_field"),
        (3, "bad_json"),
        (4, "lone_surrogate"),
    ]
    assert removed[0]["row"] == {"instruction": "a"}


def test_a_repaired_row_is_written_repaired(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", ['{"instruction": "a", "output": 3.10}'])
    settings = DataSettings(repair=["text_values"])
    done = write_clean([source], settings, {}, tmp_path / "clean.jsonl")
    (record,) = [json.loads(line) for line in done.path.read_text(encoding="utf-8").splitlines()]
    assert record["messages"][-1]["content"] == "3.10"


def test_a_mapped_column_no_longer_stands_under_its_own_name(tmp_path: Path) -> None:
    """`input` that is mapped to `instruction` is not appended to it again."""
    source = source_of(tmp_path / "a.jsonl", [{"input": "a", "output": "b"}])
    (row,) = check_sources([source], DataSettings(columns={"instruction": "input"})).conversations
    assert row.messages[0]["content"] == "a"
