"""`plan` beside the run that it foretells."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

LONG = "a long question about item "


@pytest.fixture
def project(make_project: Any) -> Path:
    rows = [{"instruction": f"{LONG * (n % 4)}{n}?", "output": "yes " * (1 + n % 3)} for n in range(14)]
    made: Path = make_project(rows=rows, training__num_train_epochs=2, data__validation=0.2)
    return made


def test_tokens_steps_and_parameters_are_those_of_the_run(project: Path, cli: Any) -> None:
    outcome = cli("plan", "--json", "--project", project)
    assert outcome.code == 0, outcome.err
    plan = outcome.json()
    assert plan["fits"]
    run = cli("train", "--json", "--quiet", "--project", project).json()
    assert plan["steps"]["tokens"] == run["tokens"]
    assert plan["steps"]["steps"] == run["done_steps"]
    assert plan["parameters"] == run["parameters"]
    memory = plan["memory"]
    assert memory["total"] >= memory["step"] > memory["process"] > 0
    names = {choice["what"] for choice in plan["choices"]}
    assert {"device", "model.dtype", "training.gradient_checkpointing", "model.chat_template"} <= names
    assert all(choice["reason"] and choice["value"] for choice in plan["choices"])


def test_weights_are_not_loaded(project: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_finetune.model import load

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr(load, "load_model", fail)
    for overrides in ([], ["method.adapter=none"], ["model.quantization=int8"]):
        assert cli("plan", "--quiet", "--project", project, *overrides).code == 0


def test_forecast_and_fact_stand_in_the_run_where_a_plan_was_made_for_it(project: Path, cli: Any) -> None:
    assert cli("plan", "--quiet", "--project", project).code == 0
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "peak memory: forecast" in outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    assert run["forecast"]["fact"] == {"memory_bytes": run["peak_memory_bytes"], "seconds": run["seconds"]}
    forecast, fact = run["forecast"]["formula_memory_bytes"], run["peak_memory_bytes"]
    assert run["forecast"]["error"]["formula_memory_bytes"] == round(forecast / fact - 1, 4)
    again = cli("train", "--fresh", "--quiet", "--json", "--project", project, "training.learning_rate=0.02").json()
    assert again["forecast"] == {}


def test_what_does_not_fit_ends_with_1_and_what_to_change(project: Path, cli: Any) -> None:
    outcome = cli("plan", "--project", project, "--memory", "100MB")
    assert outcome.code == 1
    assert "It does not fit" in outcome.out
    assert "training.gradient_checkpointing" in outcome.out
    assert "larger machine" in outcome.out
    plan = cli(
        "plan", "--json", "--project", project, "--memory", "100MB", "training.gradient_checkpointing=false"
    ).json()
    assert plan["changes"][0]["setting"] == "training.gradient_checkpointing=true"
    totals = [change["total_bytes"] for change in plan["changes"]]
    assert totals == sorted(totals, reverse=True)
    assert plan["machine"] == {"kind": "named", "total_bytes": 100_000_000, "free_bytes": 100_000_000, "limit": ""}


def test_a_full_disk_does_not_fit_either(project: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_finetune.plan import disk

    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    outcome = cli("plan", "--project", project)
    assert outcome.code == 1
    assert "The disk has no room" in outcome.out


def test_a_size_that_is_none_is_misuse(project: Path, cli: Any) -> None:
    outcome = cli("plan", "--project", project, "--memory", "lots")
    assert outcome.code == 2
    assert "--memory" in outcome.err


def test_it_speaks_chinese(project: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_FINETUNE_LANG", "zh-TW")
    outcome = cli("plan", "--project", project)
    assert outcome.code == 0
    assert "最佳化器狀態" in outcome.out
    assert "放得下" in outcome.out


@pytest.mark.parametrize(("free_bytes", "is_on"), [(10**15, False), (10**6, True)])
def test_automatic_checkpointing_follows_the_memory(
    free_bytes: int, is_on: bool, project: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_finetune.plan import machine

    real = machine.this_machine
    monkeypatch.setattr(machine, "this_machine", lambda device: replace(real(device), free_bytes=free_bytes))
    plan = cli("plan", "--json", "--project", project).json()
    run = cli("train", "--quiet", "--json", "--project", project, "training.max_steps=2").json()
    assert plan["memory"]["recomputes"] == run["gradient_checkpointing"]["on"] == is_on
    assert ("free" in run["gradient_checkpointing"]["reason"]) == is_on


def test_measuring_runs_steps_elsewhere_and_leaves_the_project_as_it_was(project: Path, cli: Any) -> None:
    outcome = cli("plan", "--json", "--measure", "--project", project, "training.gradient_accumulation_steps=2")
    assert outcome.code == 0, outcome.err
    measured = outcome.json()["measured"]
    assert measured["steps_run"] == 6
    assert measured["seconds"] > 0
    assert measured["seconds_per_step"] > 0
    assert measured["peak_bytes"] > 100_000_000
    assert not (project / "checkpoints").exists()
    assert not (project / "logs" / "run.json").exists()
    assert sorted(path.name for path in (project / ".cache").iterdir()) == ["plan.json", "tokens"]


def test_a_trial_that_fails_says_why(project: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_finetune.workflow import measuring

    monkeypatch.setattr(measuring, "_CODE", "raise SystemExit('out of luck')")
    outcome = cli("plan", "--measure", "--project", project)
    assert outcome.code == 1
    assert "out of luck" in outcome.err
