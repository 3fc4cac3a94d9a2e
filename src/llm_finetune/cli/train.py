"""`train`: fine-tune, or go on with an interrupted run."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_finetune.cli.arguments import (
    CheckpointOption,
    ConfigArguments,
    JsonOption,
    ProjectOption,
    QuietOption,
    open_with,
)
from llm_finetune.cli.output import print_json, print_line, readable_seconds, readable_size, teller
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.train.progress import Progress
    from llm_finetune.workflow.training import TrainResult


def train(
    arguments: ConfigArguments = None,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Archive the run on disk and start anew.")] = False,
    checkpoint: CheckpointOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fine-tune the model. The same command goes on with an interrupted run.

    With --checkpoint STEP nothing is trained: that checkpoint becomes the delivered model.
    """
    from llm_finetune import workflow

    opened = open_with(project, arguments)
    if checkpoint is not None:
        result = workflow.deliver_checkpoint(opened, checkpoint)
    else:
        # Trackers print what they like; standard output is for the result.
        with progress_display(quiet=quiet) as show, contextlib.redirect_stdout(sys.stderr):
            result = workflow.train(opened, fresh=fresh, tell=teller(quiet=quiet), show=show)
    if not workflow.is_main_process():
        return
    if as_json:
        print_json(result.run)
    else:
        _print_summary(result, Path(project))


def _print_summary(result: "TrainResult", project: Path) -> None:
    run = result.run
    print_line(result.summary)
    print_line(say("cli.train.delivered", path=result.delivered))
    if not result.already_complete and "tokens" in run:
        print_line(
            say(
                "cli.train.figures",
                tokens=run["tokens"]["real"],
                trained=run["tokens"]["trained"],
                padding=run["tokens"]["padding"],
                time=readable_seconds(run["seconds"]),
                memory=readable_size(run["peak_memory_bytes"]),
            )
        )


class _PlainProgress:
    """A line every few steps, for a file or a pipe."""

    def __init__(self) -> None:
        self._shown = 0

    def __enter__(self) -> "_PlainProgress":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __call__(self, progress: "Progress") -> None:
        every = max(progress.total_steps // 20, 1)
        if progress.step // every > self._shown or progress.step == progress.total_steps:
            self._shown = progress.step // every
            sys.stderr.write(f"{_figures(progress, with_step=True)}\n")
            sys.stderr.flush()


class _Nothing:
    """For `--quiet`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


class _Bar:
    """A bar with loss, tokens per second and the time left."""

    def __enter__(self) -> "_Bar":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        columns: tuple[Any, ...] = (
            TextColumn(say("cli.train.bar")),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
        )
        self._bar = RichProgress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task("", total=None, figures="")
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, progress: "Progress") -> None:
        self._bar.update(
            self._task,
            total=progress.total_steps,
            completed=progress.step,
            figures=_figures(progress, with_step=False),
        )


def progress_display(*, quiet: bool) -> Any:
    """A context that gives the function progress is shown with: a bar in a terminal, plain lines elsewhere."""
    if quiet:
        return _Nothing()
    return _Bar() if sys.stderr.isatty() else _PlainProgress()


def _figures(progress: "Progress", *, with_step: bool) -> str:
    parts = [say("cli.train.step", step=progress.step, total=progress.total_steps)] if with_step else []
    if progress.loss is not None:
        parts.append(say("cli.train.loss", loss=f"{progress.loss:.3f}"))
    if progress.eval_loss is not None:
        parts.append(say("cli.train.eval_loss", loss=f"{progress.eval_loss:.3f}"))
    if progress.tokens_per_second is not None:
        parts.append(say("cli.train.speed", speed=f"{progress.tokens_per_second:.0f}"))
    if progress.seconds_left is not None:
        parts.append(say("cli.train.left", time=readable_seconds(progress.seconds_left)))
    return "  ".join(parts)
