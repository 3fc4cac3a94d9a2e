"""`rehearse`: the whole journey in small, on the user's own configuration, without a trace in the project."""

import json
from pathlib import Path
from typing import Any

from llm_finetune.study.rehearse import STAGES


def files_of(project: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def test_all_stages_pass_and_the_project_is_untouched(make_project: Any, cli: Any) -> None:
    project = make_project()
    before = files_of(project)
    outcome = cli("rehearse", "--project", project, "--json")
    assert outcome.code == 0, outcome.err
    report = outcome.json()
    assert report["passed"] is True
    assert [stage["stage"] for stage in report["stages"]] == list(STAGES)
    details = {stage["stage"]: stage["detail"] for stage in report["stages"]}
    assert "bit for bit" in details["resume"]
    assert "4 steps" in details["train"]
    assert outcome.err.count("✓") == len(STAGES)
    assert files_of(project) == before


def test_full_fine_tuning_skips_the_merge(make_project: Any, cli: Any) -> None:
    outcome = cli("rehearse", "--project", make_project(method__adapter="none", data__validation="none"))
    assert outcome.code == 0, outcome.err
    assert "cannot be merged" in outcome.err
    assert "no rows are held out" in outcome.err


def test_it_stops_at_the_first_stage_that_fails(make_project: Any, cli: Any) -> None:
    rows = [{"instruction": "a", "output": "b"}, {"instruction": "c"}]
    outcome = cli("rehearse", "--project", make_project(rows=rows))
    assert outcome.code == 2
    assert "✓ Little model" in outcome.err
    assert "✗ Rows" in outcome.err
    assert "data/train.jsonl:2" in outcome.err
    assert "Train" not in outcome.err


def test_a_method_that_does_not_fit_the_model_fails_as_it_would_in_the_run(make_project: Any, cli: Any) -> None:
    outcome = cli("rehearse", "--project", make_project(adapter={"target_modules": ["c_attn"]}), "--json")
    assert outcome.code == 2
    stages = json.loads(outcome.out)["stages"]
    assert stages[-1]["stage"] == "train"
    assert "c_attn" in stages[-1]["error"]
    assert "q_proj" in stages[-1]["error"]
