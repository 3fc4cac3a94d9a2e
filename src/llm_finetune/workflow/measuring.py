"""A few real steps in a process of their own, so that nothing but the run is in its peak memory.

The trial is the run itself, written elsewhere and stopped by the signal that stops any run: the same model, method,
loss, optimizer and checkpoint. Only its rows are chosen: the longest batch, then batches of typical sizes.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune import files
from llm_finetune.errors import FinetuneError, Interrupted
from llm_finetune.messages import say
from llm_finetune.project import TrialProject
from llm_finetune.workflow.counting import counted_steps, held_out_shapes
from llm_finetune.workflow.opening import Opened, open_project
from llm_finetune.workflow.preparing import Prepared
from llm_finetune.workflow.starting import with_added_rows

if TYPE_CHECKING:
    from llm_finetune.plan.measure import Trial
    from llm_finetune.plan.steps import Steps
    from llm_finetune.train.progress import Progress

TYPICAL_STEPS = 4
LONGEST_STEPS = 2
"""The optimizer's state is there from the second step on."""
MICRO_BATCHES = 2
"""Forward passes of a step at most: the second one runs beside the gradients of the first."""
HELD_OUT_BATCHES = 3
_PREFIX = "trial-"
_CODE = "from llm_finetune.workflow.measuring import main; main()"


def run_trial(opened: Opened, *, recomputes: bool) -> "Trial":
    """Run a few steps of an opened project in another process.

    Raises: FinetuneError if it fails.
    """
    from llm_finetune.plan.measure import Trial

    opened.project.trials.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=opened.project.trials, ignore_cleanup_errors=True) as folder:
        order = {
            "root": str(opened.project.root),
            "config": str(opened.project.config),
            "overrides": list(opened.overrides),
            "recomputes": recomputes,
            "folder": folder,
        }
        command = [sys.executable, "-c", _CODE]
        done = subprocess.run(command, input=json.dumps(order), capture_output=True, encoding="utf-8", check=False)
        result = Path(folder) / "trial.json"
        if done.returncode or not result.is_file():
            raise FinetuneError(_failure(done))
        return Trial.from_dict(files.read_json(result))


def _failure(done: "subprocess.CompletedProcess[str]") -> str:
    """What the process said last, or that the system ended it."""
    if done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return say("plan.trial_killed")
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return say("plan.trial_failed", what=lines[-1] if lines else done.returncode)


def main() -> None:
    """The other process: read an order on standard input, run it, write `trial.json` into its folder."""
    order = json.load(sys.stdin)
    opened = open_project(order["root"], config=order["config"], overrides=order["overrides"])
    with contextlib.redirect_stdout(sys.stderr):
        trial = _trial(opened, Path(order["folder"]), recomputes=order["recomputes"])
    files.write_json(Path(order["folder"]) / "trial.json", trial.as_dict())


@dataclass(slots=True)
class _Clock:
    """Notes when steps, measurements and the rest end, and stops the run after enough steps."""

    wanted: int
    step_ends: list[float] = field(default_factory=list)
    marks: list[float] = field(default_factory=list)

    def show(self, progress: "Progress") -> None:
        """After each step."""
        self.step_ends.append(time.monotonic())
        if len(self.step_ends) == self.wanted:
            signal.raise_signal(signal.SIGTERM)

    def mark(self, model: Any, step: int, folder: Path) -> None:
        """Around the observers of a measurement."""
        self.marks.append(time.monotonic())


def _trial(opened: Opened, folder: Path, *, recomputes: bool) -> "Trial":
    from llm_finetune.plan.measure import WARM_UP_STEPS, TimedStep, Trial
    from llm_finetune.train.progress import peak_memory_bytes
    from llm_finetune.train.run import run_training
    from llm_finetune.workflow.training import identity_of, make_job, prepare_training

    prepared = prepare_training(opened, _silent)
    opened = with_added_rows(opened, prepared.base)
    steps = counted_steps(opened, prepared)
    micro = min(opened.settings.training_settings.gradient_accumulation_steps, MICRO_BATCHES)
    chosen = _chosen(steps, micro)
    held_out = _held_out(opened, prepared)
    trial_opened = _elsewhere(opened, folder, micro=micro, steps=len(chosen), recomputes=recomputes, total=steps.steps)
    trial_prepared = replace(
        prepared, train=tuple(prepared.train[index] for batch in chosen for index in batch), validation=held_out
    )
    clock = _Clock(wanted=len(chosen))
    identity = identity_of(trial_opened, trial_prepared)
    job = make_job(trial_opened, trial_prepared, identity, None, tell=_silent, show=clock.show)
    observers = (clock.mark, *job.observers, clock.mark)
    with contextlib.suppress(Interrupted):
        run_training(replace(job, observers=observers))
    ended = time.monotonic()
    tokens = [_computed(prepared, batch, micro) for batch in chosen]
    seconds = [stop - start for start, stop in zip(clock.step_ends, clock.step_ends[1:], strict=False)]
    timed = [TimedStep(count, taken) for count, taken in zip(tokens[1:], seconds, strict=True)]
    measured = None
    answers = 0.0
    if held_out and clock.marks:
        shapes = held_out_shapes(opened, trial_prepared)
        measured = TimedStep(sum(shape.tokens for shape in shapes), clock.marks[0] - clock.step_ends[-1])
        answers = clock.marks[1] - clock.marks[0]
    return Trial(
        steps=tuple(timed[WARM_UP_STEPS - 1 :]),
        peak_bytes=_device_peak() or peak_memory_bytes(),
        evaluation=measured,
        answers_seconds=answers,
        save_seconds=ended - (clock.marks[-1] if clock.marks else clock.step_ends[-1]),
    )


def _silent(_line: str) -> None:
    """What the planning process has told already."""


def _device_peak() -> int:
    import torch

    return int(torch.cuda.max_memory_reserved()) if torch.cuda.is_available() else 0


def _chosen(steps: "Steps", micro: int) -> list[list[int]]:
    """Rows of each step to run: the longest batch, then some from all over the range of sizes.

    A step of several forward passes takes the same batch for each.
    """
    from llm_finetune.plan.steps import evenly

    most_rows = max(batch.shape.rows for batch in steps.batches)
    whole = [batch for batch in steps.batches if batch.shape.rows == most_rows]
    longest = max(whole, key=lambda batch: (batch.shape.tokens, batch.shape.logit_rows))
    batches = [longest] * LONGEST_STEPS + evenly(whole, TYPICAL_STEPS)
    return [list(batch.members) * micro for batch in batches]


def _computed(prepared: Prepared, rows: Sequence[int], micro: int) -> int:
    """Tokens computed in a step, padding included."""
    return len(rows) * max(prepared.train[index].length for index in rows)


def _held_out(opened: Opened, prepared: Prepared) -> tuple[Any, ...]:
    """The largest batch of held-out rows, and some of all lengths."""
    if not held_out_shapes(opened, prepared):
        return ()
    size = opened.settings.training_settings.per_device_eval_batch_size
    ordered = sorted(prepared.validation, key=lambda row: row.length, reverse=True)
    rest = ordered[size:]
    wanted = size * (HELD_OUT_BATCHES - 1)
    return (*ordered[:size], *rest[:: max(len(rest) // wanted, 1)][:wanted])


def _elsewhere(opened: Opened, folder: Path, *, micro: int, steps: int, recomputes: bool, total: int) -> Opened:
    """The project with a run in a folder of its own that takes its rows in order, and measures after so many steps.

    Its number of steps is that of the whole run: methods plan by it.
    """
    project = TrialProject(opened.project.root, opened.project.config, folder)
    training = opened.settings.training_settings.model_copy(
        update={
            "max_steps": total if total > steps else steps + 1,
            "gradient_accumulation_steps": micro,
            "train_sampling_strategy": "sequential",
            "gradient_checkpointing": recomputes,
            "logging_steps": 1,
            "save_strategy": "steps",
            "save_steps": 10 * (total + steps),
            "eval_strategy": "steps" if opened.settings.training_settings.evaluates_when != "no" else "no",
            "eval_steps": steps,
            "early_stopping_patience": None,
            "report_to": "none",
        }
    )
    settings = opened.settings.model_copy(update={"training": training})
    return replace(opened, project=project, settings=settings)


def sweep_trials(folder: Path) -> None:
    """Delete what trials of ended processes left."""
    for place in folder.glob(f"{_PREFIX}*"):
        if time.time() - place.stat().st_mtime > 24 * 3600 and os.access(place, os.W_OK):
            shutil.rmtree(place, ignore_errors=True)
