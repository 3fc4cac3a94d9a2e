"""What is done to the data is told, from the check to the trained rows."""

import json
from pathlib import Path
from typing import Any

from tests.conftest import number_rows, write_rows

BAD = {"instruction": "no answer"}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_sources_weights_and_dropped_rows(make_project: Any, cli: Any) -> None:
    """Bad rows are left out and counted, copies come after the split, and the split is on record."""
    project = make_project(
        data__train=[{"path": "data/a.jsonl", "weight": 2}, "data/b*.jsonl"],
        data__validation=0.25,
        data__on_bad_rows="drop",
        training__max_steps=2,
    )
    rows = number_rows(24)
    write_rows(project / "data" / "a.jsonl", [*rows[:8], BAD])
    write_rows(project / "data" / "b1.jsonl", rows[8:16])
    write_rows(project / "data" / "b2.jsonl", rows[16:])
    checked = cli("check", "--json", "--project", project).json()
    assert (checked["read"], checked["kept"], checked["dropped_by"]) == (25, 24, {"missing_field": 1})
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "1 rows left out: missing_field 1" in outcome.err
    assert "sources are weighted (data/a.jsonl x 2, data/b1.jsonl x 1, data/b2.jsonl x 1)" in outcome.err
    train, held_out = (lines_of(project / "data" / "splits" / f"{side}.jsonl") for side in ("train", "validation"))
    assert (len(train), len(held_out)) == (checked["split"]["train"], checked["split"]["validation"])
    assert not {(row["path"], row["line"]) for row in train} & {(row["path"], row["line"]) for row in held_out}
    run = json.loads((project / "logs" / "run.json").read_text(encoding="utf-8"))
    of_a = sum(row["path"] == "data/a.jsonl" for row in train)
    assert run["rows"] == {"train": len(train) + of_a, "validation": len(held_out)}


def test_an_edited_row_alone_is_encoded_again(make_project: Any, cli: Any) -> None:
    project = make_project(rows=number_rows(20), data__validation="none", training__max_steps=1)
    assert cli("train", "--project", project).code == 0
    write_rows(project / "data" / "train.jsonl", [{"instruction": "Item 1?", "output": "Other"}, *number_rows(20)[1:]])
    outcome = cli("train", "--fresh", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "19 rows were known from before, 1 are new" in outcome.err


def test_what_is_written_clean_is_clean(make_project: Any, cli: Any, tmp_path: Path) -> None:
    rows = [*number_rows(3), BAD, {"instruction": "long", "output": "word " * 300}]
    project = make_project(rows=rows, data__max_length=64)
    outcome = cli("check", "--write-clean", tmp_path / "clean.jsonl", "--project", project)
    assert outcome.code == 2
    assert lines_of(tmp_path / "clean.jsonl") == rows[:3]
    removed = lines_of(tmp_path / "clean.removed.jsonl")
    assert [(row["line"], row["code"]) for row in removed] == [(4, "missing_field"), (5, "overlong")]
    write_rows(project / "data" / "train.jsonl", lines_of(tmp_path / "clean.jsonl"))
    assert cli("check", "--project", project).code == 0
    refused = cli("check", "--write-clean", project / "data" / "train.jsonl", "--project", project)
    assert refused.code == 2
    assert "written over" in refused.err


def test_structure_alone_needs_no_model(make_project: Any, cli: Any) -> None:
    project = make_project(rows=[*number_rows(3), number_rows(3)[1]], model__name="no/such-model")
    outcome = cli("check", "--no-tokens", "--json", "--project", project)
    assert outcome.code == 0, outcome.err
    assert outcome.json()["duplicates"]["rows"] == 1
    assert "tokens" not in outcome.json()
