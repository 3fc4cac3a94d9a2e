"""Rows over the limit: stop, drop, remove the oldest turns, or cut. Knows no files and no cache.

- `stop`: an error, `overlong`, or `overlong_prompt` where the prompt alone fills the limit.
- `drop`: the row is left out, `overlong_dropped`.
- `truncate_left_turns`: the oldest turns go until it fits, never the system prompt, `turns_removed`. What is left
  begins with a user turn, and no call is parted from its result. An error where the last exchange alone is too long.
- `truncate`: its end goes, the end-of-turn with it, `truncated`. An error where nothing trained would be left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from llm_finetune.data.row_error import RowError, row_problem
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings, TrainOn
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.tokens import WHOLE, Tokens
from llm_finetune.errors import Problem

Encode = Callable[[Conversation, TrainOn], Sequence[Tokens]]
"""The tokens of a conversation, whatever their number. May raise RowError."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is left of an example: usually one, none if it is left out."""

    parts: tuple[Tokens, ...]
    note: Problem | None = None
    """What was done to it."""
    truncated: bool = False
    """Whether its end was cut off."""


def effective_limit(settings: DataSettings, text_model: TextModel) -> int:
    """Longest row in tokens: the setting, or the model's own limit if that is smaller."""
    return min(settings.max_length, text_model.limit or settings.max_length)


def fitted(tokens: Tokens, conversation: Conversation, limit: int, settings: DataSettings, encode: Encode) -> Fitted:
    """The example within the limit.

    Raises: RowError if it cannot be trained on.
    """
    if not any(stop > 1 for _, stop in tokens.runs):  # the first token has no place to be predicted from
        raise RowError(row_problem("no_trained_tokens", conversation))
    length = len(tokens.ids)
    if length <= limit:
        return Fitted((tokens,))
    match settings.overlong:
        case "drop":
            return Fitted((), row_problem("overlong_dropped", conversation, tokens=length, limit=limit))
        case "truncate":
            return _cut(tokens, conversation, limit)
        case "truncate_left_turns":
            return _without_oldest_turns(tokens, conversation, limit, settings, encode)
        case "stop":
            raise RowError(_too_long(tokens, conversation, limit))


def _cut(tokens: Tokens, conversation: Conversation, limit: int) -> Fitted:
    if tokens.prompt_tokens >= limit:
        raise RowError(_too_long(tokens, conversation, limit))
    note = row_problem("truncated", conversation, tokens=len(tokens.ids), limit=limit)
    return Fitted((tokens.cut(limit),), note, truncated=True)


def _too_long(tokens: Tokens, conversation: Conversation, limit: int) -> Problem:
    if tokens.prompt_tokens >= limit:
        return row_problem("overlong_prompt", conversation, prompt=tokens.prompt_tokens, limit=limit)
    return row_problem("overlong", conversation, tokens=len(tokens.ids), limit=limit)


def _without_oldest_turns(
    tokens: Tokens, conversation: Conversation, limit: int, settings: DataSettings, encode: Encode
) -> Fitted:
    train_on = settings.train_on
    if tokens.answer != WHOLE:
        conversation = _up_to(conversation, tokens.answer)
        train_on = "all" if train_on == "all" else "last_assistant"
    starts = exchange_starts(conversation)[1:]
    if not starts:
        raise RowError(_too_long(tokens, conversation, limit))
    low, high = 0, len(starts) - 1
    parts = tuple(encode(from_turn(conversation, starts[high]), train_on))
    for part in parts:
        if len(part.ids) > limit:
            raise RowError(_too_long(part, conversation, limit))
    while low < high:  # the fewest turns whose removal is enough; a shorter conversation has fewer tokens
        middle = (low + high) // 2
        shorter = tuple(encode(from_turn(conversation, starts[middle]), train_on))
        if all(len(part.ids) <= limit for part in shorter):
            parts, high = shorter, middle
        else:
            low = middle + 1
    if not any(stop > 1 for part in parts for _, stop in part.runs):
        raise RowError(row_problem("no_trained_tokens", conversation))
    removed = starts[high] - exchange_starts(conversation)[0]
    note = row_problem("turns_removed", conversation, turns=removed, tokens=len(tokens.ids), limit=limit)
    return Fitted(tuple(part for part in parts if part.runs), note)


def exchange_starts(conversation: Conversation) -> list[int]:
    """Turns with which an exchange begins: user turns that follow no other."""
    roles = [message["role"] for message in conversation.messages]
    return [index for index, role in enumerate(roles) if role == "user" and roles[index - 1 : index] != ["user"]]


def from_turn(conversation: Conversation, start: int) -> Conversation:
    """The conversation without the turns before `start`, except the system prompt at its head."""
    head = 1 if conversation.messages[0]["role"] == "system" else 0
    removed = start - head
    return replace(
        conversation,
        messages=(*conversation.messages[:head], *conversation.messages[start:]),
        untrained=frozenset(turn - removed for turn in conversation.untrained if turn >= start),
    )


def _up_to(conversation: Conversation, turn: int) -> Conversation:
    """The conversation that ends with a turn."""
    return replace(
        conversation,
        messages=conversation.messages[: turn + 1],
        untrained=frozenset(other for other in conversation.untrained if other < turn),
    )
