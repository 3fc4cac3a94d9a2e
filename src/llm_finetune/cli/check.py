"""`check`: find every row that cannot be used."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_finetune.cli.arguments import Arguments, DataArguments, JsonOption, ProjectOption, QuietOption, sort_arguments
from llm_finetune.cli.findings import print_findings
from llm_finetune.cli.output import print_json, print_line, teller
from llm_finetune.cli.statistics import print_short
from llm_finetune.cli.tables import listed
from llm_finetune.errors import InputError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.data.check import CheckReport
    from llm_finetune.data.clean import Cleaned
    from llm_finetune.settings import FinetuneSettings
    from llm_finetune.workflow import Opened

TOKENS = "tokens"
"""The section of the report with token statistics."""
LINES = {"split": "cli.check.split", "near_duplicates": "cli.check.near_duplicates"}
"""Sections told in one line each; what the others count stands among the findings, and whole in the JSON."""


def check(
    arguments: DataArguments = None,
    *,
    no_tokens: Annotated[
        bool, typer.Option("--no-tokens", help="Check structure and exact duplicates only; no model is needed.")
    ] = False,
    write_clean: Annotated[
        Path | None,
        typer.Option(
            "--write-clean",
            metavar="PATH",
            help="Write the rows that passed there, and beside it a list of those removed (PATH.removed.jsonl).",
        ),
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read the data and tell every problem with file, line and field. Exit code 2 if a row cannot be used."""
    work = _Work(sort_arguments(arguments, files_allowed=True), project, tokens=not no_tokens, quiet=quiet)
    report = work.checked()
    cleaned = None if write_clean is None else work.cleaned(write_clean)
    if as_json:
        print_json({**report.as_dict(), **({} if cleaned is None else {"clean": _as_json(cleaned)})})
    else:
        _print_report(report, quiet=quiet)
        if cleaned is not None:
            print_line(say("cli.check.clean", **_as_json(cleaned)))
    if report.errors:
        raise typer.Exit(InputError.exit_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is checked: the files named on the command line, or the project's data."""

    chosen: Arguments = field(kw_only=False)
    project: Path = field(kw_only=False)
    tokens: bool
    quiet: bool

    def checked(self) -> "CheckReport":
        from llm_finetune import workflow

        if self.chosen.files:
            tokens = self._counts_tokens()
            if self.tokens and not tokens:
                teller(quiet=self.quiet)(say("cli.check.without_tokens"))
            return workflow.check_any(
                self.chosen.files,
                self._settings(),
                root=self.project,
                tokens=tokens,
                content=self.tokens,
                tell=teller(quiet=self.quiet),
            )
        return workflow.check(self._opened(), tokens=self.tokens, tell=teller(quiet=self.quiet))

    def cleaned(self, target: Path) -> "Cleaned":
        from llm_finetune import workflow

        if self.chosen.files:
            return workflow.write_clean_any(
                self.chosen.files,
                target,
                settings=self._settings(),
                root=self.project,
                tokens=self._counts_tokens(),
                tell=teller(quiet=True),
            )
        return workflow.write_clean(self._opened(), target, tokens=self.tokens, tell=teller(quiet=True))

    def _counts_tokens(self) -> bool:
        """Whether files are looked at with the eyes of a model: one is asked for, by a configuration or a key."""
        if not self.tokens:
            return False
        return self.chosen.config is not None or any(item.startswith("model.") for item in self.chosen.overrides)

    def _settings(self) -> "FinetuneSettings":
        """Defaults, a configuration if one is named, and overrides."""
        from llm_finetune.workflow.looking import settings_for_files

        return settings_for_files(self.project, self.chosen.config, self.chosen.overrides)

    def _opened(self) -> "Opened":
        from llm_finetune import workflow

        return workflow.open_project(self.project, config=self.chosen.config, overrides=self.chosen.overrides)


def _as_json(cleaned: "Cleaned") -> dict[str, Any]:
    return {
        "path": str(cleaned.path),
        "kept": cleaned.kept,
        "removed_path": str(cleaned.removed_path),
        "removed": cleaned.removed,
    }


def _print_report(report: "CheckReport", *, quiet: bool) -> None:
    print_findings(report, errors_only=quiet)
    if quiet:
        return
    if TOKENS in report.sections:
        print_short(report.sections[TOKENS])
    for name, key in LINES.items():
        if report.sections.get(name):
            print_line(say(key, **report.sections[name]))
    for name, counts in (("repaired", report.repaired), ("dropped_by", report.dropped_by)):
        if counts:
            print_line(say(f"cli.check.{name}", counts=listed(counts)))
    formats = ", ".join(f"{name} {count}" for name, count in report.formats.items()) or "—"
    print_line(say("cli.check.summary", read=report.read, kept=report.kept, dropped=report.dropped, formats=formats))
    found = sum(report.counts.get(code, 0) for code in {problem.code for problem in report.errors})
    count = max(found, len(report.errors))
    print_line(say("cli.check.bad", count=count) if report.errors else say("cli.check.good"))
