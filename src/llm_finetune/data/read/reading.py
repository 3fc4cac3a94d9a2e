"""The rows of any file: open it, see what it is, and hand it to the reader of that kind. Knows no format of rows."""

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from llm_finetune.data.read.array import ArrayReader
from llm_finetune.data.read.container import PIECE_BYTES, Opened, Pieces, opened
from llm_finetune.data.read.delimited import Dialect, table_rows
from llm_finetune.data.read.encodings import Unicode, transcoded, unicode_of
from llm_finetune.data.read.faults import fault
from llm_finetune.data.read.kinds import PARQUET, foreign_kind, packing_of
from llm_finetune.data.read.layout import layout_of
from llm_finetune.data.read.lines import Line, json_rows, numbered_lines
from llm_finetune.data.read.parquet import parquet_rows
from llm_finetune.data.rows import Note, Row
from llm_finetune.errors import Problem

Item = Row | Problem | Note
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text holds, in whatever encoding of one byte or more a character."""


def read_rows(path: Path, shown: str) -> Iterator[Item]:
    """The rows of a file, and in between what is wrong with it; `shown` is the path used in messages.

    A problem with a line is one row that could not be read, one without is a fault of the file. Nothing is raised,
    and memory stays flat.
    """
    file = opened(path, shown)
    if isinstance(file, Problem):
        yield file
        return
    with file.handle:
        yield from _rows_of_file(file)
    if file.has_changed():
        yield fault("changed_while_read", shown)


def _rows_of_file(file: Opened) -> Iterator[Item]:
    start = file.handle.read(len(PARQUET))
    file.handle.seek(0)
    if start == PARQUET:
        yield from parquet_rows(file.path, file.shown)
        return
    packing = packing_of(start)
    source = Pieces(file.handle, packing)
    pieces = iter(source)
    head = _head(pieces)
    if kind := _kind(head, packing):
        yield fault("unsupported_kind", file.shown, kind=kind)
        return
    yield from _told_if_empty(_rows_of_text(head, pieces, source, file, packing), source, file.shown)
    if source.damage:
        code = "cut_off_file" if source.damage == "cut_off" else "damaged_file"
        yield fault(code, file.shown, kind=packing or "UTF-16", at=source.lines + 1, what=source.damage)


def _head(pieces: Iterator[bytes]) -> bytes:
    parts: list[bytes] = []
    while sum(map(len, parts)) < PIECE_BYTES and (piece := next(pieces, b"")):
        parts.append(piece)
    return b"".join(parts)


def _kind(head: bytes, packing: str | None) -> str | None:
    """The kind of file, if it is one that is not read."""
    kind = foreign_kind(head) or (unicode_of(head).name if unicode_of(head).name == "UTF-32" else None)
    if packing and kind is None:
        kind = "Parquet" if head.startswith(PARQUET) else packing_of(head)
    return f"{kind} in {packing}" if packing and kind else kind


def _told_if_empty(items: Iterable[Item], source: Pieces, shown: str) -> Iterator[Item]:
    """The items; if there are only notes, that nothing was found."""
    items = iter(items)
    for item in items:
        yield item
        if not isinstance(item, Note):
            yield from items
            return
    if not source.damage:
        yield fault("no_records", shown)


def _rows_of_text(
    head: bytes, pieces: Iterator[bytes], source: Pieces, file: Opened, packing: str | None
) -> Iterator[Item]:
    unicode = unicode_of(head)
    yield from _encoding_notes(unicode, file.shown)
    is_whole = len(head) < PIECE_BYTES
    rest = itertools.chain([head[len(unicode.mark) :]], pieces)
    if unicode.name == "UTF-16":
        rest = itertools.chain(transcoded(rest, unicode.codec, source.cut_off))
    text = head[len(unicode.mark) :].decode(unicode.codec, "replace")
    layout = layout_of(text, file.shown, _suffix(file.path, packing), is_whole=is_whole)
    if isinstance(layout, Problem):
        yield layout if _CONTROL.search(head) else _encoding_fault(numbered_lines(rest, source, file.shown)) or layout
    elif layout == "array":
        yield from ArrayReader(rest, source, file.shown).rows()
    elif isinstance(layout, Dialect):
        if not layout.is_quoted:
            yield Note(fault("quotes_as_text", file.shown))
        yield from table_rows(numbered_lines(rest, source, file.shown), file.shown, layout)
    else:
        yield from json_rows(numbered_lines(rest, source, file.shown), file.shown)


def _encoding_fault(lines: Iterable[Line]) -> Problem | None:
    """The first line that is not UTF-8: of a text in another encoding, what it seems to be laid out as says nothing."""
    faults = (line for _, line in lines if isinstance(line, Problem))
    return next((found for found in faults if found.code == "bad_encoding"), None)


def _encoding_notes(unicode: Unicode, shown: str) -> Iterator[Note]:
    if unicode.name == "UTF-16":
        yield Note(fault("read_as_utf16", shown, line=1))
    elif unicode.mark:
        yield Note(fault("byte_order_mark", shown, line=1))


def _suffix(path: PurePath, packing: str | None) -> str:
    """The extension of the text, without that of its packing."""
    return (PurePath(path.stem) if packing else path).suffix.lower()
