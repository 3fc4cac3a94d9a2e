"""What holds for every file whatsoever, and the watchdog of the long run."""

import json
import os
import signal
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llm_finetune.data.check import check_sources
from llm_finetune.data.read import read_rows
from llm_finetune.data.rows import Note, Row, Source
from llm_finetune.data.settings import DataSettings
from llm_finetune.errors import Problem

LIMIT_SECONDS = 2.0
IS_LONG_RUN = "LLM_FINETUNE_TORTURE" in os.environ
HIDDEN = {"Cc", "Zl", "Zp", "Cs"}
BIDIRECTIONAL = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@contextmanager
def watchdog() -> Iterator[None]:
    """End a file that takes too long; only in the long run, because machines of the short one may be busy."""
    if not IS_LONG_RUN:
        yield
        return

    def bark(*_: object) -> None:
        raise TimeoutError(f"over {LIMIT_SECONDS} seconds")

    signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def assert_told(problem: Problem, path: Path, *, is_note: bool = False) -> None:
    """A problem says where, what and what to do, and nothing in it moves the cursor."""
    assert problem.code
    assert problem.message
    assert problem.fix or is_note, problem
    assert problem.path == path.name or problem.field.startswith("data."), problem
    text = str(problem)
    hidden = [one for one in text if unicodedata.category(one) in HIDDEN or one in BIDIRECTIONAL]
    assert hidden == [], (problem.code, text)


def codes_after_promises(path: Path) -> tuple[int, list[str]]:
    """Read and check a file; whatever it holds, what is promised holds. Rows read, and codes of what is wrong."""
    with watchdog():
        items = list(read_rows(path, path.name))
        reports = [
            check_sources([Source(path, path.name)], DataSettings(on_bad_rows=on_bad_rows)).report
            for on_bad_rows in ("stop", "drop")
        ]
    rows = [item for item in items if isinstance(item, Row)]
    problems = [item for item in items if isinstance(item, Problem)]
    for item in items:
        if not isinstance(item, Row):
            assert_told(item.problem if isinstance(item, Note) else item, path, is_note=isinstance(item, Note))
    assert all(row.line >= 1 and row.path == path.name for row in rows)
    assert rows or problems, "a file is never silently empty"
    for report in reports:
        assert report.read == len(rows) + sum(bool(problem.line) for problem in problems)
        assert report.read == report.kept + report.dropped
        assert report.dropped == sum(report.dropped_by.values())
        assert bool(report.kept) or bool(report.errors or report.warnings)
        for problem in report.errors:
            assert_told(problem, path)
        for problem in report.warnings:
            assert_told(problem, path, is_note=True)
        json.dumps(report.as_dict(), allow_nan=False).encode()
    assert bool(reports[0].errors) >= bool(problems)
    return len(rows), [problem.code for problem in problems]


@pytest.fixture
def codes_of() -> Callable[[Path], tuple[int, list[str]]]:
    """Rows and codes of a file for which every promise held."""
    return codes_after_promises
