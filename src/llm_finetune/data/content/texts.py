"""The texts of a conversation, as content checks look at them. Knows no check."""

import json
from collections.abc import Iterable
from typing import Any

from llm_finetune.data.rows import Conversation, Message


def whole_text(conversation: Conversation) -> str:
    """Everything a row brings, turns and tools alike, for scans that only ask whether something is in it."""
    texts = [text_of(turn) for turn in conversation.messages]
    if conversation.rejected:
        texts += [text_of(turn) for turn in conversation.rejected]
    if conversation.tools:
        texts.append(spelled(conversation.tools))
    return "\n".join(texts)


def prompt_and_answer(conversation: Conversation) -> tuple[str, str]:
    """The turns before the last answer without the system prompt, which many rows share, and the last answer."""
    *prompt, answer = conversation.messages
    return "\n".join([text_of(turn) for turn in prompt if turn["role"] != "system"]), text_of(answer)


def text_of(turn: Message) -> str:
    """The text of a turn; tool calls as JSON behind it."""
    text = turn["content"] or ""
    return f"{text}\n{spelled(turn['tool_calls'])}" if turn.get("tool_calls") else str(text)


def spelled(values: Iterable[Any]) -> str:
    """JSON that is equal for equal values."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True)
