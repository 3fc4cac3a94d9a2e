"""Tools and the calls of them, in the spellings that are around. Arguments become objects. Knows no turns."""

import json
from collections.abc import Mapping
from typing import Any

from llm_finetune.data.formats.format import RowReading
from llm_finetune.data.read import json_type
from llm_finetune.data.read.parse import DEEPEST_NESTING, BadJsonError, whole
from llm_finetune.data.visible import quoted
from llm_finetune.messages import say

FUNCTION = "function"
CALL_KEYS = ("tool_calls", "function_call")
"""Keys of an assistant's turn that hold its calls; the second is OpenAI's older name."""


class _NotReadError(ValueError):
    """Text that holds no JSON; the sentence says why."""


def read_tools(reading: RowReading, inside: str = "") -> tuple[Mapping[str, Any], ...]:
    """The tools beside the turns, as JSON schemas in the shape that chat templates take.

    `inside` names the object of the row that holds them, where it is not the row itself.
    """
    holder = reading.row.values[inside] if inside else reading.row.values
    places = [(key, f"{inside}.{key}" if inside else key) for key in ("tools", "functions") if key in holder]
    found = [
        _tool(reading, item, f"{field}[{index}]")
        for key, field in places
        for index, item in enumerate(_listed(reading, holder[key], field))
    ]
    return tuple(tool for tool in found if tool is not None)


def _listed(reading: RowReading, value: Any, field: str) -> list[Any]:
    """A list of tools; JSON text of it, or one tool alone, will do."""
    try:
        value = _parsed(value)
    except _NotReadError as error:
        reading.fault("tools_list", field, what=str(error))
        return []
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list):
        reading.fault("tools_list", field, what=json_type(value))
        return []
    return value


def _tool(reading: RowReading, item: Any, field: str) -> Mapping[str, Any] | None:
    """One tool as `{"type": "function", "function": {…}}`."""
    try:
        item = _parsed(item)
    except _NotReadError as error:
        reading.fault("tools_list", field, what=str(error))
        return None
    if not isinstance(item, Mapping):
        reading.fault("tools_list", field, what=json_type(item))
        return None
    function, place = item, field
    if isinstance(item.get(FUNCTION), Mapping):
        function, place = item[FUNCTION], f"{field}.function"
    reading.text(function.get("name"), f"{place}.name")
    if not _is_writable(reading, item, field, "tools_list"):
        return None
    return item if function is not item else {"type": FUNCTION, FUNCTION: dict(item)}


def read_calls(reading: RowReading, item: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """The calls of an assistant turn: `tool_calls`, or the older `function_call`."""
    calls = item.get("tool_calls")
    if isinstance(calls, Mapping):
        calls = [calls]
    if calls is None and item.get("function_call") is not None:
        return _call(reading, item["function_call"], f"{field}.function_call")
    if calls is not None and not isinstance(calls, list):
        reading.fault("tool_calls_list", f"{field}.tool_calls", found=json_type(calls))
        return []
    places = enumerate(calls or ())
    return [call for index, one in places for call in _call(reading, one, f"{field}.tool_calls[{index}]")]


def calls_of_text(reading: RowReading, value: Any, field: str) -> list[dict[str, Any]]:
    """The calls in a turn of the role `function_call`: JSON text of one or several, or the values themselves."""
    try:
        value = _parsed(value)
    except _NotReadError as error:
        reading.fault("tool_call_text", field, what=str(error))
        return []
    if isinstance(value, list) and value:
        return [call for index, one in enumerate(value) for call in _call(reading, one, f"{field}[{index}]")]
    if isinstance(value, Mapping):
        return _call(reading, value, field)
    reading.fault("tool_call_text", field, what=json_type(value))
    return []


def _call(reading: RowReading, item: Any, field: str) -> list[dict[str, Any]]:
    """One call, in a list; empty where it cannot be read."""
    if not isinstance(item, Mapping):
        reading.fault("tool_calls_list", field, found=json_type(item))
        return []
    function, place = item, field
    if isinstance(item.get(FUNCTION), Mapping):
        function, place = item[FUNCTION], f"{field}.function"
    if item.get("type", FUNCTION) not in {FUNCTION, None}:
        reading.fault("tool_call_type", f"{field}.type", found=quoted(str(item["type"])))
        return []
    if "name" not in function:
        reading.fault("message_missing_key", f"{place}.name")
        return []
    name = reading.text(function["name"], f"{place}.name")
    call: dict[str, Any] = {
        "type": FUNCTION,
        FUNCTION: {"name": name, "arguments": _arguments(reading, function, place)},
    }
    if item.get("id") is not None:
        call = {"id": reading.text(item["id"], f"{field}.id"), **call}
    return [call]


def _arguments(reading: RowReading, function: Mapping[str, Any], field: str) -> dict[str, Any]:
    """The arguments as an object, whichever way they are spelled; none at all is an empty object."""
    key = "arguments" if "arguments" in function else "parameters"
    place = f"{field}.{key}"
    value = function.get(key)
    try:
        value = _parsed(value)
    except _NotReadError as error:
        reading.fault("tool_call_arguments", place, what=str(error))
        return {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        reading.fault("tool_call_arguments", place, what=json_type(value))
        return {}
    return value if _is_writable(reading, value, place, "tool_call_arguments") else {}


def _parsed(value: Any) -> Any:
    """A value, parsed if it is JSON text; blank text is nothing.

    Raises: _NotReadError
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return whole(value)
    except BadJsonError as error:
        raise _NotReadError(_reason(error)) from None


def _reason(error: BadJsonError) -> str:
    if error.kind == "duplicate_key":
        return say("data.tool_call_arguments.twice", key=quoted(error.key))
    if error.kind == "too_deep":
        return say("data.tool_call_arguments.deep", limit=DEEPEST_NESTING)
    return say(f"data.bad_json.what.{error.kind}")


def _is_writable(reading: RowReading, value: Any, field: str, code: str) -> bool:
    """Whether a value can be written as JSON in UTF-8: a table may hold more than that."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:
        reading.fault("lone_surrogate", field)
    except (TypeError, ValueError) as error:
        reading.fault(code, field, what=quoted(str(error)))
    else:
        return True
    return False
