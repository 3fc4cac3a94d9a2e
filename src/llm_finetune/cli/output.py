"""What verbs print: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from llm_finetune.messages import say

Tell = Callable[[str], None]


def print_json(value: Any) -> None:
    """Print one JSON object; characters the stream cannot write are escaped."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    sys.stdout.write(json.dumps(value, ensure_ascii=encoding != "utf8", indent=2) + "\n")


def print_line(text: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that reads well in a terminal and in a file."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=not sys.stdout.isatty()).print(table)


def teller(*, quiet: bool) -> Tell:
    """The function that notes are told with."""
    return _say_nothing if quiet else _on_stderr


def _say_nothing(_line: str) -> None:
    """For `--quiet`."""


def _on_stderr(line: str) -> None:
    from llm_finetune.workflow.opening import tell_on_stderr

    tell_on_stderr(line)


def readable_size(size_bytes: int) -> str:
    """`12.3 MB`, in powers of 1,000."""
    size, units = float(size_bytes), ["B", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"


def readable_seconds(seconds: float) -> str:
    """`1 h 02 min`, `3 min 20 s` or `12 s`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return say("cli.hours", hours=hours, minutes=f"{minutes:02d}")
    return say("cli.minutes", minutes=minutes, seconds=f"{rest:02d}") if minutes else say("cli.seconds", seconds=rest)
