"""`preview`: show what the model will read, and which part is trained."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_finetune.cli.arguments import DataArguments, JsonOption, ProjectOption, sort_arguments
from llm_finetune.cli.output import print_json, print_line
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.data.preview import PreviewRow

TRAINED_OPEN, TRAINED_CLOSE = "⟦", "⟧"


def preview(
    arguments: DataArguments = None,
    *,
    rows: Annotated[int, typer.Option("--rows", help="Rows shown.", min=1)] = 3,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show the exact text the model reads; what is trained is coloured and stands in ⟦brackets⟧."""
    from llm_finetune import workflow
    from llm_finetune.workflow.looking import settings_for_files

    chosen = sort_arguments(arguments, files_allowed=True)
    if chosen.files:
        settings = settings_for_files(project, chosen.config, chosen.overrides)
        found = workflow.preview_any(chosen.files, count=rows, settings=settings, root=project)
    else:
        opened = workflow.open_project(project, config=chosen.config, overrides=chosen.overrides)
        found = workflow.preview(opened, count=rows)
    if as_json:
        print_json([row.as_dict() for row in found])
        return
    for row in found:
        _print_row(row)


def _print_row(row: "PreviewRow") -> None:
    from rich.console import Console
    from rich.text import Text

    trained = sum(piece.tokens for piece in row.pieces if piece.trained)
    print_line(say("cli.preview.head", path=row.path, line=row.line, tokens=len(row.input_ids), trained=trained))
    text = Text()
    for piece in row.pieces:
        if piece.trained:
            text.append(TRAINED_OPEN, style="bold green").append(piece.text, style="green")
            text.append(TRAINED_CLOSE, style="bold green")
        else:
            text.append(piece.text, style="dim")
    Console(soft_wrap=not sys.stdout.isatty(), highlight=False).print(text)
    print_line()
