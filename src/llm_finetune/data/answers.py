"""Where an answer begins and ends in a rendered conversation: behind its prompt, with its end-of-turn token.

Knows no token ids, only how control tokens are spelled.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llm_finetune.data.mask import THINK_END, THINK_START, Span, thought_in, thought_span
from llm_finetune.data.row_error import RowError, row_problem
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.text_model import TextModel, Tools

FEW_ANSWERS = 24
"""So many are always looked into one by one: each costs renderings of all that is before it."""
_EDGE_ANSWERS = 3
_MARKS = frozenset("<>[]{}|")


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
    called: "dict[int, _Called]" = field(default_factory=dict, compare=False, repr=False)
    """Where calls have been found, in this rendering or in one of a shorter part of the conversation."""

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
class _Called:
    """The calls of a turn in a text: any text that begins with the same characters has them there too."""

    text: str
    content: Span | None
    span: Span
    stop: int
    """Behind the end-of-turn token."""

    def are_in(self, text: str, content: Span | None) -> bool:
        return content == self.content and text.startswith(self.text[: self.stop])


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


def answers_of(chat: Chat, turns: Sequence[int], text: str, contents: Sequence[Span | None]) -> dict[int, Answer]:
    """Where the answers of some turns, in order, stand in the text of the whole chat.

    Of many answers that are alike, and stand between the same texts, some are looked into: the first, the last, and
    ever fewer between. Where these are placed alike, so are the others; where they are not, each is looked into.

    Raises: RewrittenError, RowError, TemplateRefusalError
    """
    groups: dict[Any, list[int]] = {}
    if len(turns) > FEW_ANSWERS:
        for turn in turns:
            groups.setdefault(_surroundings(chat, turn, text, contents), []).append(turn)
    alike = [group for key, group in groups.items() if key is not None and len(group) > FEW_ANSWERS]
    skipped = {turn for group in alike for turn in group} - {turn for group in alike for turn in sample_of(group)}
    found = {turn: answer_of(chat, turn, text, contents[turn]) for turn in turns if turn not in skipped}
    for group in alike:
        reaches = {_reach(found[turn], contents[turn]) for turn in group if turn in found}
        for turn in group:
            if turn in skipped:
                placed = _placed(reaches, contents[turn])
                found[turn] = placed or answer_of(chat, turn, text, contents[turn])
    return {turn: found[turn] for turn in turns}


def sample_of(group: Sequence[int]) -> list[int]:
    """The first and the last turns of a group, and some between, ever farther apart."""
    between = [group[place] for power in range(3, len(group).bit_length(), 2) if (place := 2**power) < len(group)]
    return [*group[:_EDGE_ANSWERS], *between, *group[-_EDGE_ANSWERS:]]


def _surroundings(chat: Chat, turn: int, text: str, contents: Sequence[Span | None]) -> Any:
    """What the place of a plain answer depends on: the texts around it; None where it may depend on more."""
    if not 0 < turn < len(chat.messages) - 1:
        return None
    window = range(turn - 1, turn + 2)
    before, own, behind = (contents[near] for near in window)
    if before is None or own is None or behind is None:
        return None
    traits = tuple(traits_of(chat.messages[near], contents[near]) for near in window)
    return None if None in traits else (traits, text[before[1] : own[0]], text[own[1] : behind[0]])


def traits_of(message: Message, span: Span | None) -> Any:
    """What a template may look at in a turn; None for calls, and for texts that are, or look like, marks."""
    content = message.get("content")
    if span is None or not isinstance(content, str) or message.get("tool_calls"):
        return None
    core = content.strip()
    if not core or THINK_START in core or THINK_END in core:
        return None
    if message["role"] != "tool" and (core[0] in _MARKS or core[-1] in _MARKS):
        return None
    start = content.index(core)
    return message["role"], *message, content[:start], content[start + len(core) :], span[1] - span[0] - len(content)


def _reach(answer: Answer, content: Span | None) -> tuple[int, ...] | None:
    if content is None or not answer.has_end:
        return None
    return answer.start - content[0], answer.stop - content[1], answer.end_length


def _placed(reaches: set[tuple[int, ...] | None], content: Span | None) -> Answer | None:
    """The answer around a content as in all the others; None if they are not placed alike."""
    (reach, *others) = reaches
    if others or reach is None or content is None:
        return None
    before, behind, end_length = reach
    return Answer(content[0] + before, content[1] + behind, end_length, has_end=True)


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


def calls_in(
    chat: Chat, text: str, contents: Sequence[Span | None], answers: Mapping[int, Answer]
) -> dict[int, Span | None]:
    """Where the tool calls of each turn stand that has some; None where that cannot be told.

    Of many turns that are alike some are looked into, as for answers.

    Raises: TemplateRefusalError
    """
    turns = [turn for turn, message in enumerate(chat.messages) if message.get("tool_calls")]
    groups: dict[Any, list[int]] = {}
    for turn in turns:
        groups.setdefault(None if turn in answers else _kind_of_calls(chat, turn, contents), []).append(turn)
    alike = [group for kind, group in groups.items() if kind is not None and len(group) > FEW_ANSWERS]
    skipped = {turn for group in alike for turn in group} - {turn for group in alike for turn in sample_of(group)}
    found = {
        turn: calls_of(chat, turn, text, contents[turn], answers.get(turn)) for turn in turns if turn not in skipped
    }
    for group in alike:
        openings = {_opening(text, contents[turn - 1], found[turn]) for turn in group if turn in found}
        opening = openings.pop() if len(openings) == 1 else None
        for turn in group:
            if turn in skipped:
                continued = _calls_behind(chat, text, contents[turn - 1], opening)
                found[turn] = continued or calls_of(chat, turn, text, contents[turn], None)
    return {turn: found[turn] for turn in turns}


def _kind_of_calls(chat: Chat, turn: int, contents: Sequence[Span | None]) -> Any:
    """What the place of calls without a text depends on; None where it may depend on more."""
    message = chat.messages[turn]
    if not turn or message.get("content") or contents[turn - 1] is None:
        return None
    before = traits_of(chat.messages[turn - 1], contents[turn - 1])
    return None if before is None else (before, *message, message.get("content"), len(message["tool_calls"]))


def _opening(text: str, before: Span | None, calls: Span | None) -> str | None:
    """The constant between the text of a turn and the calls of the next."""
    return None if before is None or calls is None else text[before[1] : calls[0]]


def _calls_behind(chat: Chat, text: str, before: Span | None, opening: str | None) -> Span | None:
    if before is None or not opening or not text.startswith(opening, before[1]):
        return None
    start = before[1] + len(opening)
    end = chat.text_model.ends.behind_calls(text, start)
    return None if end is None else (start, end.start())


def calls_of(chat: Chat, turn: int, text: str, content: Span | None, answer: Answer | None) -> Span | None:
    """Where the tool calls of a turn stand, which may be learned or not; None where that cannot be told."""
    if answer is not None:
        return (answer.start if content is None else content[1]), answer.stop - answer.end_length
    known = chat.called.get(turn)
    if known is not None and known.are_in(text, content):
        return known.span
    asked = chat.text_model.render(chat.messages[:turn], chat.tools, add_generation_prompt=True)
    if not text.startswith(asked):
        return None
    start = len(asked) if content is None else content[1]
    end = chat.text_model.ends.behind_calls(text, start)
    if end is None:
        return None
    chat.called[turn] = _Called(text, content, (start, end.start()), end.end())
    return start, end.start()


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
