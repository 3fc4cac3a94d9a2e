"""`check`: find every row that cannot be used."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from llm_finetune.cli.arguments import DataArguments, JsonOption, ProjectOption, QuietOption, sort_arguments
from llm_finetune.cli.output import print_json, print_line, teller
from llm_finetune.errors import InputError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.data.check import CheckReport
    from llm_finetune.data.settings import DataSettings


def check(
    arguments: DataArguments = None,
    *,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read the data and tell every problem with file, line and field. Exit code 2 if a row cannot be used."""
    from llm_finetune import workflow

    chosen = sort_arguments(arguments, files_allowed=True)
    if chosen.files:
        report = workflow.check_any(chosen.files, _settings_of(project, chosen.config, chosen.overrides))
    else:
        opened = workflow.open_project(project, config=chosen.config, overrides=chosen.overrides)
        report = workflow.check(opened, tell=teller(quiet=quiet))
    if as_json:
        print_json(report.as_dict())
    else:
        _print_report(report, quiet=quiet)
    if report.errors:
        raise typer.Exit(InputError.exit_code)


def _settings_of(project: Path, config: Path | None, overrides: tuple[str, ...]) -> "DataSettings":
    """The data settings for files named on the command line: defaults, a configuration if named, and overrides."""
    from llm_finetune.workflow.looking import settings_for_files

    return settings_for_files(project, config, overrides).data


def _print_report(report: "CheckReport", *, quiet: bool) -> None:
    for problem in report.errors:
        print_line(str(problem))
    if quiet:
        return
    for warning in report.warnings:
        print_line(say("cli.check.warning", text=warning))
    formats = ", ".join(f"{name} {count}" for name, count in report.formats.items()) or "—"
    print_line(say("cli.check.summary", read=report.read, kept=report.kept, dropped=report.dropped, formats=formats))
    print_line(say("cli.check.bad", count=len(report.errors)) if report.errors else say("cli.check.good"))
