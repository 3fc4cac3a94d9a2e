"""How the findings of `check` are printed: a table of codes, then the problems of each code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm_finetune.cli.output import print_line
from llm_finetune.cli.tables import print_columns, print_heading
from llm_finetune.data.visible import on_one_line, quoted
from llm_finetune.errors import Problem
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.data.check import CheckReport

SHOWN_OF_A_KIND = 20
SEEN_AT_A_GLANCE = 3
"""Problems that need no table of their codes."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """The problems of one code."""

    code: str
    is_error: bool
    found: int
    """How many there are, those included that nobody kept."""
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return say("cli.check.error") if self.is_error else say("cli.check.note")

    def marked(self, text: str) -> str:
        """A line of this kind: an error as `path:line: …`, which editors find, a note with its word before it."""
        return text if self.is_error else say("cli.check.warning", text=text)


def print_findings(report: "CheckReport", *, errors_only: bool = False) -> None:
    """Print what was found; nothing where nothing was."""
    kinds = _kinds(report.errors, report, is_error=True)
    if not errors_only:
        kinds += _kinds(report.warnings, report, is_error=False)
    if sum(kind.found for kind in kinds) > SEEN_AT_A_GLANCE and not errors_only:
        _print_table(kinds)
        print_line()
    for kind in kinds:
        _print_kind(kind)
    if kinds and not errors_only:
        print_line()


def _kinds(problems: Iterable[Problem], report: "CheckReport", *, is_error: bool) -> list[_Kind]:
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    others = {problem.code for problem in (report.warnings if is_error else report.errors)}
    return [
        _Kind(code, is_error, _found(code, members, report, shared=code in others), tuple(members))
        for code, members in by_code.items()
    ]


def _found(code: str, members: Sequence[Problem], report: "CheckReport", *, shared: bool) -> int:
    """The number of problems of a code; a count that errors and notes share says nothing about either."""
    return len(members) if shared else max(len(members), report.counts.get(code, 0))


def _print_table(kinds: Sequence[_Kind]) -> None:
    names = [say(f"cli.check.{name}") for name in ("kind", "code", "rows", "first", "what")]
    rows = [
        [kind.name, kind.code, f"{kind.found:,}", _place(kind.problems[0]), quoted(kind.problems[0].message)]
        for kind in kinds
    ]
    print_columns(names, rows, numbers=frozenset({2}))


def _place(problem: Problem) -> str:
    if not problem.path:
        return problem.field or "—"
    return quoted(f"{problem.path}:{problem.line}" if problem.line else problem.path)


def _print_kind(kind: _Kind) -> None:
    shown = kind.problems[:SHOWN_OF_A_KIND]
    fixes = {problem.fix for problem in shown}
    if len(shown) == 1 or len(fixes) > 1:
        for problem in shown:
            print_line(kind.marked(on_one_line(str(problem))))
    else:
        print_heading(kind.marked(f"{kind.code} ({kind.found:,}) {on_one_line(shown[0].fix)}".rstrip()))
        for problem in shown:
            print_line(f"  {on_one_line(str(replace(problem, fix='')))}")
    if kind.found > len(shown):
        print_line("  " + say("cli.check.more", count=kind.found - len(shown), code=kind.code))
