"""Lines with their physical numbers, and JSON Lines made of them. Knows no format of rows.

Only a line feed ends a line, as for `sed -n Np`. An object spread over several lines is one row: only where a line
ends in the middle of an object are the next ones looked at, ever more of them, and given back if that was in vain.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.read.container import Pieces
from llm_finetune.data.read.encodings import encoding_problem
from llm_finetune.data.read.faults import fault
from llm_finetune.data.read.parse import (
    DEEPEST_NESTING,
    JSON_BLANKS,
    BadJsonError,
    Place,
    after_blanks,
    json_problem,
    json_type,
    parsed,
    scan_once,
    whole,
)
from llm_finetune.data.rows import Row
from llm_finetune.errors import Problem

ROW_LIMIT_BYTES = 64 << 20
Line = tuple[int, str | Problem]
"""Its number, and its text or why it has none."""

_ENDS_EARLY = frozenset({"property_name", "colon", "comma", "value"})
"""Faults that stand at the end of a line where an object goes on below it."""
FREE_LINES_IN_VAIN = 10_000
"""Lines that may be looked at and given back before their number must stand in proportion to the lines read."""


def numbered_lines(pieces: Iterable[bytes], source: Pieces, shown: str) -> Iterator[Line]:
    """The lines of a text. The last one is left out where the bytes were cut off in it."""
    number = 1
    for block in _blocks(pieces, source):
        if isinstance(block, int):
            yield (
                number,
                fault("row_too_large", shown, number, size=_mebibytes(block), limit=_mebibytes(ROW_LIMIT_BYTES)),
            )
            number += 1
            continue
        try:
            lines = block.decode().split("\n")
        except UnicodeDecodeError:
            yield from _decoded_one_by_one(block, shown, number)
            number += block.count(b"\n") + 1
            continue
        yield from enumerate(lines, number)
        number += len(lines)


def _blocks(pieces: Iterable[bytes], source: Pieces) -> Iterator[bytes | int]:
    """Bytes of whole lines without the last line feed; for a line beyond the limit only its size."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        last = piece.rfind(b"\n")
        if last < 0:
            size += len(piece)
            if size > ROW_LIMIT_BYTES:
                held.clear()
            else:
                held.append(piece)
            continue
        start = 0
        if size > ROW_LIMIT_BYTES:
            start = piece.find(b"\n") + 1
            yield size + start - 1
        if start <= last:
            yield b"".join([*held, piece[start:last]])
        held, size = [piece[last + 1 :]], len(piece) - last - 1
    if size > ROW_LIMIT_BYTES:
        yield size
    elif size and not source.damage:
        yield b"".join(held)


def _mebibytes(size: int) -> int:
    return size >> 20


def _decoded_one_by_one(block: bytes, shown: str, first: int) -> Iterator[Line]:
    for number, line in enumerate(block.split(b"\n"), first):
        try:
            yield number, line.decode()
        except UnicodeDecodeError:
            yield number, encoding_problem(line, shown, number)


class GivenBack:
    """Lines in order, some of which may be put back in front."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._back: list[Line] = []

    def __iter__(self) -> Iterator[Line]:
        back = self._back
        for line in self._lines:
            yield line
            while back:
                yield back.pop()

    def more(self, count: int) -> list[tuple[int, str]]:
        """Up to so many further lines; fewer at the end, or before a line that has no text."""
        taken: list[tuple[int, str]] = []
        while len(taken) < count:
            line = self._back.pop() if self._back else next(self._lines, None)
            if line is None:
                break
            number, text = line
            if isinstance(text, Problem):
                self._back.append(line)
                break
            taken.append((number, text))
        return taken

    def problem(self) -> Problem | None:
        """The next line, taken, if it has no text."""
        text = self._back[-1][1] if self._back else None
        if isinstance(text, Problem):
            self._back.pop()
            return text
        return None

    def put_back(self, lines: Iterable[Line]) -> None:
        """Give these lines again, the first one first."""
        self._back.extend(reversed(list(lines)))


def json_rows(lines: Iterable[Line], shown: str) -> Iterator[Row | Problem]:
    """The rows of JSON Lines."""
    source = GivenBack(lines)
    hard = _HardLines(source, shown)
    for number, text in source:
        if isinstance(text, Problem):
            yield text
            continue
        try:
            values, end = scan_once(text, 0)
        except (StopIteration, ValueError, RecursionError):
            values, end = None, -1
        if (
            type(values) is dict
            and (end == len(text) or not text[end:].strip(JSON_BLANKS))
            and text.count("{") + text.count("[") <= DEEPEST_NESTING
        ):
            yield Row(values, shown, number)
        elif outcome := hard.outcome(number, text):
            yield outcome


@dataclass(slots=True)
class _HardLines:
    """Lines that are not simply one object each."""

    source: GivenBack
    shown: str
    in_vain: int = 0
    """Lines that were looked at as the rest of an object and given back. Bounded, so that the whole stays linear."""

    def outcome(self, number: int, text: str) -> Row | Problem | None:
        """What a line is: a row, a problem, or nothing."""
        if not text.strip():
            return None
        try:
            value = whole(text)
        except BadJsonError as error:
            if not text.lstrip(JSON_BLANKS).startswith("{") or not _ends_early(error, text):
                return json_problem(error, text, self.shown, Place(number))
            if self.in_vain > 2 * number + FREE_LINES_IN_VAIN:
                return json_problem(_unfinished(text), text, self.shown, Place(number))
            return self._spread(number, text)
        return row_of(value, self.shown, number)

    def _spread(self, number: int, text: str) -> Row | Problem:
        """The object that begins on this line and goes on below."""
        gathered, joined = [(number, text)], text
        while True:
            more = self.source.more(len(gathered))
            if not more and len(gathered) > 1 and (problem := self.source.problem()):
                self._skip_to_object(_indent(text))
                return problem
            gathered += more
            joined = "\n".join([joined, *(text for _, text in more)])
            try:
                value, end = parsed(joined)
            except BadJsonError as error:
                if more and len(joined) < ROW_LIMIT_BYTES and _ends_early(error, joined):
                    continue
                return self._broken(gathered, joined, error)
            break
        rest, line_end = after_blanks(joined, end), joined.find("\n", end)
        last = joined.count("\n", 0, end)
        following = gathered[last + 1 :]
        if rest < len(joined) and not 0 <= line_end < rest:
            if joined[rest] != "{":
                return self._broken(gathered, joined, BadJsonError("extra", rest))
            following.insert(0, (gathered[last][0], joined[rest : line_end if line_end >= 0 else None]))
        self.source.put_back(following)
        return row_of(value, self.shown, number)

    def _broken(self, gathered: list[tuple[int, str]], joined: str, error: BadJsonError) -> Problem:
        """The problem of an object over lines; reading goes on where the next one seems to begin."""
        number, first = gathered[0]
        indent = _indent(first)
        fresh = next((n for n, (_, text) in enumerate(gathered) if n and _begins_object(text, indent)), len(gathered))
        self.source.put_back(gathered[fresh:])
        self.in_vain += len(gathered) - fresh
        if fresh == len(gathered):
            self._skip_to_object(indent)
        another_is_in_it = fresh < len(gathered) and error.kind == "too_deep"
        if another_is_in_it or _ends_early(error, joined) or joined.count("\n", 0, error.position) >= fresh:
            return json_problem(_unfinished(first), first, self.shown, Place(number))
        return json_problem(error, joined, self.shown, Place(number))

    def _skip_to_object(self, indent: int) -> None:
        while line := self.source.more(1):
            if _begins_object(line[0][1], indent):
                self.source.put_back(line)
                return


def row_of(value: Any, shown: str, line: int) -> Row | Problem:
    """The row that a JSON value is."""
    if isinstance(value, dict):
        return Row(value, shown, line)
    return fault("row_not_object", shown, line, found=json_type(value))


def _ends_early(error: BadJsonError, text: str) -> bool:
    """Whether the text is the beginning of something, rather than wrong."""
    return error.kind in _ENDS_EARLY and error.position >= len(text.rstrip(JSON_BLANKS))


def _unfinished(line: str) -> BadJsonError:
    return BadJsonError("unfinished_object", len(line.rstrip(JSON_BLANKS)))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _begins_object(text: str, indent: int) -> bool:
    """Whether a line looks like the beginning of a record, and not like one inside another."""
    return text.lstrip().startswith("{") and _indent(text) <= indent
