"""A list of turns, whichever way its roles and texts are spelled; for all formats that hold one. Knows no pairs."""

from collections.abc import Mapping, Set
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.data.formats.format import Converted, RowReading, is_clean, is_filled
from llm_finetune.data.formats.tool_calls import CALL_KEYS, calls_of_text, read_calls, read_tools
from llm_finetune.data.read import json_type
from llm_finetune.data.read.parse import BadJsonError, whole
from llm_finetune.data.rows import Conversation, Message, Row
from llm_finetune.data.turns import ASSISTANT, CALL, PLAIN_ORDER, ROLES, TOOL, Turn, role_of
from llm_finetune.data.visible import quoted
from llm_finetune.messages import say

BESIDE_TURNS = ("system", "tools", "functions", "parallel_tool_calls")
"""Keys that are read beside a list of turns; the last one says nothing that could be learned."""

_BESIDE = frozenset(BESIDE_TURNS)
_ROLE_KEYS = ("role", "from", "user")
_CONTENT_KEYS = ("content", "value", "text")
_PLAIN_KEYS = (("role", "from"), ("content", "value"))
_WEIGHT_KEYS = ("weight", "loss_weight")
_UNREAD_KEYS = frozenset({"reasoning_content", "reasoning", "thinking", "refusal", "audio", "images", "videos"})
"""Keys of a turn that hold something to learn in other tools, and are not read here."""
_TEXT_PART = "text"


def convert_turns(row: Row, repairs: Set[str], key: str) -> Converted:
    """The conversation of a row that holds its turns under one key."""
    value = row.values.get(key)
    if type(value) is list and _BESIDE.isdisjoint(row.values) and (messages := _plain_messages(value)):
        return Converted(Conversation(messages, row.path, row.line))
    reading = RowReading(row, repairs)
    turns = reading.system(read_turns(reading, row.values.get(key), key))
    return reading.converted(reading.arranged(turns, key), tools=read_tools(reading))


def _plain_messages(turns: list[Any]) -> tuple[Message, ...] | None:
    """The messages of turns that are plain texts in order, as nearly all are; None for what needs a second look."""
    messages: list[Message] = []
    before = ""
    for turn in turns:
        if type(turn) is not dict or len(turn) != 2:
            return None
        role, content = (turn.get(one) or turn.get(other) for one, other in _PLAIN_KEYS)
        role = ROLES.get(role, "") if type(role) is str else ""
        if role not in PLAIN_ORDER[before] or not is_filled(content):
            return None
        messages.append({"role": role, "content": content})
        before = role
    if before != ASSISTANT or not is_clean("".join([message["content"] for message in messages])):
        return None
    return tuple(messages)


def read_turns(reading: RowReading, value: Any, field: str) -> list[Turn]:
    """The turns of a list, or of JSON text of one; without those that cannot be made out."""
    turns = _list_of(value)
    if turns is None:
        reading.has_gaps = True
        reading.fault("missing_messages_list", field, found="[]" if value == [] else json_type(value))
        return []
    read = [read_turn(reading, item, f"{field}[{index}]") for index, item in enumerate(turns)]
    return [turn for turn in read if turn is not None]


def _list_of(value: Any) -> list[Any] | None:
    """A list with something in it."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = whole(value)
        except BadJsonError:
            return None
    return value if isinstance(value, list) and value else None


def is_turn(value: Any) -> bool:
    """Whether a value is meant as a turn, rather than as a value that should be text."""
    return isinstance(value, Mapping) and not value.keys().isdisjoint((*_ROLE_KEYS, *_CONTENT_KEYS))


def is_list_of_turns(value: Any) -> bool:
    """Whether a value is meant as a list of turns."""
    return isinstance(value, list) and bool(value) and all(map(is_turn, value))


def read_turn(reading: RowReading, item: Any, field: str) -> Turn | None:
    """One turn, or None where its role is not known."""
    role = _role(reading, item, field)
    if role is None:
        reading.has_gaps = True
        return None
    _warn_of_unread(reading, item, field)
    turn = _answer(reading, item, field, role) if role in {ASSISTANT, CALL} else Turn(role, None, field)
    if turn.content is None and role != CALL:
        calls = turn.role == ASSISTANT and any(item.get(key) for key in CALL_KEYS)
        turn.content = _content(reading, item, field, may_be_null=calls, may_be_empty=role == TOOL)
    turn.is_trained = _is_trained(reading, item, field, turn.role)
    if role == TOOL:
        turn.name, turn.call_id = (_mark(reading, item, field, key) for key in ("name", "tool_call_id"))
    return turn


def _answer(reading: RowReading, item: Mapping[str, Any], field: str, role: str) -> Turn:
    """A turn of the assistant with its calls and without its text. Behind a call not read, no result is told."""
    faults = len(reading.problems)
    key = _present(item, _CONTENT_KEYS)
    if role == CALL and key is not None:
        calls = calls_of_text(reading, item[key], f"{field}.{key}")
    else:
        calls = read_calls(reading, item, field)
    if role == CALL and not calls and len(reading.problems) == faults:
        reading.fault("message_missing_key", f"{field}.{'value' if 'from' in item else 'content'}")
    reading.has_gaps |= len(reading.problems) > faults
    return Turn(ASSISTANT, None, field, calls)


def _role(reading: RowReading, item: Any, field: str) -> str | None:
    """The role of a turn; what is wrong with it is told."""
    if not isinstance(item, Mapping):
        reading.fault("data_type", field, found=json_type(item))
        return None
    key = _present(item, _ROLE_KEYS)
    if key is None or (key == "user" and role_of(item[key]) is None):
        reading.fault("message_missing_key", f"{field}.{'from' if 'value' in item else 'role'}")
        return None
    name = item[key]
    role = role_of(name)
    if role is None:
        is_text = isinstance(name, str)
        guess = nearest(name, ROLES) if is_text and len(name) < 40 else None
        hint = say("data.unknown_layout.guess", found=name, name=guess) if guess else ""
        found = repr(quoted(name)) if is_text else json_type(name)
        reading.fault("unrecognized_role", f"{field}.{key}", hint=hint, found=found, known=", ".join(ROLES))
    return role


def _present(item: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """The key that a turn uses: the first that is not null, else the first that is there."""
    there = [key for key in keys if key in item]
    return next((key for key in there if item[key] is not None), there[0] if there else None)


def _content(
    reading: RowReading, item: Mapping[str, Any], field: str, *, may_be_null: bool, may_be_empty: bool
) -> str | None:
    """The text of a turn; parts of it are joined."""
    key = _present(item, _CONTENT_KEYS)
    if key is None or item[key] is None:
        if may_be_null:
            return None
        place = f"{field}.{key or ('value' if 'from' in item else 'content')}"
        reading.fault("message_missing_key" if key is None else "null_field", place)
        return ""
    value, place = item[key], f"{field}.{key}"
    if isinstance(value, list) and value and all(isinstance(part, Mapping) and "type" in part for part in value):
        value = _joined_parts(reading, value, place)
        if value is None:
            return ""
    text = reading.text(value, place, may_be_empty=may_be_null or may_be_empty)
    return None if may_be_null and not text.strip() else text


def _joined_parts(reading: RowReading, parts: list[Mapping[str, Any]], field: str) -> str | None:
    """The text of the parts, nothing put between them; None where one cannot be read."""
    faults = len(reading.problems)
    texts = []
    for index, part in enumerate(parts):
        place = f"{field}[{index}]"
        key = _present(part, ("text", "value"))
        if part["type"] != _TEXT_PART:
            reading.has_gaps = True
            found = quoted(part["type"]) if isinstance(part["type"], str) else json_type(part["type"])
            reading.fault("content_part", f"{place}.type", found=found)
        elif key is None:
            reading.fault("message_missing_key", f"{place}.text")
        else:
            texts.append(reading.text(part[key], f"{place}.{key}", may_be_empty=True))
    return "".join(texts) if len(reading.problems) == faults else None


def _mark(reading: RowReading, item: Mapping[str, Any], field: str, key: str) -> str | None:
    """The name or the number of a call, which may be left out."""
    value = item.get(key)
    return None if value is None else reading.text(value, f"{field}.{key}", may_be_empty=True) or None


def _is_trained(reading: RowReading, item: Mapping[str, Any], field: str, role: str) -> bool:
    """Whether a turn is learned: an answer without a weight, or with weight 1."""
    key = _present(item, _WEIGHT_KEYS)
    if key is None or item[key] is None:
        return True
    weight = item[key]
    if not isinstance(weight, int | float) or weight not in {0, 1}:
        shown = quoted(str(weight)) if isinstance(weight, int | float | str) else json_type(weight)
        reading.fault("bad_weight", f"{field}.{key}", found=shown)
        return True
    if weight and role != ASSISTANT:
        reading.warning("ignored_weight", f"{field}.{key}", role=role)
    return bool(weight)


def _warn_of_unread(reading: RowReading, item: Mapping[str, Any], field: str) -> None:
    for key in sorted(_UNREAD_KEYS & item.keys()):
        if item[key] not in (None, "", [], {}):
            reading.warning("unread_key", f"{field}.{key}", key=key)
