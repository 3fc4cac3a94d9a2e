"""`evaluate`: base against tuned on the validation rows."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llm_finetune.cli.arguments import (
    CheckpointOption,
    ConfigArguments,
    JsonOption,
    ProjectOption,
    QuietOption,
    open_with,
)
from llm_finetune.cli.output import print_json, print_line, print_table, teller
from llm_finetune.errors import GateError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.evaluate.scorecard import Scorecard
    from llm_finetune.workflow import Opened


def evaluate(
    arguments: ConfigArguments = None,
    *,
    checkpoint: CheckpointOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let base and tuned model answer the validation rows, and compare. Exit code 3 if a gate fails."""
    from llm_finetune import workflow

    opened = open_with(project, arguments)
    observer = None if quiet else _show_progress
    try:
        scorecard = workflow.evaluate(opened, checkpoint=checkpoint, tell=teller(quiet=quiet), observer=observer)
    except GateError:
        _show(opened, _written(opened), as_json=as_json)
        raise
    _show(opened, scorecard, as_json=as_json)


def _written(opened: "Opened") -> "Scorecard":
    from llm_finetune.evaluate.scorecard import Scorecard
    from llm_finetune.files import read_json

    return Scorecard.from_json(read_json(opened.project.scorecard))


def _show(opened: "Opened", scorecard: "Scorecard", *, as_json: bool) -> None:
    if as_json:
        print_json(scorecard.to_json())
        return
    print_table([say(f"cli.evaluate.{name}") for name in ("metric", "base", "tuned", "n")], scorecard.table())
    print_line(say("cli.evaluate.written", path=opened.project.scorecard))


def _show_progress(who: str, done: int, total: int) -> None:
    line = say("cli.evaluate.progress", who=say(f"generate.who_{who}"), done=done, total=total)
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{line}" + ("\n" if done == total else ""))
    elif done == total:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
