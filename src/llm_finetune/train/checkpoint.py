"""Checkpoints on disk: which there are, which verify, which go. Knows no model.

A checkpoint is the folder `checkpoint-<step>`, complete by construction: it is staged beside its place with a manifest
written last, and renamed. State is safetensors and JSON; nothing is pickled.
"""

import shutil
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_finetune.files import MANIFEST_NAME, discard_folder, manifest_fault, read_json, staged_folder
from llm_finetune.methods.in_training import STATE_PREFIX
from llm_finetune.project import CHECKPOINT_PREFIX, Project

FORMAT = 1
FEWEST_KEPT = 2
PROGRESS = "progress.json"
TRAINER_STATE = "trainer_state.json"
_STATE_FILES = ("optimizer.", "scheduler.", "scaler.", "random-", STATE_PREFIX, PROGRESS, TRAINER_STATE, MANIFEST_NAME)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that verified."""

    step: int
    path: Path
    facts: Mapping[str, Any]

    @property
    def trainer_state(self) -> dict[str, Any]:
        """Hugging Face's `trainer_state.json`."""
        state: dict[str, Any] = read_json(self.path / TRAINER_STATE)
        return state

    @property
    def eval_loss(self) -> float | None:
        """The validation loss measured at this step, if any."""
        rows = [row for row in self.trainer_state["log_history"] if row["step"] == self.step and "eval_loss" in row]
        return float(rows[-1]["eval_loss"]) if rows else None


def steps_on_disk(project: Project) -> list[int]:
    """Steps of all checkpoint folders, verified or not, in order."""
    if not project.checkpoints.is_dir():
        return []
    names = (entry.name.removeprefix(CHECKPOINT_PREFIX) for entry in project.checkpoints.glob(f"{CHECKPOINT_PREFIX}*"))
    return sorted(int(name) for name in names if name.isdigit())


def open_checkpoint(project: Project, step: int) -> tuple[Checkpoint | None, str]:
    """The checkpoint of a step, or None and why it cannot be used."""
    path = project.checkpoint(step)
    if fault := manifest_fault(path):
        return None, fault
    return Checkpoint(step, path, read_json(path / MANIFEST_NAME)), ""


def newest(project: Project) -> tuple[Checkpoint | None, list[tuple[int, str]]]:
    """The newest checkpoint that verifies, and the newer ones passed over with the reason."""
    passed_over: list[tuple[int, str]] = []
    for step in reversed(steps_on_disk(project)):
        checkpoint, fault = open_checkpoint(project, step)
        if checkpoint:
            return checkpoint, passed_over
        passed_over.append((step, fault))
    return None, passed_over


def best(project: Project) -> Checkpoint | None:
    """The checkpoint with the lowest validation loss; the newest one where none was measured.

    One that was written for a signal alone is no candidate: an unbroken run would not have it. One from before the
    method gave the weights their final form is one only where there are no others.
    """
    found = [checkpoint for step in steps_on_disk(project) if (checkpoint := open_checkpoint(project, step)[0])]
    regular = [checkpoint for checkpoint in found if not checkpoint.facts.get("forced")]
    regular = [checkpoint for checkpoint in regular if checkpoint.facts.get("settled", True)] or regular
    measured = [(loss, checkpoint) for checkpoint in regular if (loss := checkpoint.eval_loss) is not None]
    if measured:
        return min(measured, key=lambda pair: (pair[0], pair[1].step))[1]
    return found[-1] if found else None


def rotate(project: Project, limit: int | None, protected: Iterable[int]) -> list[int]:
    """Delete the oldest checkpoints over `limit`, never a protected one, and keep at least two. Returns what went."""
    if limit is None:
        return []
    steps = steps_on_disk(project)
    keep = set(protected) | set(steps[-max(limit, FEWEST_KEPT) :])
    surplus = len(steps) - max(limit, FEWEST_KEPT)
    gone = [step for step in steps if step not in keep][: max(surplus, 0)]
    for step in gone:
        discard_folder(project.checkpoint(step))
    return gone


def delivery(target: Path, step: int, identity: Any = None) -> AbstractContextManager[Path]:
    """A staged folder that becomes the delivered one, with the step and what the run was made from in its manifest."""
    return staged_folder(target, {"format": FORMAT, "step": step, "identity": identity})


def deliver(source: Checkpoint, target: Path) -> None:
    """Make `target` the weights, configuration and tokenizer of a checkpoint, without its state."""
    with delivery(target, source.step, source.facts.get("identity")) as staging:
        for entry in sorted(source.path.iterdir()):
            if entry.is_file() and not entry.name.startswith(_STATE_FILES):
                shutil.copyfile(entry, staging / entry.name)
