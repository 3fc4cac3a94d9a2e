"""Hold rows out for validation. Knows no tokens."""

import json
from collections.abc import Sequence

from llm_finetune.data.rows import Conversation
from llm_finetune.errors import DataError, Problem
from llm_finetune.files import sha256_of_text
from llm_finetune.messages import say

Sides = tuple[tuple[Conversation, ...], tuple[Conversation, ...]]


def split(conversations: Sequence[Conversation], share: float, seed: int) -> Sides:
    """Training and validation rows, each in the order of the file.

    A row's side follows from its content and the seed, not from its place; at least one row is on each side.
    Raises: DataError if there are fewer than two rows.
    """
    if len(conversations) < 2:
        raise DataError(
            Problem(
                "too_few_to_split",
                say("data.too_few_to_split", rows=len(conversations)),
                say("data.too_few_to_split.fix"),
            )
        )
    count = min(max(round(len(conversations) * share), 1), len(conversations) - 1)
    ranked = sorted(range(len(conversations)), key=lambda index: (_rank(conversations[index], seed), index))
    held_out = set(ranked[:count])
    return (
        tuple(row for index, row in enumerate(conversations) if index not in held_out),
        tuple(row for index, row in enumerate(conversations) if index in held_out),
    )


def _rank(conversation: Conversation, seed: int) -> str:
    return sha256_of_text(f"{seed}:{json.dumps(conversation.messages, ensure_ascii=False, sort_keys=True)}")
