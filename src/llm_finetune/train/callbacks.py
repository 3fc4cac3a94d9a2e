"""Callbacks of the training loop: log, show, sample, stop early, stop on a signal, rotate checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.train import checkpoint as checkpoints
from llm_finetune.train.events import RunLog
from llm_finetune.train.progress import Observer, Progress, ShowProgress, Tally
from llm_finetune.train.signals import StopRequest


def eval_losses(state: TrainerState) -> list[tuple[int, float]]:
    """Step and validation loss of every measurement so far."""
    return [(row["step"], row["eval_loss"]) for row in state.log_history if "eval_loss" in row]


class LogCallback(TrainerCallback):  # type: ignore[misc]
    """Writes log lines and metrics, and hands progress to whoever shows it."""

    def __init__(self, log: RunLog, settle: Callable[[], Tally], show: ShowProgress | None) -> None:
        self._log, self._settle, self._show = log, settle, show
        self._tokens_before, self._seconds_before = 0, 0.0
        self._last: dict[str, float | None] = {"loss": None, "eval_loss": None, "tokens_per_second": None}
        self._steps_before = 0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock of the first speed figure."""
        tally = self._settle()
        self._tokens_before, self._seconds_before = tally.real, tally.elapsed()
        self._steps_before = state.global_step
        self._started_seconds = tally.elapsed()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Write one row of metrics and one line of the log."""
        logs = logs or {}
        if "train_loss" in logs:
            return
        tally = self._settle()
        row = {**logs, "step": state.global_step, "tokens": tally.real}
        if "loss" in logs:
            seconds = tally.elapsed() - self._seconds_before
            row["tokens_per_second"] = round((tally.real - self._tokens_before) / max(seconds, 1e-9), 1)
        self._log.metric(row)
        self._log.line(_readable(row, state.max_steps))
        self._last.update({key: row[key] for key in self._last if key in row})

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Keep the time of an evaluation out of the next speed figure."""
        self._restart_clock()

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Keep the time of a save out of the next speed figure."""
        self._log.line(say("train.saved", step=state.global_step))
        self._restart_clock()

    def _restart_clock(self) -> None:
        tally = self._settle()
        self._tokens_before, self._seconds_before = tally.real, tally.elapsed()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Show progress after every step."""
        if self._show is None or not state.is_world_process_zero:
            return
        done = state.global_step - self._steps_before
        seconds = self._settle().elapsed() - self._started_seconds
        left = (state.max_steps - state.global_step) * seconds / done if done else None
        self._show(Progress(state.global_step, state.max_steps, state.epoch or 0.0, seconds_left=left, **self._last))


def _readable(row: dict[str, Any], total: int) -> str:
    parts = [f"step {row['step']}/{total}"]
    forms = {"epoch": ".2f", "loss": ".4f", "penalty": ".4f", "eval_loss": ".4f", "grad_norm": ".3f"}
    for key, form in forms.items():
        if key in row:
            parts.append(f"{key} {row[key]:{form}}")
    if "learning_rate" in row:
        parts.append(f"learning_rate {row['learning_rate']:.2e}")
    if "tokens_per_second" in row:
        parts.append(f"tokens/s {row['tokens_per_second']:.0f}")
    return "  ".join(parts)


class MethodCallback(TrainerCallback):  # type: ignore[misc]
    """Calls the method when the optimizer has stepped; only then are its update and its gradients both there."""

    def __init__(self, after_optimizer: Callable[[int], None]) -> None:
        self._after_optimizer = after_optimizer

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """The library counts the step a moment later."""
        self._after_optimizer(state.global_step + 1)


class ObserverCallback(TrainerCallback):  # type: ignore[misc]
    """Calls observers after each measurement of the validation loss."""

    def __init__(self, observers: list[Observer], folder: Path) -> None:
        self._observers, self._folder = observers, folder

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        """Hand model, step and folder to each observer, in the first process only."""
        if state.is_world_process_zero:
            for observe in self._observers:
                observe(more["model"], state.global_step, self._folder)


class EarlyStoppingCallback(TrainerCallback):  # type: ignore[misc]
    """Stops when the validation loss has not improved for some measurements; its memory is the log history."""

    def __init__(self, patience: int, settled_at: int = 0) -> None:
        self._patience, self._settled_at = patience, settled_at

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Ask for the end of training if patience has run out."""
        losses = [loss for step, loss in eval_losses(state) if step >= self._settled_at]
        if losses and len(losses) - 1 - losses.index(min(losses)) >= self._patience:
            control.should_training_stop = True


class StopCallback(TrainerCallback):  # type: ignore[misc]
    """Saves and ends after the current step once a signal has come."""

    def __init__(self, request: StopRequest) -> None:
        self._request = request
        self.forced_step: int | None = None
        """The step whose checkpoint is written for the signal alone; an unbroken run does not have it."""

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Ask for a checkpoint and the end."""
        if self._request and state.global_step < state.max_steps:
            self.forced_step = None if control.should_save else state.global_step
            control.should_save = control.should_training_stop = True

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """An epoch that a signal cut short is not measured or saved as a whole one."""
        unfinished = state.global_step < state.max_steps
        if self._request and unfinished and state.epoch is not None and state.epoch != int(state.epoch):
            control.should_save = control.should_evaluate = control.should_log = False


class RotateCallback(TrainerCallback):  # type: ignore[misc]
    """Deletes old checkpoints after a new one is complete."""

    def __init__(self, project: Project, limit: int | None, settled_at: int = 0) -> None:
        self._project, self._limit, self._settled_at = project, limit, settled_at

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Keep the best, the newest, and as many as asked for."""
        if state.is_world_process_zero:
            on_disk = set(checkpoints.steps_on_disk(self._project))
            measured = [(loss, step) for step, loss in eval_losses(state) if step in on_disk]
            measured = [(loss, step) for loss, step in measured if step >= self._settled_at] or measured
            protected = [min(measured)[1]] if measured else []
            checkpoints.rotate(self._project, self._limit, [*protected, state.global_step])


class MeasureCallback(TrainerCallback):  # type: ignore[misc]
    """Measures the loss wherever a checkpoint is written, and at the end, so that all checkpoints can be compared."""

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Ask for a measurement beside a checkpoint, and at the last step where measurements go by steps."""
        last = state.global_step >= state.max_steps and args.eval_strategy == "steps"
        if args.eval_strategy != "no" and (control.should_save or last):
            control.should_evaluate = True

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Ask for a measurement beside a checkpoint."""
        measured = any(step == state.global_step for step, _ in eval_losses(state))
        if args.eval_strategy != "no" and control.should_save:
            control.should_evaluate = not measured
