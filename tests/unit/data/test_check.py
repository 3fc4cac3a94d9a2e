"""Rows stream through the check, counted, with what is wrong told once."""

import json
from pathlib import Path
from typing import Any

from llm_finetune.data.check import check_sources
from llm_finetune.data.findings import KEPT_OF_A_KIND
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings

GOOD = {"instruction": "a", "output": "b"}


def source_of(path: Path, *rows: Any) -> Source:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return Source(path, path.name)


def test_a_row_of_another_format_than_asked_for_is_named(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", GOOD, {"messages": []})
    (fault,) = check_sources([source], DataSettings(format="alpaca")).report.errors
    assert (fault.code, fault.line) == ("other_layout", 2)
    assert "`messages`" in fault.message


def test_of_many_faults_few_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", *[{"instruction": "a"}] * (KEPT_OF_A_KIND + 20), GOOD)
    report = check_sources([source], DataSettings()).report
    assert len(report.errors) == KEPT_OF_A_KIND
    assert report.counts["missing_field"] == report.dropped == KEPT_OF_A_KIND + 20
    assert (report.read, report.kept) == (KEPT_OF_A_KIND + 21, 1)


def test_dropped_rows_are_told_and_stop_nothing(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.jsonl", {"instruction": "a"}, GOOD, {"instruction": "a", "output": None})
    report = check_sources([source], DataSettings(on_bad_rows="drop")).report
    assert report.errors == ()
    assert report.dropped_by == {"missing_field": 1, "null_field": 1}
    assert [fault.code for fault in report.warnings] == ["missing_field", "null_field"]


def test_a_file_that_cannot_be_read_stops_even_where_rows_may_be_dropped(tmp_path: Path) -> None:
    report = check_sources([Source(tmp_path / "absent", "absent")], DataSettings(on_bad_rows="drop")).report
    assert [fault.code for fault in report.errors] == ["missing_file"]


def test_formats_are_counted_and_a_mixture_is_told(tmp_path: Path) -> None:
    report = check_sources([source_of(tmp_path / "a.jsonl", GOOD, {"text": "t"}, GOOD)], DataSettings()).report
    assert report.formats == {"alpaca": 2, "text": 1}
    assert [fault.code for fault in report.warnings] == ["mixed_formats"]


def test_the_columns_of_a_source_are_its_own(tmp_path: Path) -> None:
    first = source_of(tmp_path / "a.jsonl", {"q": "a", "a": "b"})
    mapped = Source(first.path, "a.jsonl", columns={"instruction": "q", "output": "a"})
    checked = check_sources([mapped, source_of(tmp_path / "b.jsonl", GOOD)], DataSettings())
    assert [row.messages[0]["content"] for row in checked.conversations] == ["a", "a"]
    assert checked.report.errors == ()


def test_a_column_is_absent_only_if_no_source_has_it(tmp_path: Path) -> None:
    """Columns of the settings hold for all sources together, those of a source for it alone."""
    first = source_of(tmp_path / "a.jsonl", {"q": "a", "output": "b", "doc": 1})
    second = source_of(tmp_path / "b.jsonl", GOOD)
    shared = DataSettings(columns={"instruction": "q"}, group_by="doc")
    assert check_sources([first, second], shared).report.errors == ()
    own = Source(second.path, "b.jsonl", columns={"instruction": "q"})
    (fault,) = check_sources([first, own], DataSettings(columns={"instruction": "q"})).report.errors
    assert (fault.code, fault.path, fault.field) == ("absent_column", "b.jsonl", "data.columns.instruction")
    absent = check_sources([first, second], DataSettings(columns={"system": "s"}, group_by="d")).report.errors
    assert [(fault.path, fault.field) for fault in absent if fault.code == "absent_column"] == [
        ("", "data.columns.system"),
        ("", "data.group_by"),
    ]


def test_a_column_that_every_source_names_itself_is_not_looked_for(tmp_path: Path) -> None:
    own = Source(
        source_of(tmp_path / "a.jsonl", {"q": "a", "output": "b"}).path, "a.jsonl", columns={"instruction": "q"}
    )
    assert check_sources([own], DataSettings(columns={"instruction": "elsewhere"})).report.errors == ()
