"""Roles, and the order of turns. Knows no rows: a fault here is a code, the number of a turn, and its values.

A conversation is an optional system turn, then user and assistant in turn. An assistant turn may hold tool calls: their
results follow it, and behind the results the assistant speaks. It ends with the assistant, a call included.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llm_finetune.data.rows import Message

SYSTEM, USER, ASSISTANT, TOOL = "system", "user", "assistant", "tool"
CALL = "function_call"
"""The role of a turn whose text is an assistant's tool calls as JSON."""

ROLES: Mapping[str, str] = {
    # Names that are read, in any letter case, and the role each is.
    "system": SYSTEM,
    "developer": SYSTEM,
    "user": USER,
    "human": USER,
    "prompter": USER,
    "assistant": ASSISTANT,
    "gpt": ASSISTANT,
    "chatgpt": ASSISTANT,
    "bot": ASSISTANT,
    "chatbot": ASSISTANT,
    "model": ASSISTANT,
    "tool": TOOL,
    "function": TOOL,
    "function_response": TOOL,
    "tool_response": TOOL,
    "observation": TOOL,
    "function_call": CALL,
    "tool_call": CALL,
}

PLAIN_ORDER: Mapping[str, frozenset[str]] = {
    # Which roles may follow a role, or stand first, where no tool is called. Order without a fault, for a quick look.
    "": frozenset({SYSTEM, USER}),
    SYSTEM: frozenset({USER}),
    USER: frozenset({ASSISTANT}),
    ASSISTANT: frozenset({USER}),
}


@dataclasses.dataclass(slots=True)
class Turn:
    """One turn on its way from a row to a conversation."""

    role: str
    content: str | None
    field: str
    """Where it stands in the row, such as `messages[2]`."""
    calls: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    name: str | None = None
    """Of a result: the tool it comes from."""
    call_id: str | None = None
    """Of a result: the call it answers."""
    is_trained: bool = True

    @property
    def message(self) -> Message:
        """The turn as chat templates take it."""
        message: Message = {"role": self.role, "content": self.content}
        if self.calls:
            message["tool_calls"] = self.calls
        if self.role == TOOL and self.name:
            message["name"] = self.name
        if self.role == TOOL and self.call_id:
            message["tool_call_id"] = self.call_id
        return message


@dataclasses.dataclass(frozen=True, slots=True)
class OrderFault:
    """A rule that the order of turns breaks."""

    code: str
    turn: int | None
    """Which turn breaks it, or None where it is the whole."""
    role: str = ""


def role_of(name: object) -> str | None:
    """The role that a name in a row stands for, or None."""
    if not isinstance(name, str):
        return None
    return ROLES.get(name) or ROLES.get(name.strip().lower())


def order_faults(turns: Sequence[Turn]) -> Iterator[OrderFault]:
    """Every rule that the turns break."""
    before: Turn | None = None
    for index, turn in enumerate(turns):
        if turn.role == SYSTEM:
            if index:
                yield OrderFault("system_not_first", index, SYSTEM)
            continue
        if fault := _fault_between(before, turn, index):
            yield fault
        before = turn
    yield from _faults_of_results(turns)
    if all(turn.role != ASSISTANT for turn in turns):
        yield OrderFault("example_missing_assistant_message", None)
    elif turns[-1].role != ASSISTANT:
        yield OrderFault("trailing_turn", len(turns) - 1, turns[-1].role)


def _fault_between(before: Turn | None, turn: Turn, index: int) -> OrderFault | None:
    """What is wrong with a turn behind another one, or behind none."""
    if before is not None and before.calls and turn.role != TOOL:
        return OrderFault("tool_call_without_result", index, turn.role)
    if turn.role == TOOL:
        is_answered = before is not None and (before.calls or before.role == TOOL)
        return None if is_answered else OrderFault("tool_result_without_call", index)
    if turn.role == ASSISTANT and before is None:
        return OrderFault("starts_with_assistant", index)
    if before is not None and before.role == turn.role:
        return OrderFault("repeated_role", index, turn.role)
    if before is not None and before.role == TOOL and turn.role == USER:
        return OrderFault("tool_result_without_answer", index)
    return None


def _faults_of_results(turns: Sequence[Turn]) -> Iterator[OrderFault]:
    """Results that name a call which the assistant did not make."""
    called: set[str] = set()
    for index, turn in enumerate(turns):
        if turn.role == ASSISTANT:
            called = {call["id"] for call in turn.calls if "id" in call}
        elif turn.role == TOOL and turn.call_id and called and turn.call_id not in called:
            yield OrderFault("unknown_tool_call_id", index)
