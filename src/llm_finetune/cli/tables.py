"""Tables, bars and coloured lines in a terminal, a file or a pipe. Texts are shown as they are: nothing is markup."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

BAR_WIDTH = 32
PIPE_WIDTH = 160
"""Columns of a table where there is no terminal to measure."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def console() -> "Console":
    """Where lines with styles go. Without a terminal there are no styles and no line is broken."""
    from rich.console import Console

    in_terminal = sys.stdout.isatty()
    return Console(
        soft_wrap=not in_terminal,
        width=None if in_terminal else PIPE_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def can_show(text: str) -> bool:
    """Whether standard output has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def print_columns(names: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: frozenset[int]) -> None:
    """Print a table with a heading; `numbers` are the columns that end at the right."""
    from rich import box
    from rich.table import Column, Table
    from rich.text import Text

    columns = [
        Column(name, justify="right" if index in numbers else "left", overflow="fold")
        for index, name in enumerate(names)
    ]
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    screen = console()
    with screen.capture() as captured:
        screen.print(table)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def print_heading(text: str) -> None:
    """Print the first line of a block."""
    from rich.text import Text

    console().print(Text(text, style="bold"))


def print_histogram(histogram: Mapping[str, Any], indent: str = "  ") -> None:
    """Print a bar for each bin of lengths."""
    bins = histogram["bins"]
    names = [_range(entry) for entry in bins]
    most = max(entry["rows"] for entry in bins)
    name_width, count_width = max(map(len, names)), len(f"{most:,}")
    for entry, name in zip(bins, names, strict=True):
        bar = bar_of(entry["rows"], most)
        sys.stdout.write(f"{indent}{name:>{name_width}}  {entry['rows']:>{count_width},}  {bar}".rstrip() + "\n")


def _range(entry: Mapping[str, int]) -> str:
    first, last = entry["from"], entry["to"]
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def bar_of(count: int, most: int) -> str:
    """A bar as long as the share of the most; any row at all is seen."""
    eighths = round(count * BAR_WIDTH * 8 / most) if most else 0
    eighths = max(eighths, 1) if count else 0
    if not can_show(_EIGHTHS):
        return "#" * ((eighths + 7) // 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def listed(counts: Mapping[Any, int]) -> str:
    """`alpaca 300 · messages 12`."""
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "—"
