"""`rehearse`: the whole journey on a little random model."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from llm_finetune.cli.arguments import ConfigArguments, JsonOption, ProjectOption, QuietOption, open_with
from llm_finetune.cli.output import print_json, print_line, readable_seconds, teller
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.study.rehearse import StageResult


def rehearse(
    arguments: ConfigArguments = None,
    *,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Try the whole run on a little random model of the same architecture: train, resume, evaluate, merge, push.

    About a minute on a CPU. It stops at the first stage that fails, with that stage's error and exit code.
    """
    import contextlib
    import sys

    from llm_finetune.study.rehearse import rehearse as stages_of

    started, results = time.monotonic(), []
    with contextlib.redirect_stdout(sys.stderr):
        for result in stages_of(open_with(project, arguments), tell=teller(quiet=True)):
            results.append(result)
            if not quiet:
                sys.stderr.write(f"{_line(result)}\n")
    taken, last = readable_seconds(time.monotonic() - started), results[-1]
    if as_json:
        print_json({"passed": last.error is None, "stages": [_as_json(result) for result in results]})
    elif last.error is None:
        print_line(say("study.passed", time=taken))
    else:
        print_line(say("study.failed", stage=say(f"study.stage.{last.name}"), time=taken))
    if last.error is not None:
        if as_json:
            raise typer.Exit(last.error.exit_code)
        raise last.error


def _line(result: "StageResult") -> str:
    mark = "✓" if result.error is None else "✗"
    return f"{mark} {say(f'study.stage.{result.name}')} ({result.seconds:.1f} s): {result.detail or '…'}"


def _as_json(result: "StageResult") -> dict[str, object]:
    error = None if result.error is None else str(result.error)
    return {"stage": result.name, "seconds": round(result.seconds, 2), "detail": result.detail, "error": error}
