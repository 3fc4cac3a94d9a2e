"""Put right what `data.repair` allows: join turns, drop an unanswered one, spell values as text. Knows no rows."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llm_finetune.data.read import Number
from llm_finetune.data.turns import ASSISTANT, TOOL, Turn

MERGE_TURNS, DROP_TRAILING_TURN, TEXT_VALUES = "merge_turns", "drop_trailing_turn", "text_values"
SEPARATOR = "\n\n"
"""What stands between the texts of two turns that were joined."""


def json_text(value: Any) -> str:
    """A value as JSON spells it; a number that was read from a file keeps its digits.

    Raises: ValueError for what JSON cannot spell.
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json_text(str(key))}: {json_text(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(json_text, value)) + "]"
    if isinstance(value, Number):
        return value.literal
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError(f"not a JSON value: {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a finite number")
    return json.dumps(value, ensure_ascii=False)


def merged(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with neighbours of one role joined, a blank line between their texts."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and _can_join(joined[-1], turn):
            joined[-1] = _joined(joined[-1], turn)
        else:
            joined.append(turn)
    return joined


def _can_join(first: Turn, second: Turn) -> bool:
    """Results are one a call and stay apart; a text behind calls would come to stand in front of them."""
    if first.role != second.role or first.role == TOOL or first.is_trained != second.is_trained:
        return False
    return not first.calls or (bool(second.calls) and not second.content)


def _joined(first: Turn, second: Turn) -> Turn:
    texts = [text for text in (first.content, second.content) if text]
    return replace(first, content=SEPARATOR.join(texts) or None, calls=[*first.calls, *second.calls])


def answered(turns: Sequence[Turn]) -> list[Turn]:
    """The turns up to the last one of the assistant; all of them where there is none."""
    last = max((index for index, turn in enumerate(turns) if turn.role == ASSISTANT), default=len(turns) - 1)
    return list(turns[: last + 1])
