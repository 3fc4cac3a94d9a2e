"""Equal runs give equal bits; a run cut in two gives the same bits as a whole one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


def adapter_bytes(project: Path) -> bytes:
    return (project / "checkpoints" / "adapter_model" / "adapter_model.safetensors").read_bytes()


def losses(project: Path) -> list[tuple[int, float]]:
    rows = [json.loads(line) for line in (project / "logs" / "metrics.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"]) for row in rows if "loss" in row]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_same_seed_same_bits_and_other_seed_other_bits(make_project: Any, cli: Any, dtype: str) -> None:
    projects = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        project = make_project(name, model__dtype=dtype, training__seed=seed)
        assert cli("train", "--project", project).code == 0
        projects.append(project)
    one, two, three = map(adapter_bytes, projects)
    assert one == two
    assert one != three
    assert losses(projects[0]) == losses(projects[1])


def interrupt(project: Path, number: int, after_step: int) -> subprocess.CompletedProcess[str]:
    """Start `train`, and send the signal once a step has been logged."""
    command = [sys.executable, "-m", "llm_finetune", "train", "--project", str(project)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as running:
        metrics = project / "logs" / "metrics.jsonl"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and running.poll() is None:
            if metrics.is_file() and metrics.read_text().count('"loss"') >= after_step:
                running.send_signal(number)
                break
            time.sleep(0.005)
        out, err = running.communicate(timeout=120)
        return subprocess.CompletedProcess(command, running.returncode, out, err)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_and_resumed_is_uninterrupted(make_project: Any, cli: Any, number: int, code: int) -> None:
    settings: dict[str, Any] = {
        "rows": [{"instruction": f"Item {n}?", "output": f"Value {n}" * (1 + n % 7)} for n in range(60)],
        "training__num_train_epochs": 4,
        "training__gradient_accumulation_steps": 2,
    }
    whole, cut = make_project("whole", **settings), make_project("cut", **settings)
    assert cli("train", "--project", whole).code == 0
    done = interrupt(cut, number, after_step=20)
    assert done.returncode == code, done.stderr
    assert "Run the same command (without --fresh) to go on" in done.stderr
    run = json.loads((cut / "logs" / "run.json").read_text())
    assert run["status"] == "interrupted"
    assert 20 <= run["done_steps"] < run["planned_steps"]
    outcome = cli("train", "--project", cut)
    assert outcome.code == 0, outcome.err
    assert f"going on from checkpoint-{run['done_steps']}" in outcome.err
    assert adapter_bytes(cut) == adapter_bytes(whole)
    assert [step for step, _ in losses(cut)] == [step for step, _ in losses(whole)]
    assert losses(cut) == losses(whole)
    finished = json.loads((cut / "logs" / "run.json").read_text())
    unbroken = json.loads((whole / "logs" / "run.json").read_text())
    assert finished["tokens"] == unbroken["tokens"]
    assert finished["eval_losses"] == unbroken["eval_losses"]


def test_a_damaged_newest_checkpoint_is_passed_over(make_project: Any, cli: Any) -> None:
    whole, damaged = make_project("whole"), make_project("damaged")
    assert cli("train", "--project", whole).code == 0
    assert cli("train", "--project", damaged).code == 0
    weights = damaged / "checkpoints" / "checkpoint-12" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    (damaged / "checkpoints" / "adapter_model" / "adapter_model.safetensors").unlink()
    run = json.loads((damaged / "logs" / "run.json").read_text())
    (damaged / "logs" / "run.json").write_text(json.dumps({**run, "status": "running"}))
    outcome = cli("train", "--project", damaged)
    assert outcome.code == 0, outcome.err
    assert "checkpoint-12 is not used" in outcome.err
    assert "going on from checkpoint-6" in outcome.err
    assert adapter_bytes(damaged) == adapter_bytes(whole)


def test_the_best_checkpoint_is_delivered(make_project: Any, cli: Any) -> None:
    """With a learning rate that ruins the model later, an early checkpoint wins and survives rotation."""
    project = make_project(
        rows=[{"instruction": f"Item {n}?", "output": "Value"} for n in range(12)],
        training__num_train_epochs=6,
        training__learning_rate=0.05,
        training__lr_scheduler_type="constant",
        training__save_total_limit=2,
    )
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    best = min(run["eval_losses"], key=lambda entry: entry["loss"])
    assert run["delivered"]["step"] == best["step"]
    assert f"checkpoint-{best['step']}" in outcome.out
    kept = {int(path.name.removeprefix("checkpoint-")) for path in (project / "checkpoints").glob("checkpoint-*")}
    assert best["step"] in kept
    assert run["planned_steps"] in kept
    assert len(kept) <= 3
    measured = cli("evaluate", "--json", "--project", project, "evaluation.max_new_tokens=2").json()
    loss = next(row["tuned"] for row in measured["rows"] if row["metric"] == "validation_loss")
    assert loss == pytest.approx(best["loss"], rel=1e-4)


def test_early_stopping_ends_before_the_plan(make_project: Any, cli: Any) -> None:
    project = make_project(
        rows=[{"instruction": f"Item {n}?", "output": "Value"} for n in range(12)],
        training__num_train_epochs=30,
        training__learning_rate=0.2,
        training__lr_scheduler_type="constant",
        training__early_stopping_patience=2,
    )
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    assert run["status"] == "finished"
    assert run["done_steps"] < run["planned_steps"]
    losses_by_step = [entry["loss"] for entry in run["eval_losses"]]
    assert losses_by_step.index(min(losses_by_step)) == len(losses_by_step) - 3
    assert "already complete" in cli("train", "--project", project).out


def test_every_checkpoint_is_measured_whatever_the_rhythm(make_project: Any, cli: Any) -> None:
    project = make_project(training__eval_strategy="steps", training__eval_steps=5, training__save_total_limit=None)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    assert [entry["step"] for entry in run["eval_losses"]] == [5, 6, 10, 12]
    assert run["delivered"]["step"] in {6, 12}
    assert "lowest validation loss" in outcome.out


def test_a_checkpoint_for_a_signal_alone_is_never_delivered(make_project: Any, cli: Any) -> None:
    """It may have been measured, but an unbroken run would not have it."""
    from llm_finetune import files
    from llm_finetune.project import Project
    from llm_finetune.train import checkpoint as checkpoints

    project = make_project(
        rows=[{"instruction": f"Item {n}?", "output": f"Value {n}" * (1 + n % 7)} for n in range(60)]
    )
    done = interrupt(project, signal.SIGINT, after_step=5)
    assert done.returncode == 130, done.stderr
    (step,) = checkpoints.steps_on_disk(Project.at(project))
    manifest = files.read_json(project / "checkpoints" / f"checkpoint-{step}" / "manifest.json")
    assert manifest["forced"] is True
    assert cli("train", "--project", project).code == 0
    last = files.read_json(project / "logs" / "run.json")["planned_steps"]
    regular = files.read_json(project / "checkpoints" / f"checkpoint-{last}" / "manifest.json")
    assert regular["forced"] is False
