"""CSV and TSV: which character separates the cells, whether they are quoted, and the rows. Texts stay texts.

Knows no format of rows, only names that columns of training data often have.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from llm_finetune.data.read.faults import fault
from llm_finetune.data.read.lines import FREE_LINES_IN_VAIN, ROW_LIMIT_BYTES, GivenBack, Line
from llm_finetune.data.rows import Row
from llm_finetune.errors import Problem

DELIMITERS = (",", "\t", ";", "|")
KNOWN_NAMES = frozenset(
    (
        "instruction",
        "input",
        "output",
        "prompt",
        "completion",
        "question",
        "answer",
        "query",
        "response",
        "text",
        "messages",
        "conversations",
        "chosen",
        "rejected",
        "system",
        "history",
        "context",
        "target",
        "label",
        "category",
        "content",
        "role",
        "tools",
        "human",
        "assistant",
        "user",
    )
)
_NAME = re.compile("(?!-?[\\d.]+$)[#\\w][\\w .#:/()\ufffd-]{0,39}")
"""What may be a column's name; U+FFFD stands for bytes that could not be read, which is told later."""
_NO_NAME = re.compile(r"column_\d+")
_SEPARATOR_LINE = re.compile(r"\ufeff?sep=.\r?")
"""What Excel writes in front of a table."""
_LONGEST_CELL_OVER_LINES_CHARACTERS = 1 << 20
_SAMPLE_RECORDS = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    delimiter: str
    is_quoted: bool
    names: tuple[str, ...]


def dialect_of(sample: str, *, is_whole: bool, is_table: bool) -> Dialect | None:
    """How the table is written that a text begins with; None if the text is none.

    `is_table` says that the file is named so; then any column names will do, else one must be well known.
    """
    lines = sample.split("\n")
    if not is_whole:
        lines.pop()
    while lines and (not lines[0].strip() or _SEPARATOR_LINE.fullmatch(lines[0])):
        lines.pop(0)
    if not lines:
        return None
    tried = [_tried(delimiter, lines) for delimiter in DELIMITERS]
    known, _, columns, _, dialect = max(tried, key=lambda attempt: attempt[:4])
    if not any(name for name in dialect.names if not _NO_NAME.fullmatch(name)):
        return None
    if is_table:
        return dialect if _is_header(dialect.names) else None
    return dialect if known and columns > 1 and _is_header(dialect.names) else None


def _tried(delimiter: str, lines: Sequence[str]) -> tuple[int, float, int, int, Dialect]:
    """What speaks for a delimiter: well-known names, rows as wide as the header, columns, and its place in our list."""
    if delimiter != DELIMITERS[0] and delimiter not in lines[0]:
        return 0, 0.0, 0, 0, Dialect(delimiter, True, ())
    quoted, plain = (_attempt(lines, delimiter, is_quoted=is_quoted) for is_quoted in (True, False))
    best = plain if plain.speaks_against(quoted, delimiter) else quoted
    names = _names(best.header)
    known = sum(name.lower() in KNOWN_NAMES for name in names)
    return known, best.share, len(names), -DELIMITERS.index(delimiter), Dialect(delimiter, best is quoted, names)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What a sample is if it is read in one way."""

    header: tuple[str, ...]
    records: int
    share: float
    """Of the records, those as wide as the header."""
    opened: int
    """Cells that begin with a quote."""
    closed: int
    """Those of them that end with one too."""

    def speaks_against(self, quoted: "_Attempt", delimiter: str) -> bool:
        """Whether quotes are ordinary characters: read so, more rows are right, or all are and there are more."""
        looks_quoted = self.closed * 2 > self.opened and delimiter != "\t"
        if len(self.header) < 2 or looks_quoted:
            return False
        return self.share > quoted.share or (self.share == 1.0 and self.records > quoted.records)


def _attempt(lines: Sequence[str], delimiter: str, *, is_quoted: bool) -> _Attempt:
    records = _Records(GivenBack(enumerate(lines, 1)), delimiter, "", is_quoted=is_quoted)
    header: tuple[str, ...] = ()
    widths: list[int] = []
    opened = closed = 0
    for _, cells in records:
        if isinstance(cells, Problem):
            widths.append(0)
        elif not header:
            header = tuple(cells)
        else:
            widths.append(len(cells))
            begun = [cell for cell in cells if cell.startswith('"')]
            opened += len(begun)
            closed += sum(len(cell) > 1 and cell.endswith('"') for cell in begun)
    share = widths.count(len(header)) / len(widths) if widths else 1.0
    return _Attempt(header, len(widths), share, opened, closed)


def _names(header: Sequence[str]) -> tuple[str, ...]:
    """Column names without blanks around them; one without a name, such as an index, is called by its number."""
    return tuple(name.strip() or f"column_{number}" for number, name in enumerate(header, 1))


def _is_header(names: Sequence[str]) -> bool:
    """Whether a first line holds names rather than the first row."""
    known = any(name.lower() in KNOWN_NAMES for name in names)
    if len(names) == 1:
        return known or re.fullmatch(r"[^\W\d][\w.-]*", names[0]) is not None
    return known or all(_NAME.fullmatch(name) for name in names)


def table_rows(lines: Iterable[Line], shown: str, dialect: Dialect) -> Iterator[Row | Problem]:
    """The rows of a table whose first line holds the names."""
    twice = [name for name, count in Counter(dialect.names).items() if count > 1]
    if twice:
        yield fault("duplicate_column", shown, names=", ".join(twice))
        return
    names, width = dialect.names, len(dialect.names)
    source = _Records(GivenBack(lines), dialect.delimiter, shown, is_quoted=dialect.is_quoted)
    records = iter(source)
    for number, header in records:
        if isinstance(header, Problem):
            yield header
            yield fault("unreadable_header", shown, at=number)
            return
        if not _SEPARATOR_LINE.fullmatch(dialect.delimiter.join(header)):
            break
    source.width = width
    for number, cells in records:
        if isinstance(cells, Problem):
            yield cells
        elif len(cells) == width:
            yield Row(dict(zip(names, cells, strict=True)), shown, number)
        else:
            yield fault("ragged_row", shown, number, found=len(cells), wanted=width)


class _Records:
    """The cells of each record, with the line it begins on; where quotes do not fit, a problem instead of cells."""

    def __init__(self, source: GivenBack, delimiter: str, shown: str, *, is_quoted: bool) -> None:
        self.width = 0
        """Cells of a right row, once that is known."""
        self._source, self._delimiter, self._shown, self._is_quoted = source, delimiter, shown, is_quoted
        self._in_vain = 0
        csv.field_size_limit(ROW_LIMIT_BYTES)

    def __iter__(self) -> Iterator[tuple[int, list[str] | Problem]]:
        delimiter, is_quoted = self._delimiter, self._is_quoted
        for number, text in self._source:
            if isinstance(text, Problem):
                yield number, text
            elif not text.strip():
                continue
            elif is_quoted and '"' in text:
                yield number, self._quoted(number, text)
            else:
                yield number, text.removesuffix("\r").split(delimiter)

    def _quoted(self, number: int, text: str) -> list[str] | Problem:
        """The cells of a record with quotes, which may go on for some lines."""
        gathered = [(number, text.removesuffix("\r"))]
        while True:
            reader = csv.reader((f"{line}\n" for _, line in gathered), delimiter=self._delimiter, strict=True)
            try:
                cells = next(reader)
            except csv.Error as error:
                if not str(error).startswith("unexpected end"):
                    return self._refused("bad_table_row", gathered, str(error))
                if not self._gather(gathered):
                    return self._refused("open_quote", gathered)
                continue
            used = reader.line_num
            if used > 1 and self._would_swallow(cells, gathered[1][1]):
                return self._refused("open_quote", gathered)
            self._source.put_back(gathered[used:])
            return cells

    def _gather(self, gathered: list[tuple[int, str]]) -> bool:
        """Add lines until the quotes are even again; False if that does not happen within reason."""
        if self._in_vain > 2 * gathered[0][0] + FREE_LINES_IN_VAIN:
            return False
        size = 0
        while more := self._source.more(1):
            number, text = more[0]
            gathered.append((number, text.removesuffix("\r")))
            size += len(text)
            if text.count('"') % 2:
                return True
            if size > _LONGEST_CELL_OVER_LINES_CHARACTERS:
                return False
        return False

    def _would_swallow(self, cells: list[str], second: str) -> bool:
        """Whether a record of the wrong width ate a line that is a right row by itself."""
        return 0 < self.width != len(cells) and len(second.split(self._delimiter)) == self.width

    def _refused(self, code: str, gathered: list[tuple[int, str]], what: str = "") -> Problem:
        self._source.put_back(gathered[1:])
        self._in_vain += len(gathered) - 1
        return fault(code, self._shown, gathered[0][0], what=what)
