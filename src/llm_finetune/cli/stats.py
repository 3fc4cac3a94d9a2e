"""`stats`: how long the rows are, and how much of them is trained."""

from pathlib import Path

import typer

from llm_finetune.cli.arguments import DataArguments, JsonOption, ProjectOption, QuietOption, sort_arguments
from llm_finetune.cli.output import print_json, print_line, teller
from llm_finetune.cli.statistics import print_statistics
from llm_finetune.errors import InputError
from llm_finetune.messages import say


def stats(
    arguments: DataArguments = None,
    *,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Count tokens: lengths, roles, what is trained, what padding costs. Saved in logs/data_stats.json.

    Data files named on the command line are counted without being saved. Exit code 2 if no row can be counted.
    """
    from llm_finetune import workflow
    from llm_finetune.workflow.looking import settings_for_files

    chosen = sort_arguments(arguments, files_allowed=True)
    saved: Path | None = None
    if chosen.files:
        settings = settings_for_files(project, chosen.config, chosen.overrides)
        found = workflow.stats_any(chosen.files, settings=settings, root=project, tell=teller(quiet=quiet))
    else:
        opened = workflow.open_project(project, config=chosen.config, overrides=chosen.overrides)
        found = workflow.stats(opened, tell=teller(quiet=quiet))
        saved = opened.project.data_stats
    if as_json:
        print_json(found)
    else:
        print_statistics(found)
        print_line(say("cli.stats.summary", read=found["read"], rows=found["rows"], left_out=found["left_out"]))
        if saved is not None:
            print_line(say("cli.stats.saved", path=saved))
    if not found["rows"]:
        raise typer.Exit(InputError.exit_code)
