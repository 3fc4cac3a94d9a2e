"""What is done to the data is told, from the check to the trained rows."""

import json
import subprocess
import sys
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


def test_results_are_never_written_over_what_is_read(make_project: Any, cli: Any, tmp_path: Path) -> None:
    project = make_project(data__validation="data/held.jsonl")
    held = write_rows(project / "data" / "held.jsonl", number_rows(3))
    train, config = project / "data" / "train.jsonl", project / "config" / "finetune.yaml"
    before = {path: path.read_bytes() for path in (train, held, config)}
    prompts = write_rows(tmp_path / "prompts.jsonl", number_rows(1))
    calls: list[tuple[Any, ...]] = [
        *(("check", "--no-tokens", "--write-clean", path, "--project", project) for path in before),
        *(("preview", "--html", path, "--project", project) for path in before),
        ("preview", train, "--html", train),
        ("check", held, f"data.validation={train}", "--no-tokens", "--write-clean", train),
        ("generate", "--input", prompts, "--output", prompts, "--project", project),
    ]
    for call in calls:
        outcome = cli(*call)
        assert outcome.code == 2, call
        assert "would be written over" in outcome.err
    assert {path: path.read_bytes() for path in before} == before
    folder = cli("preview", "--html", tmp_path, "--project", project)
    assert folder.code == 2
    assert f"{tmp_path}: --html: this is a folder" in folder.err


def test_rows_of_one_line_are_kept_and_removed_apart(make_project: Any, cli: Any, tmp_path: Path) -> None:
    """A whole array on one line: every row begins at line 1."""
    rows = [*number_rows(2), {"instruction": "long", "output": "word " * 300}, *number_rows(4)[2:]]
    project = make_project(data__max_length=64, data__train="data/a.json", data__validation="none")
    (project / "data" / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    cli("check", "--write-clean", tmp_path / "clean.jsonl", "--project", project)
    assert lines_of(tmp_path / "clean.jsonl") == [*rows[:2], *rows[3:]]
    assert len(cli("preview", "--json", "--line", 1, "--rows", 9, "--project", project).json()) == 5


def test_a_grouping_column_that_is_not_there_is_told(make_project: Any, cli: Any) -> None:
    rows = [{**row, "doc": None if n < 6 else "x"} for n, row in enumerate(number_rows(10))]
    project = make_project(rows=rows, data__group_by="document", data__validation=0.3)
    outcome = cli("check", "--no-tokens", "--json", "--project", project).json()
    assert [(fault["code"], fault["field"]) for fault in outcome["errors"]] == [("absent_column", "data.group_by")]
    found = cli("check", "--json", "--project", project, "data.group_by=doc").json()
    assert (found["split"]["groups"], found["split"]["largest_group"]) == (7, 4)


def test_a_validation_file_without_a_usable_row_is_no_silence(make_project: Any, cli: Any) -> None:
    project = make_project(data__validation="data/held.jsonl", data__on_bad_rows="drop")
    write_rows(project / "data" / "held.jsonl", [BAD])
    for verb in (["check"], ["check", "--no-tokens"], ["train"]):
        outcome = cli(*verb, "--project", project)
        assert outcome.code == 2
        assert "no row of the validation file can be used" in outcome.out + outcome.err


def test_overlap_is_seen_without_tokens_too(make_project: Any, cli: Any) -> None:
    project = make_project(data__validation="data/held.jsonl")
    write_rows(project / "data" / "held.jsonl", number_rows(2))
    found = cli("check", "--no-tokens", "--json", "--project", project).json()
    assert found["validation_overlap"]["rows"] == 2


def test_one_file_with_two_weights_is_refused(make_project: Any, cli: Any) -> None:
    sources = [
        {"path": "data/train.jsonl", "weight": weight, "columns": {"output": column}}
        for weight, column in ((3, "output"), (1, "instruction"))
    ]
    outcome = cli("check", "--project", make_project(data__train=sources))
    assert outcome.code == 2
    assert "different weights" in outcome.out


LOOKS = """
import sys
from llm_finetune import workflow
opened = workflow.open_project(sys.argv[1])
workflow.check(opened)
workflow.preview(opened)
workflow.stats(opened)
print("torch" in sys.modules)
"""


def test_looking_at_data_loads_no_torch(make_project: Any) -> None:
    """It is most of a second and a quarter of a gigabyte that tokens do not need."""
    command = [sys.executable, "-c", LOOKS, str(make_project())]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
