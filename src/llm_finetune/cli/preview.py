"""`preview`: show what the model will read, and which part is trained."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_finetune.cli.arguments import Arguments, DataArguments, JsonOption, ProjectOption, sort_arguments
from llm_finetune.cli.output import print_json, print_line
from llm_finetune.cli.preview_text import print_row
from llm_finetune.errors import InputError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.workflow.seeing import View


def preview(
    arguments: DataArguments = None,
    *,
    rows: Annotated[
        int | None, typer.Option("--rows", help="Rows shown: 3, or 300 on a page, unless said.", min=1)
    ] = None,
    line: Annotated[
        list[int] | None,
        typer.Option("--line", help="Show the row that begins at this line; may be given again.", min=1, metavar="N"),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write one HTML file instead, with search and filters.", metavar="PATH"),
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show the exact text the model reads; what is trained is coloured and stands in ⟦brackets⟧.

    Rows that cannot be trained on are shown with the reason. Exit code 2 if none of those shown can be.
    """
    from llm_finetune.workflow import seeing

    view = _view(sort_arguments(arguments, files_allowed=True), project)
    lines = tuple(line or ())
    if html is not None:
        page = seeing.preview_page(view, html, count=rows or seeing.ROWS_OF_A_PAGE, lines=lines)
        values = {"path": page.path, "count": page.rows, "total": page.total}
        if as_json:
            print_json({**values, "path": str(page.path)})
        else:
            print_line(say("cli.preview.written", **values))
        return
    found = seeing.preview_view(view, count=rows or seeing.ROWS_SHOWN, lines=lines)
    if as_json:
        print_json([row.as_dict() for row in found])
    else:
        for row in found:
            print_row(row)
    unusable = sum(1 for row in found if not row.is_usable)
    if unusable:
        sys.stderr.write(say("cli.preview.some_unusable", count=unusable, total=len(found)) + "\n")
    if unusable == len(found):
        raise typer.Exit(InputError.exit_code)


def _view(chosen: Arguments, project: Path) -> "View":
    """What is looked at: the files named, or the project's training rows."""
    from llm_finetune import workflow
    from llm_finetune.workflow.looking import settings_for_files
    from llm_finetune.workflow.seeing import View

    if chosen.files:
        settings = settings_for_files(project, chosen.config, chosen.overrides)
        return View.of_files(chosen.files, settings, project)
    return View.of_project(workflow.open_project(project, config=chosen.config, overrides=chosen.overrides))
