"""Field cases D01–D06 and E01: data files as people really have them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import Checked, CheckReport, check_sources
from llm_finetune.data.encode import encode_conversations
from llm_finetune.data.rows import Conversation, Source
from llm_finetune.data.settings import DataSettings

Input = Callable[[str], Path]


def both(*paths: Path, **settings: Any) -> Checked:
    return check_sources([Source(path, path.name) for path in paths], DataSettings(**settings))


def checked(*paths: Path, **settings: Any) -> CheckReport:
    return both(*paths, **settings).report


def kept(*paths: Path, **settings: Any) -> tuple[Conversation, ...]:
    return both(*paths, **settings).conversations


def places(report: CheckReport) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.field, problem.code) for problem in report.errors]


def test_d01_byte_order_mark_and_crlf(field_input: Input, real_text_model: Any) -> None:
    windows, rows = checked(field_input("D01.jsonl")), kept(field_input("D01.jsonl"))
    assert (windows.read, windows.kept, windows.errors) == (3, 3, ())
    assert [problem.code for problem in windows.warnings] == ["byte_order_mark"]
    tokens = [
        encode_conversations(side, real_text_model, DataSettings())
        for side in (rows, kept(field_input("D01-clean.jsonl")))
    ]
    assert [example.input_ids for example in tokens[0].examples] == [
        example.input_ids for example in tokens[1].examples
    ]
    assert not any(str(turn["content"]).endswith("\r") for row in rows for turn in row.messages)


def test_d02_every_broken_line_is_told_with_place_and_hint(field_input: Input, cli: Any) -> None:
    report = checked(field_input("D02.jsonl"))
    assert (report.kept, report.dropped) == (3, 3)
    assert [problem.line for problem in report.errors] == [4, 5, 7]
    texts = [str(problem) for problem in report.errors]
    assert texts[0].startswith("D02.jsonl:4: column 67:")
    assert "Remove the comma" in texts[0]
    assert "not finished" in texts[1]
    assert "double quotes" in texts[2]
    assert cli("check", field_input("D02.jsonl")).code == 2


@pytest.mark.parametrize("name", ["D03a.jsonl", "D03b.json", "D03c.jsonl"])
def test_d03_content_decides(field_input: Input, name: str) -> None:
    report = checked(field_input(name))
    assert (report.read, report.kept, report.errors) == (3, 3, ())


def test_d03_lines_of_an_array_and_of_spread_objects_are_physical(field_input: Input) -> None:
    for name in ("D03a.jsonl", "D03c.jsonl"):
        lines = field_input(name).read_text(encoding="utf-8").split("\n")
        for row in kept(field_input(name)):
            assert "{" in lines[row.line - 1]


def test_d04_values_that_are_not_text(field_input: Input) -> None:
    report = checked(field_input("D04.jsonl"))
    assert places(report) == [(line, "output", "not_text") for line in (1, 2, 3, 4, 5)]
    for kind, problem in zip(("number", "boolean", "number", "object", "array"), report.errors, strict=True):
        assert kind in problem.message
    assert report.kept == 1


def test_d05_null_missing_empty_and_blank_are_four_different_things(field_input: Input) -> None:
    report = checked(field_input("D05.jsonl"))
    lines = field_input("D05.jsonl").read_text(encoding="utf-8").split("\n")
    assert places(report) == [
        (2, "output", "null_field"),
        (3, "output", "missing_field"),
        (4, "output", "empty_field"),
        (5, "output", "blank_field"),
        (6, "instruction", "null_field"),
    ]
    assert [row.line for row in kept(field_input("D05.jsonl"))] == [1, 7]
    for row in kept(field_input("D05.jsonl")):
        assert row.prompt[0]["content"] == json.loads(lines[row.line - 1])["instruction"]
    assert [problem.line for problem in checked(field_input("D05m.jsonl")).errors] == [1, 2]


@pytest.mark.parametrize("name", ["D05-empty.jsonl", "D05-blank.jsonl"])
def test_d05_empty_files(field_input: Input, cli: Any, name: str) -> None:
    outcome = cli("check", field_input(name))
    assert outcome.code == 2
    assert "0 records" in outcome.out


def test_d06_files_with_other_extra_columns_go_together(field_input: Input) -> None:
    report = checked(field_input("D06a.jsonl"), field_input("D06b.jsonl"))
    assert (report.kept, report.errors) == (4, ())
    listed = " ".join(str(problem) for problem in report.warnings)
    assert all(name in listed for name in ("id", "score", "tags"))


def test_d06_misnamed_columns_name_the_nearest_key(field_input: Input, cli: Any) -> None:
    """Line 3, `question` and `answer`, is a layout of its own."""
    report = checked(field_input("D06c.jsonl"))
    texts = [str(problem) for problem in report.errors]
    assert [problem.line for problem in report.errors] == [1, 2]
    assert "'Instruction', 'Output'" in texts[0]
    assert "'Instruction' meant as 'instruction'" in texts[0]
    assert "'Output' meant as 'output'" in texts[0]
    assert "'prompt ' meant as 'prompt'" in texts[1]
    assert (report.kept, report.dropped_by) == (1, {"unknown_layout": 1, "missing_field": 1})
    assert cli("check", field_input("D06c.jsonl")).code == 2


def test_e01_big5_is_named(field_input: Input) -> None:
    report = checked(field_input("E01-big5.jsonl"))
    assert [problem.line for problem in report.errors] == [1, 2]
    assert "cp950" in str(report.errors[0])
    assert "byte 18" in str(report.errors[0])


EVERY_VERB = """
import sys
from llm_finetune.cli.app import main
project, prompts = sys.argv[1:]
for words in (
    ["check"], ["preview", "--json"], ["preview"], ["train"], ["evaluate", "evaluation.max_new_tokens=4"],
    ["generate", "--input", prompts, "--max-new-tokens", "4"], ["runs"], ["push", "me/mine", "--dry-run"],
):
    sys.argv = ["llm-finetune", *words, "--project", project]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (words, end.code)
"""


def test_e01_a_console_in_cp950_gets_every_verb(field_input: Input, make_project: Any, tmp_path: Path) -> None:
    """Reports stay UTF-8; what the console cannot show is replaced on screen only."""
    console = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "PYTHONIOENCODING": "cp950"}
    project = make_project(training__max_steps=2)
    (project / "data" / "train.jsonl").write_bytes(field_input("E01.jsonl").read_bytes())
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("你好 🙂\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", EVERY_VERB, str(project), str(prompts)],
        capture_output=True,
        timeout=250,
        env={**os.environ, **console},
    )
    assert done.returncode == 0, done.stderr.decode("cp950", "replace")
    rows = [json.loads(line) for line in (project / "data" / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    outputs = (project / "logs" / "outputs.jsonl").read_text(encoding="utf-8")
    assert any(json.loads(line)["reference"] == row["output"] for line in outputs.splitlines() for row in rows)
