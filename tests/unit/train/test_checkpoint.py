"""Checkpoints on disk: found, verified, chosen, rotated; and state that survives without pickle."""

import json
import random
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from llm_finetune import files
from llm_finetune.project import Project
from llm_finetune.train import checkpoint as checkpoints
from llm_finetune.train import state_files
from llm_finetune.train.arguments import planned_steps
from llm_finetune.train.events import RunLog
from llm_finetune.train.identity import FREE_KEYS, Identity, differences, step_keys
from llm_finetune.train.settings import CheckedTrainingSettings, TrainingSettings


def write_checkpoint(project: Project, step: int, loss: float | None = None) -> Path:
    history = [] if loss is None else [{"step": step, "eval_loss": loss}]
    with files.staged_folder(project.checkpoint(step), {"step": step}) as staging:
        files.write_json(staging / checkpoints.TRAINER_STATE, {"log_history": history})
        (staging / "adapter_model.safetensors").write_bytes(b"w%d" % step)
        (staging / "optimizer.safetensors").write_bytes(b"o")
        (staging / "random-0.json").write_text("{}")
    return project.checkpoint(step)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.at(tmp_path)


def test_newest_passes_over_what_does_not_verify(project: Project) -> None:
    assert checkpoints.newest(project) == (None, [])
    for step in (5, 10, 20):
        write_checkpoint(project, step)
    (project.checkpoint(20) / "adapter_model.safetensors").unlink()
    (project.checkpoints / "checkpoint-x").mkdir()
    found, passed_over = checkpoints.newest(project)
    assert found is not None
    assert found.step == 10
    assert [step for step, _ in passed_over] == [20]


def test_best_is_the_lowest_measured_loss(project: Project) -> None:
    for step, loss in ((5, 1.0), (10, 0.5), (15, 0.7), (20, None)):
        write_checkpoint(project, step, loss)
    found = checkpoints.best(project)
    assert found is not None
    assert found.step == 10


def test_without_losses_the_newest_is_best(project: Project) -> None:
    write_checkpoint(project, 5)
    write_checkpoint(project, 10)
    found = checkpoints.best(project)
    assert found is not None
    assert found.step == 10


@pytest.mark.parametrize(
    ("limit", "protected", "left"),
    [
        (1, [], [20, 25]),
        (3, [], [15, 20, 25]),
        (1, [5], [5, 20, 25]),
        (None, [], [5, 10, 15, 20, 25]),
        (9, [], [5, 10, 15, 20, 25]),
    ],
)
def test_rotation_keeps_two_and_the_protected(
    project: Project, limit: int | None, protected: list[int], left: list[int]
) -> None:
    for step in (5, 10, 15, 20, 25):
        write_checkpoint(project, step)
    checkpoints.rotate(project, limit, protected)
    assert checkpoints.steps_on_disk(project) == left


def test_delivered_folder_has_no_state(project: Project) -> None:
    write_checkpoint(project, 5, 1.0)
    found = checkpoints.best(project)
    assert found is not None
    checkpoints.deliver(found, project.adapter)
    assert {path.name for path in project.adapter.iterdir()} == {"adapter_model.safetensors", "manifest.json"}
    assert files.manifest_fault(project.adapter) is None


@pytest.mark.parametrize("name", ["AdamW", "SGD", "Adafactor"])
def test_optimizer_state_survives(tmp_path: Path, name: str) -> None:
    def stepped(optimizer: Any, weight: torch.nn.Parameter, times: int) -> None:
        for n in range(times):
            weight.grad = torch.full_like(weight, 0.1 * (n + 1))
            optimizer.step()

    def make() -> tuple[torch.nn.Parameter, Any]:
        weight = torch.nn.Parameter(torch.ones(3, 2))
        extra = {"momentum": 0.9} if name == "SGD" else {}
        return weight, getattr(torch.optim, name)([weight], lr=0.1, **extra)

    weight, optimizer = make()
    stepped(optimizer, weight, 3)
    state_files.write_optimizer(tmp_path, optimizer.state_dict())
    again, other = make()
    again.data.copy_(weight.data)
    other.load_state_dict(state_files.read_optimizer(tmp_path))
    stepped(optimizer, weight, 2)
    stepped(other, again, 2)
    assert torch.equal(weight, again)


def test_random_state_survives(tmp_path: Path) -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(numpy.random.rand()), float(torch.rand(1))

    state_files.write_random_states(tmp_path, [state_files.random_state()])
    first = draw()
    state_files.restore_random_state(state_files.read_random_state(tmp_path, 0))
    assert draw() == first


def test_differences_are_named() -> None:
    old = Identity("a", "d", {"r": 4}, {"seed": 1, "optim": "x"}, "float32", 1)
    new = Identity("a", "e", {"r": 8}, {"seed": 1}, "float32", 1)
    found = differences(json.loads(json.dumps(old.as_dict())), new)
    assert found == [("data", "d", "e"), ("method.r", 4, 8), ("training.optim", "x", None)]
    assert differences(old.as_dict(), old) == []


def test_free_keys_are_training_keys() -> None:
    assert set(CheckedTrainingSettings.model_fields) >= FREE_KEYS
    assert "learning_rate" in step_keys(TrainingSettings().model_dump())
    assert "num_train_epochs" not in step_keys(TrainingSettings().model_dump())


@pytest.mark.parametrize(
    ("rows", "batch", "accumulation", "epochs", "steps"),
    [(9, 2, 2, 3, 9), (3, 8, 4, 2, 2), (10, 2, 1, 1.5, 8), (1, 1, 1, 1, 1), (16, 4, 2, 2, 4)],
)
def test_planned_steps(rows: int, batch: int, accumulation: int, epochs: float, steps: int) -> None:
    settings = TrainingSettings(
        per_device_train_batch_size=batch, gradient_accumulation_steps=accumulation, num_train_epochs=epochs
    )
    assert planned_steps(rows, settings, 1) == steps
    assert planned_steps(rows, TrainingSettings(max_steps=7), 1) == 7


def test_log_forgets_steps_to_be_taken_again(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "training.log", tmp_path / "metrics.jsonl")
    for step in (1, 2, 3):
        log.metric({"step": step, "loss": float("nan") if step == 1 else 0.5, "other": 1})
    with (tmp_path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 4, "lo')
    log.forget_after(2)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert rows == [{"step": 1, "loss": "nan"}, {"step": 2, "loss": 0.5}]
