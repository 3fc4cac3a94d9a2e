"""Field case D11: duplicates, near duplicates, conflicting answers, and validation rows that are trained on."""

from collections.abc import Callable
from pathlib import Path

from llm_finetune.data.check import check_sources
from llm_finetune.data.content import ContentCheck, ContentReport, Side
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings

Input = Callable[[str], Path]


def content(field_input: Input) -> ContentReport:
    settings = DataSettings()
    check = ContentCheck(settings)
    files: tuple[tuple[str, Side], ...] = (("D11.jsonl", "train"), ("D11-eval.jsonl", "validation"))
    for name, side in files:
        for row in check_sources([Source(field_input(name), name)], settings).conversations:
            check.add(row, side)
    return check.finish()


def lines(report: ContentReport, code: str) -> list[tuple[str, int, str]]:
    return [(problem.path, problem.line, problem.message) for problem in report.warnings if problem.code == code]


def test_d11_exact_duplicate(field_input: Input) -> None:
    (found,) = lines(content(field_input), "duplicate_row")
    assert found[:2] == ("D11.jsonl", 7)
    assert "D11.jsonl:2" in found[2]


def test_d11_near_duplicate_and_no_false_alarm(field_input: Input) -> None:
    report = content(field_input)
    (found,) = lines(report, "near_duplicate")
    assert found[:2] == ("D11.jsonl", 10)
    assert "D11.jsonl:5" in found[2]
    assert lines(report, "validation_near_overlap") == []


def test_d11_conflicting_answers(field_input: Input) -> None:
    (found,) = lines(content(field_input), "conflicting_answers")
    assert found[:2] == ("D11.jsonl", 9)
    assert "D11.jsonl:3" in found[2]


def test_d11_overlap(field_input: Input) -> None:
    (found,) = lines(content(field_input), "validation_overlap")
    assert found[:2] == ("D11-eval.jsonl", 2)
    assert "validation line 2 = train line 4" in found[2]


def test_d11_nothing_else_is_told(field_input: Input) -> None:
    assert set(content(field_input).counts) == {
        "duplicate_row",
        "near_duplicate",
        "conflicting_answers",
        "validation_overlap",
    }
