"""Reading answers and references as JSON, strictly (RFC 8259). Not a metric."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def json_object(text: str) -> dict[str, Any] | None:
    """The object that a text is, surrounding white space aside, or None. NaN and Infinity are no JSON."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def all_objects(references: Sequence[str]) -> bool:
    """Whether there are references and every one is a JSON object."""
    return bool(references) and all(json_object(reference) is not None for reference in references)


def same_value(left: Any, right: Any) -> bool:
    """Equality of JSON values: keys in any order, lists in order, `true` is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_value(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_value, left, right))
    return bool(left == right)
