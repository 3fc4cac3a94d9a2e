"""Rows of `messages`, as in OpenAI's chat fine-tuning files. Codes of problems use OpenAI's names where they exist."""

from collections.abc import Mapping
from typing import Any

from llm_finetune.data.formats.format import Converted, Format, problem, text_problem
from llm_finetune.data.read import json_type
from llm_finetune.data.rows import Row
from llm_finetune.errors import Problem

ROLES = ("system", "user", "assistant")


def _recognises(values: Mapping[str, Any]) -> bool:
    return "messages" in values


def _convert(row: Row) -> Converted:
    turns = row.values["messages"]
    if not isinstance(turns, list) or not turns:
        found = "an empty list" if turns == [] else json_type(turns)
        return [], [problem("missing_messages_list", row, "messages", found=found)]
    problems = [fault for index, turn in enumerate(turns) if (fault := _turn_problem(row, index, turn))]
    if not problems:
        problems = _order_problems(row, [turn["role"] for turn in turns])
    if problems:
        return [], problems
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns], []


def _turn_problem(row: Row, index: int, turn: Any) -> Problem | None:
    field = f"messages[{index}]"
    if not isinstance(turn, dict):
        return problem("data_type", row, field, found=json_type(turn))
    if "role" not in turn:
        return problem("message_missing_key", row, f"{field}.role")
    if turn["role"] not in ROLES:
        return problem("unrecognized_role", row, f"{field}.role", found=repr(turn["role"]), known=", ".join(ROLES))
    return text_problem(row, f"{field}.content", turn, "content")


def _order_problems(row: Row, roles: list[str]) -> list[Problem]:
    """Turns: an optional system turn, then user and assistant in turn, the assistant last."""
    problems = []
    for index, role in enumerate(roles):
        before = roles[index - 1] if index else None
        if role == "system" and index:
            problems.append(problem("system_not_first", row, f"messages[{index}]"))
        elif role == before:
            problems.append(problem("repeated_role", row, f"messages[{index}]", role=role))
        elif role == "assistant" and before in {None, "system"}:
            problems.append(problem("starts_with_assistant", row, f"messages[{index}]"))
    if "assistant" not in roles:
        problems.append(problem("example_missing_assistant_message", row, "messages"))
    elif roles[-1] != "assistant":
        problems.append(problem("trailing_turn", row, f"messages[{len(roles) - 1}]", role=roles[-1]))
    return problems


FORMAT = Format(
    name="messages",
    title="`messages`: a list of turns with `role` (system, user, assistant) and `content`.",
    keys=("messages",),
    recognises=_recognises,
    convert=_convert,
    sample={
        "messages": [
            {"role": "user", "content": "Good morning"},
            {"role": "assistant", "content": "Good morning! How can I help?"},
        ]
    },
)
