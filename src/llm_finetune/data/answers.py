"""Where an answer begins and ends in a rendered conversation: behind its prompt, with its end-of-turn token.

Knows no token ids, only how control tokens are spelled.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_finetune.data.mask import THINK_END, THINK_START, Span, thought_in, thought_span
from llm_finetune.data.row_error import RowError, row_problem
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.text_model import TextModel, Tools


class RewrittenError(Exception):
    """The template writes this answer, or what is before it, in another way once the conversation goes on."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation as it is rendered, and who renders it."""

    conversation: Conversation
    """The row it comes from, for messages."""
    messages: tuple[Message, ...]
    """Its turns; no text in them spells a control token."""
    tools: Tools
    text_model: TextModel

    def render(self, messages: Sequence[Message]) -> str:
        """Raises: TemplateRefusalError"""
        return self.text_model.render(messages, self.tools)

    def upto(self, turn: int) -> "Chat":
        """The conversation as it stood when this turn was its last."""
        return replace(self, messages=self.messages[: turn + 1])

    def error(self, code: str, turn: int, **values: Any) -> RowError:
        """What is wrong with a turn; turns are counted from 1 as the row has them."""
        moved = len(self.conversation.messages) - len(self.text_model.arranged(self.conversation.messages))
        role = self.messages[turn]["role"]
        return RowError(row_problem(code, self.conversation, turn=turn + moved + 1, role=role, **values))


@dataclass(frozen=True, slots=True)
class Answer:
    """Characters of an answer in the text."""

    start: int
    """Where its prompt ends."""
    stop: int
    """Behind its end-of-turn token."""
    end_length: int
    """Characters of that token."""
    has_end: bool
    """Whether the template writes an end-of-turn token."""


def answer_of(chat: Chat, turn: int, text: str, content: Span | None) -> Answer:
    """Where the answer of a turn stands in the text of the whole chat; `content` is where its own text stands.

    Raises: RewrittenError if the chat read something else when this turn was its last; RowError if it cannot be
    learned; TemplateRefusalError
    """
    is_last = turn == len(chat.messages) - 1
    shorter = text if is_last else chat.render(chat.messages[: turn + 1])
    try:
        _require_content(chat, turn, text, content)
        start = _start(chat, turn, shorter, content)
    except RowError as error:
        if is_last:
            raise
        raise RewrittenError from error
    end = _end(chat, turn, shorter, start if content is None else content[1])
    if end is None and is_last:
        return Answer(start, len(shorter), 0, has_end=False)
    if end is None or not text.startswith(shorter[: end.end()]):
        raise RewrittenError
    return Answer(start, end.end(), len(end[0]), has_end=True)


def _require_content(chat: Chat, turn: int, text: str, span: Span | None) -> None:
    """Raises: RowError if the template drops the answer, or what the model thinks before it."""
    content = chat.messages[turn].get("content") or ""
    if not content:
        return
    if span is None:
        raise chat.error("answer_not_rendered", turn)
    if THINK_END in content and thought_in(content)[1] and thought_of(chat, turn, text, span) is None:
        raise chat.error("reasoning_not_rendered", turn)


def thought_of(chat: Chat, turn: int, text: str, span: Span) -> Span | None:
    """Where the thought of an answer stands, whose text stands in `span`; None where the template drops it."""
    content = str(chat.messages[turn]["content"])
    written = text[span[0] : span[1]]
    if written.strip() != content.strip():
        return thought_span(chat.render, chat.messages, turn, text)
    start, thought = thought_in(content)
    start += span[0] - (len(content) - len(content.lstrip())) + (len(written) - len(written.lstrip()))
    return start, start + len(thought)


def calls_of(chat: Chat, turn: int, text: str, content: Span | None, answer: Answer | None) -> Span | None:
    """Where the tool calls of a turn stand, which may be learned or not; None where that cannot be told."""
    if answer is not None:
        return (answer.start if content is None else content[1]), answer.stop - answer.end_length
    asked = chat.text_model.render(chat.messages[:turn], chat.tools, add_generation_prompt=True)
    if not text.startswith(asked):
        return None
    start = len(asked) if content is None else content[1]
    end = chat.text_model.ends.behind_calls(text, start)
    return None if end is None else (start, end.start())


def _start(chat: Chat, turn: int, shorter: str, content: Span | None) -> int:
    """Where the prompt of the answer ends, in training as in asking.

    Raises: RowError if the template does not write that prompt before this answer.
    """
    message, before = chat.messages[turn], chat.messages[:turn]
    thinks = any(mark in str(message.get("content")) for mark in (THINK_START, THINK_END))
    if content is None or message.get("tool_calls") or thinks:
        prompt = chat.text_model.prompt_text(before, chat.tools)
    else:
        prompt = chat.text_model.prompt_before(shorter, content[0], before, chat.tools)
    if shorter.startswith(prompt) and (content is None or _is_opener(shorter[content[0] : len(prompt)])):
        return len(prompt)
    if thinks and not chat.text_model.asks_for_thinking:
        raise chat.error("thinking_not_enabled", turn)
    if chat.text_model.asks_for_thinking and not thinks:
        raise chat.error("thought_expected", turn)
    raise chat.error("prompt_not_rendered", turn)


def _is_opener(overlap: str) -> bool:
    """Whether what a prompt holds of the answer itself is the opening of a thought at most."""
    return overlap.strip() in {"", THINK_START}


def _end(chat: Chat, turn: int, shorter: str, behind: int) -> re.Match[str] | None:
    """The end-of-turn token behind the answer, in the text in which it is the last turn."""
    ends = chat.text_model.ends
    called = chat.messages[turn].get("tool_calls")
    return ends.behind_calls(shorter, behind) if called else ends.behind_text(shorter, behind)
