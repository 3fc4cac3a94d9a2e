"""`runs`: list the current and the earlier runs, and delete archives."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_finetune.cli.arguments import JsonOption, ProjectOption
from llm_finetune.cli.output import print_json, print_line, print_table, readable_size
from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.project import Project


def runs(
    prune: Annotated[bool, typer.Option("--prune", help="Delete the archived runs, after asking.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """List the runs of a project with their sizes."""
    from dataclasses import asdict

    from llm_finetune import workflow
    from llm_finetune.project import Project

    place = Project.at(project)
    lines = workflow.runs(place)
    if prune:
        _prune(place, [line.name for line in lines if line.name != workflow.CURRENT_RUN], yes=yes)
        lines = workflow.runs(place)
    if as_json:
        print_json({"runs": [asdict(line) for line in lines]})
        return
    if not lines:
        print_line(say("cli.runs.none"))
        return
    columns = [say(f"cli.runs.{name}") for name in ("name", "status", "base", "steps", "loss", "size")]
    rows = [
        [
            line.name,
            line.status,
            line.base,
            line.steps,
            "—" if line.eval_loss is None else f"{line.eval_loss:.4f}",
            readable_size(line.size_bytes),
        ]
        for line in lines
    ]
    print_table(columns, rows)


def _prune(place: "Project", names: list[str], *, yes: bool) -> None:
    from llm_finetune.workflow.history import remove_archive

    if not names:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(Problem("cannot_ask", say("cli.runs.cannot_ask"), say("cli.runs.cannot_ask.fix")))
        if not typer.confirm(say("cli.runs.confirm", names=", ".join(names)), err=True):
            return
    for name in names:
        remove_archive(place, name)
