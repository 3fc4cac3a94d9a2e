"""The elements of a JSON array, read from a growing buffer. Knows no format of rows.

A broken element costs only itself: reading goes on at the next line that begins an object as far left as that one.
Commas between elements are not insisted on.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

from llm_finetune.data.read.container import PIECE_BYTES, Pieces
from llm_finetune.data.read.encodings import encoding_problem
from llm_finetune.data.read.faults import fault
from llm_finetune.data.read.lines import ROW_LIMIT_BYTES, row_of
from llm_finetune.data.read.parse import BadJsonError, Place, after_blanks, json_problem, parsed
from llm_finetune.data.rows import Row
from llm_finetune.errors import Problem

_GAP = re.compile(r"[\s,]*")
_INDENT = re.compile(r"[ \t]*")
_ESCAPED = re.compile("[\udc80-\udcff]")
_NEAR_END_CHARACTERS = 16
r"""A fault so close to the end of the buffer may be its end: a cut `\ud83d`, `false` or number."""


class _Buffer:
    """The text around the place that is read. Bytes that are not UTF-8 stand in it as half characters."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.text = ""
        self.position = 0
        self.line = 1
        """Of the position."""
        self.is_all = False
        """Whether no more text follows."""
        self.holds_bad_bytes = False
        self._pieces = iter(pieces)
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._cut_characters = self._cut_bytes = 0
        """What was cut from the front since the last line feed."""

    def advance(self, position: int) -> None:
        """Move to a later position."""
        self.line += self.text.count("\n", self.position, position)
        self.position = position

    def read(self, characters: int) -> None:
        """Forget what lies behind, and read at least so many characters more, if there are."""
        self._forget()
        parts, size = [self.text], 0
        while size < characters and not self.is_all:
            piece = next(self._pieces, None)
            part = self._decoder.decode(piece or b"", final=piece is None)
            self.is_all = piece is None
            self.holds_bad_bytes = self.holds_bad_bytes or not _is_unicode(part)
            parts.append(part)
            size += len(part)
        self.text = "".join(parts)

    def skip_gap(self) -> None:
        """Move behind blanks and commas."""
        while True:
            self.advance(_GAP.match(self.text, self.position).end())  # type: ignore[union-attr]  # it matches nothing too
            if self.position < len(self.text) or self.is_all:
                return
            self.read(PIECE_BYTES)

    def line_at(self, position: int) -> int:
        """The physical line of a position at or behind the current one."""
        return self.line + self.text.count("\n", self.position, position)

    def ends_in_line(self, position: int) -> bool:
        """Whether all the text held from a position on stands in one line."""
        line_end = self.text.find("\n", position)
        return line_end < 0 or after_blanks(self.text, line_end) == len(self.text)

    def column(self, position: int) -> int:
        """Characters into the line, from 1."""
        start = self.text.rfind("\n", 0, position) + 1
        return position - start + 1 + (0 if start else self._cut_characters)

    def bytes_of_line(self, position: int) -> tuple[bytes, int]:
        """The bytes of the line around a position as far as they are held, and how many came before them."""
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        line = self.text[start : end if end >= 0 else len(self.text)]
        return line.encode("utf-8", "surrogateescape"), 0 if start else self._cut_bytes

    def _forget(self) -> None:
        last = self.text.rfind("\n", 0, self.position)
        cut = self.text[last + 1 : self.position]
        if last >= 0:
            self._cut_characters = self._cut_bytes = 0
        self._cut_characters += len(cut)
        self._cut_bytes += len(cut.encode("utf-8", "surrogateescape"))
        self.text, self.position = self.text[self.position :], 0


class ArrayReader:
    """One array."""

    def __init__(self, pieces: Iterable[bytes], source: Pieces, shown: str) -> None:
        self._source, self._shown = source, shown
        self._buffer = _Buffer(pieces)
        self._ends = "unfinished_array"
        """What the end of the text means, if it comes before the end of the array."""

    def rows(self) -> Iterator[Row | Problem]:
        """The elements in order, and what is wrong with the array."""
        buffer = self._buffer
        buffer.skip_gap()
        buffer.advance(buffer.position + 1)
        while True:
            buffer.skip_gap()
            if buffer.position >= len(buffer.text):
                if self._ends and not self._source.damage:
                    yield fault(self._ends, self._shown, at=buffer.line)
                return
            if buffer.text[buffer.position] == "]":
                break
            if outcome := self._element():
                yield outcome
        buffer.advance(buffer.position + 1)
        buffer.skip_gap()
        if buffer.position < len(buffer.text):
            yield fault("text_after_array", self._shown, at=buffer.line)

    def _element(self) -> Row | Problem | None:
        """The element at the position, or its problem, or nothing where the bytes are cut off; the position moves."""
        buffer = self._buffer
        while True:
            try:
                value, end = parsed(buffer.text, buffer.position)
            except BadJsonError as error:
                if not self._may_go_on(error):
                    return self._broken(error)
                if len(buffer.text) - buffer.position > ROW_LIMIT_BYTES:
                    return self._too_large()
            else:
                if end < len(buffer.text) or buffer.is_all:
                    break
            buffer.read(max(PIECE_BYTES, len(buffer.text) - buffer.position))
        outcome = row_of(value, self._shown, buffer.line)
        if buffer.holds_bad_bytes and (bad := _ESCAPED.search(buffer.text, buffer.position, end)):
            outcome = self._bad_bytes(bad.start())
        buffer.advance(end)
        return outcome

    def _may_go_on(self, error: BadJsonError) -> bool:
        """Whether more text may mend a fault."""
        near_end = error.position >= len(self._buffer.text) - _NEAR_END_CHARACTERS
        return not self._buffer.is_all and (near_end or error.kind == "unfinished_text")

    def _broken(self, error: BadJsonError) -> Problem | None:
        """The problem of an element, behind which reading goes on."""
        buffer = self._buffer
        text, at_end = buffer.text, after_blanks(buffer.text, error.position) == len(buffer.text)
        if at_end and self._source.damage:
            buffer.advance(len(text))
            return None
        fresh = self._next_element().search(text, buffer.position + 1)
        if _ESCAPED.match(text, error.position):
            problem = self._bad_bytes(error.position)
        elif at_end or (fresh and fresh.end() <= error.position):
            first_end = text.find("\n", buffer.position)
            problem = self._problem(BadJsonError("unfinished_object", first_end if first_end >= 0 else len(text)))
        else:
            problem = self._problem(error)
        self._skip(after=error.position)
        return problem

    def _problem(self, error: BadJsonError) -> Problem:
        buffer = self._buffer
        place = Place(buffer.line, buffer.position, buffer.column(error.position))
        return json_problem(error, buffer.text, self._shown, place)

    def _too_large(self) -> Problem:
        size, line = ROW_LIMIT_BYTES >> 20, self._buffer.line
        self._skip(after=self._buffer.position)
        return fault("row_too_large", self._shown, line, size=f"> {size}", limit=size)

    def _bad_bytes(self, position: int) -> Problem:
        line, before = self._buffer.bytes_of_line(position)
        return encoding_problem(line, self._shown, self._buffer.line_at(position), bytes_before=before)

    def _next_element(self) -> re.Pattern[str]:
        """The beginning of an object on a line that is indented no further than the current one."""
        text = self._buffer.text
        start = text.rfind("\n", 0, self._buffer.position) + 1
        indent = _INDENT.match(text, start).end() - start  # type: ignore[union-attr]  # it matches nothing too
        return re.compile(rf"\n[ \t]{{0,{indent}}}(?:\}}\s*,\s*)?(?=\{{)")

    def _skip(self, after: int) -> None:
        """Move to the next element, or to the end if none can be told from what stands inside this one."""
        buffer, following = self._buffer, self._next_element()
        on_one_line, holds_more = buffer.ends_in_line(buffer.position), buffer.text.find("{", after + 1) >= 0
        buffer.advance(buffer.position + 1)
        while not (found := following.search(buffer.text, buffer.position)):
            if buffer.is_all:
                self._ends = "" if buffer.text.rstrip().endswith("]") else self._ends
                if on_one_line and holds_more:
                    self._ends = "rest_of_array"
                buffer.advance(len(buffer.text))
                return
            last = buffer.text.rfind("\n", buffer.position)
            buffer.advance(last if last >= 0 else len(buffer.text))
            buffer.read(PIECE_BYTES)
            on_one_line = on_one_line and buffer.ends_in_line(0)
            holds_more = holds_more or "{" in buffer.text
        buffer.advance(found.end())


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
