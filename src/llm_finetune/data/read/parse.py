"""From text to JSON values, stricter than Python: no NaN, no key twice, no endless nesting. Knows no files."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.read.faults import excerpt, fault, start_of
from llm_finetune.errors import Problem
from llm_finetune.messages import say

DEEPEST_NESTING = 200
"""Levels of arrays and objects in one row. Beyond, Python's own functions run out of stack somewhere later."""
JSON_BLANKS = " \t\r\n"

_BLANKS = re.compile(r"[ \t\n\r]*")
_OUTSIDE_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN|-?\d{4301,}|-?\d+(?:\.\d+)?[eE]\+?\d{3,})', re.DOTALL)
_WORDINGS: tuple[tuple[str, str], ...] = (
    # How Python's messages start, and what we call the fault.
    ("Expecting property name", "property_name"),
    ("Illegal trailing comma", "trailing_comma"),
    ("Expecting ':'", "colon"),
    ("Expecting ','", "comma"),
    ("Expecting value", "value"),
    ("Extra data", "extra"),
    ("Unterminated string", "unfinished_text"),
    ("Invalid control character", "control_character"),
    ("Invalid \\u", "unicode_escape"),
    ("Invalid \\", "escape"),
)
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "number"),
    (float, "number"),
    (str, "text"),
    (list, "array"),
    (dict, "object"),
)


class Number(float):
    """A JSON number with a fraction or an exponent that keeps how it was written: 3.10 stays `3.10`."""

    __slots__ = ("literal",)
    literal: str

    def __new__(cls, literal: str) -> "Number":
        value = super().__new__(cls, literal)
        if math.isinf(value):
            raise _OddValueError("out_of_range")
        value.literal = literal
        return value


class BadJsonError(ValueError):
    """Text that is not JSON: what kind of fault, and where in the text."""

    def __init__(self, kind: str, position: int, key: str = "") -> None:
        super().__init__(kind)
        self.kind, self.position, self.key = kind, position, key


class _OddValueError(ValueError):
    """A value that Python would take and JSON does not know."""

    def __init__(self, kind: str, key: str = "") -> None:
        super().__init__(kind)
        self.kind, self.key = kind, key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [key for key, _ in pairs]
        raise _OddValueError("duplicate_key", next(key for key in names if names.count(key) > 1))
    return values


def _constant(_: str) -> float:
    raise _OddValueError("not_finite")


scan_once: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_constant=_constant
).scan_once  # type: ignore[attr-defined]  # public in Python's source, missing in its stubs
"""The value that starts exactly here, and its end. Raises StopIteration, ValueError or RecursionError."""


def parsed(text: str, start: int = 0) -> tuple[Any, int]:
    """The JSON value that starts here, after blanks, and its end.

    Raises: BadJsonError
    """
    start = after_blanks(text, start)
    try:
        value, end = scan_once(text, start)
    except StopIteration as stop:
        raise BadJsonError("value", int(stop.value)) from None
    except json.JSONDecodeError as error:
        raise BadJsonError(_kind_of(error), error.pos) from None
    except _OddValueError as error:
        raise BadJsonError(error.kind, _odd_place(text, start), error.key) from None
    except RecursionError:
        raise BadJsonError("too_deep", start) from None
    except ValueError:
        raise BadJsonError("long_number", _odd_place(text, start)) from None
    if is_too_deep(text, start, end, value):
        raise BadJsonError("too_deep", start)
    return value, end


def whole(text: str) -> Any:
    """The one JSON value that a text holds.

    Raises: BadJsonError
    """
    value, end = parsed(text)
    rest = after_blanks(text, end)
    if rest < len(text):
        raise BadJsonError("extra", rest)
    return value


def after_blanks(text: str, start: int) -> int:
    """The position of the first character that is not blank, from `start` on."""
    return _BLANKS.match(text, start).end()  # type: ignore[union-attr]  # the pattern matches the empty text


def is_too_deep(text: str, start: int, end: int, value: Any) -> bool:
    """Whether a value nests beyond the limit; most texts hold too few brackets to need a look."""
    brackets = text.count("{", start, end) + text.count("[", start, end)
    return brackets > DEEPEST_NESTING and _depth(value) > DEEPEST_NESTING


def _depth(value: Any) -> int:
    """Levels of nesting, counted a level at a time."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return depth


def _kind_of(error: json.JSONDecodeError) -> str:
    return next((kind for start, kind in _WORDINGS if error.msg.startswith(start)), "value")


def _odd_place(text: str, start: int) -> int:
    """Where a value stands that Python found and gave no place for."""
    return next((match.start() for match in _OUTSIDE_TEXTS.finditer(text, start) if match[1]), start)


def json_type(value: Any) -> str:
    """The name JSON has for a value's type."""
    if value is None:
        return "null"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), type(value).__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in a file."""

    line: int
    """The physical line of the position `start` in the text."""
    start: int = 0
    column: int = 0
    """That of the fault in its line, where the text does not begin with a line."""


def json_problem(error: BadJsonError, text: str, shown: str, stands: Place) -> Problem:
    """The problem of a text that is not JSON."""
    place = error.position
    line = stands.line + text.count("\n", stands.start, place)
    if error.kind == "duplicate_key":
        named = fault("duplicate_key", shown, line, key=start_of(error.key))
        return Problem(named.code, named.message, named.fix, shown, line, start_of(error.key))
    if error.kind == "too_deep":
        return fault("nesting_too_deep", shown, line, limit=DEEPEST_NESTING)
    column = stands.column or place - text.rfind("\n", 0, place)
    message = say(
        "data.bad_json", column=column, what=say(f"data.bad_json.what.{error.kind}"), excerpt=excerpt(text, place)
    )
    return Problem("bad_json", message, say(f"data.bad_json.hint.{_hint(error, text)}"), shown, line)


def _hint(error: BadJsonError, text: str) -> str:
    """The likely cause."""
    if error.kind in {"unfinished_object", "not_finite", "out_of_range", "long_number", "escape", "unicode_escape"}:
        return error.kind
    if error.kind == "extra":
        return _extra_hint(text, error.position)
    rest = text[error.position : error.position + 8].lstrip()
    if error.kind == "control_character" and rest[:1] != "\n" and error.position < len(text.rstrip("\r\n")):
        return "control_character"
    if error.kind in {"unfinished_text", "control_character"}:
        return "unfinished"
    if rest.startswith("'") or "{'" in text[:1000]:
        return "single_quotes"
    if rest.startswith("\ufeff"):
        return "byte_order_mark"
    if error.kind == "trailing_comma" or (error.kind == "property_name" and rest.startswith("}")):
        return "trailing_comma"
    return "general"


def _extra_hint(text: str, position: int) -> str:
    if text.startswith(",", position):
        return "comma_after"
    if "\r" in text[:position].rstrip(" \t")[-1:]:
        return "carriage_return"
    return "one_a_line" if text.startswith(("{", "["), position) else "general"
