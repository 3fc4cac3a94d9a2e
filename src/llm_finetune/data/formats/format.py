"""What a data format is, and the checks that formats share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.read import json_type
from llm_finetune.data.rows import Message, Row
from llm_finetune.errors import Problem
from llm_finetune.messages import say

Converted = tuple[list[Message], list[Problem]]


@dataclass(frozen=True, slots=True)
class Format:
    """One layout of rows."""

    name: str
    title: str
    """One sentence for the documentation."""
    keys: tuple[str, ...]
    """Every key the format reads; others are listed as ignored."""
    recognises: Callable[[Mapping[str, Any]], bool]
    convert: Callable[[Row], Converted]
    """The turns of a row, and what is wrong with it; turns are used only if nothing is."""
    sample: dict[str, Any]
    """A row that is right, for documentation and tests."""


def problem(code: str, row: Row, field: str, **values: object) -> Problem:
    """A problem of one field of a row, worded in the catalogue under `data.<code>`."""
    return Problem(code, say(f"data.{code}", **values), say(f"data.{code}.fix", **values), row.path, row.line, field)


def text_problem(row: Row, field: str, holder: Mapping[str, Any], key: str) -> Problem | None:
    """What is wrong with a text that must be there: missing, null, not a text, empty or blank."""
    if key not in holder:
        return problem("missing_field", row, field)
    value = holder[key]
    if value is None:
        return problem("null_field", row, field)
    if not isinstance(value, str):
        return problem("not_text", row, field, found=json_type(value))
    if not is_unicode(value):
        return problem("lone_surrogate", row, field)
    if not value:
        return problem("empty_field", row, field)
    return None if value.strip() else problem("blank_field", row, field)


def is_unicode(text: str) -> bool:
    r"""Whether a text can be written as UTF-8; half of a pair such as `\ud83d` alone cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def optional_text_problem(row: Row, key: str) -> Problem | None:
    """What is wrong with a text that may be left out, null or empty."""
    value = row.values.get(key)
    if isinstance(value, str) and not is_unicode(value):
        return problem("lone_surrogate", row, key)
    if value is None or isinstance(value, str):
        return None
    return problem("not_text", row, key, found=json_type(value))
