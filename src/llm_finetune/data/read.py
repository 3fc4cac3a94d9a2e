"""Read JSON and JSON Lines files into rows, with the physical line of each. Knows no format of rows.

Content decides, not the extension: an array is read element by element, anything else line by line; an object spread
over several lines is one row. Line numbers are those of `sed -n Np`: only a line feed ends a line.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_finetune.data.rows import Row
from llm_finetune.errors import Problem
from llm_finetune.messages import say

_BOM = b"\xef\xbb\xbf"
_FOREIGN_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_FOREIGN_SUFFIXES = {".csv": "CSV", ".tsv": "TSV", ".parquet": "Parquet", ".gz": "gzip", ".zst": "zstd"}
_LIKELY_ENCODINGS = (
    ("cp950", "cp950 (Big5)"),
    ("cp1252", "cp1252 (Western European)"),
    ("latin-1", "latin-1"),
)
_DECODER = json.JSONDecoder()
_GAP = re.compile(r"[\s,]*")
_NEXT_ELEMENT = re.compile(r"\n\s*(?=\{)")


@dataclass(slots=True)
class Reading:
    """What one file held."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def read_rows(path: Path, shown: str) -> Reading:
    """Read a file; `shown` is the path used in messages. Nothing is raised: what is wrong is in `problems`."""
    reading = Reading()
    try:
        data = path.read_bytes()
    except OSError as error:
        reading.problems.append(_problem("missing_file", shown, what=error.strerror or str(error)))
        return reading
    if kind := _foreign_kind(path, data):
        reading.problems.append(_problem("unsupported_kind", shown, kind=kind))
        return reading
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
        reading.notes.append(_problem("byte_order_mark", shown, line=1))
    text = _decoded(data, shown, reading)
    if not text.strip():
        if not reading.problems:
            reading.problems.append(_problem("no_records", shown))
    elif _is_array(text):
        _read_array(text, shown, reading)
    else:
        _read_lines(text, shown, reading)
    return reading


def _problem(code: str, path: str, line: int = 0, **values: object) -> Problem:
    return Problem(code, say(f"data.{code}", **values), say(f"data.{code}.fix", **values), path, line)


def _foreign_kind(path: Path, data: bytes) -> str | None:
    for start, kind in _FOREIGN_STARTS:
        if data.startswith(start):
            return kind
    return _FOREIGN_SUFFIXES.get(path.suffix.lower())


def _decoded(data: bytes, shown: str, reading: Reading) -> str:
    """The text; lines that are not UTF-8 are reported and left blank."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        lines = data.split(b"\n")
    texts = []
    for number, line in enumerate(lines, 1):
        try:
            texts.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            guess = _likely_encoding(line)
            reading.problems.append(_problem("bad_encoding", shown, number, byte=error.start + 1, guess=guess))
            texts.append("")
    return "\n".join(texts)


def _likely_encoding(line: bytes) -> str:
    for codec, name in _LIKELY_ENCODINGS:
        try:
            line.decode(codec)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def _is_array(text: str) -> bool:
    """Whether the whole file is one array of records, rather than lines that each hold an array."""
    start = _GAP.match(text).end()  # type: ignore[union-attr]  # the pattern matches the empty text
    if not text.startswith("[", start):
        return False
    first = _GAP.match(text, start + 1).end()  # type: ignore[union-attr]
    if text[first : first + 1] not in {"{", "]"}:
        return False
    try:
        _, end = _decoded_at(text, start)
    except json.JSONDecodeError:
        return True
    return not text[end:].strip()


def _read_array(text: str, shown: str, reading: Reading) -> None:
    position = text.index("[") + 1
    line, counted = 1, 0
    while True:
        position = _GAP.match(text, position).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, position), position
        if position >= len(text):
            reading.problems.append(_problem("unfinished_array", shown, line))
            break
        if text[position] == "]":
            break
        try:
            value, position = _decoded_at(text, position)
        except json.JSONDecodeError as error:
            reading.problems.append(_bad_json(error, text, shown))
            following = _NEXT_ELEMENT.search(text, max(error.pos, position + 1))
            if following is None:
                break
            position = following.end()
            continue
        _take(value, shown, line, reading)
    if not reading.rows and not reading.problems:
        reading.problems.append(_problem("no_records", shown))


def _read_lines(text: str, shown: str, reading: Reading) -> None:
    skip_until = 0
    for number, start, line in _lines_of(text):
        if start < skip_until or not line.strip():
            continue
        try:
            value = _parsed(line)
        except json.JSONDecodeError as error:
            end = _object_over_lines(text, start)
            if end is None:
                reading.problems.append(_bad_json(error, line, shown, number))
                continue
            value, skip_until = _decoded_at(text, start + len(line) - len(line.lstrip()))[0], end
        _take(value, shown, number, reading)


def _parsed(line: str) -> Any:
    """The value of a line; numbers and nesting beyond Python's limits are not JSON to us either.

    Raises: json.JSONDecodeError
    """
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise json.JSONDecodeError(str(error), line, 0) from error


def _decoded_at(text: str, start: int) -> tuple[Any, int]:
    """Value and end of the JSON value that starts here.

    Raises: json.JSONDecodeError
    """
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise json.JSONDecodeError(str(error), text, start) from error


def _lines_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Number, start and text of each line; a carriage return before the line feed is not part of it."""
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        yield number, start, line.removesuffix("\r")
        start += len(line) + 1


def _object_over_lines(text: str, start: int) -> int | None:
    """Where an object that begins on this line and ends on a later one ends, if it is followed by a line end."""
    start = _GAP.match(text, start).end()  # type: ignore[union-attr]
    if not text.startswith("{", start):
        return None
    try:
        _, end = _decoded_at(text, start)
    except json.JSONDecodeError:
        return None
    line_end = text.find("\n", end)
    rest = text[end:] if line_end < 0 else text[end:line_end]
    return end if "\n" in text[start:end] and not rest.strip() else None


def _take(value: Any, shown: str, line: int, reading: Reading) -> None:
    if isinstance(value, dict):
        reading.rows.append(Row(value, shown, line))
    else:
        reading.problems.append(_problem("row_not_object", shown, line, found=json_type(value)))


def json_type(value: Any) -> str:
    """The name JSON has for a value's type."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "boolean"),
        (int, "number"),
        (float, "number"),
        (str, "text"),
        (list, "array"),
        (dict, "object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _bad_json(error: json.JSONDecodeError, text: str, shown: str, line: int = 0) -> Problem:
    """Where the text stops being JSON, with an excerpt and the likely cause."""
    excerpt = text[max(0, error.pos - 20) : error.pos + 20].replace("\n", "⏎")
    message = say("data.bad_json", column=error.colno, what=error.msg.lower(), excerpt=excerpt)
    return Problem("bad_json", message, say(_hint(error, text)), shown, line or error.lineno)


def _hint(error: json.JSONDecodeError, text: str) -> str:
    rest = text[error.pos :].lstrip()
    if error.msg.startswith("Extra data") and rest.startswith(","):
        return "data.bad_json.hint.comma_after"
    if error.msg.startswith(("Unterminated string", "Invalid control character")):
        return "data.bad_json.hint.unfinished"
    if rest.startswith("'") or "{'" in text:
        return "data.bad_json.hint.single_quotes"
    if error.msg.startswith(("Illegal trailing comma", "Expecting property name")):
        return "data.bad_json.hint.trailing_comma"
    return "data.bad_json.hint.general"
