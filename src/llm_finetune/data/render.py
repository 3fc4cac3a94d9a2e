"""From a conversation to its text and the characters of it that are learned. Knows no token ids.

One rendering where that is what a chat would have read turn by turn; where the template writes history in another way
than it writes the last turn, one rendering a turn. Never guessed: a turn that cannot be found is a RowError.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.answers import (
    FEW_ANSWERS,
    Answer,
    Chat,
    RewrittenError,
    answers_of,
    calls_in,
    sample_of,
    thought_of,
    traits_of,
)
from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.layout import Found, Layout, Part, Shape, shape_of
from llm_finetune.data.mask import THINK_END, Span, turn_spans
from llm_finetune.data.row_error import RowError, refusal_of, row_problem
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.settings import TrainOn
from llm_finetune.data.text_model import TextModel

__all__ = ["Rendered", "RowError", "Span", "render_conversation"]

_SHAPES_HELD = 1000
_LAYOUTS_OF_A_SHAPE = 4


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as the model reads it, and what is learned of it."""

    text: str
    trained: tuple[Span, ...]
    """Characters that are learned, each answer with its end-of-turn token."""
    turns: tuple[Span, ...]
    """For each message the characters of its content; empty where it does not appear."""
    plain: tuple[Span, ...]
    """Characters of the user's texts that spell control tokens, and do not become such."""
    messages: tuple[Message, ...]
    """What was rendered: with the system prompt where `data.system_role` wants it."""
    answer: int | None = None
    """The turn that is learned, where the row became one example a turn."""


def render_conversation(conversation: Conversation, text_model: TextModel, train_on: TrainOn) -> list[Rendered]:
    """The text of a conversation with what is learned; one for each turn learned where no single text is right.

    Raises: RowError
    """
    if conversation.plain:
        return [_plain_text(conversation, text_model)]
    messages = text_model.arranged(conversation.messages)
    try:
        return list(_renderings(conversation, messages, text_model, train_on))
    except TemplateRefusalError as error:
        raise RowError(refusal_of(conversation, messages, text_model, str(error))) from error


def _plain_text(conversation: Conversation, text_model: TextModel) -> Rendered:
    """A text without roles, with the end token behind it."""
    (message,) = conversation.messages
    content, end = str(message["content"]), str(text_model.tokenizer.eos_token or "")
    text = content if end and content.endswith(end) else content + end
    return Rendered(text, ((0, len(text)),), ((0, len(content)),), (), tuple(conversation.messages))


def _renderings(
    conversation: Conversation, messages: tuple[Message, ...], text_model: TextModel, train_on: TrainOn
) -> Iterator[Rendered]:
    """Raises: RowError, TemplateRefusalError"""
    disguise = text_model.control.disguise(messages, conversation.tools)
    chat = Chat(conversation, disguise.messages, disguise.tools, text_model)
    moved = len(conversation.messages) - len(messages)
    answers = [turn for turn, message in enumerate(messages) if message["role"] == "assistant"]
    untrained = {turn - moved for turn in conversation.untrained}
    learned = frozenset(answers[-1:] if train_on == "last_assistant" else answers) - untrained
    for turn, found in _found(chat, learned, everything=train_on == "all"):
        text, plain = disguise.undone(found.text)
        shown = messages if turn is None else messages[: turn + 1]
        trained = found.answers
        if train_on == "all":
            trained = _outside([found.turns[turn] for turn in answers if turn not in learned], len(text))
        yield Rendered(text, trained, found.turns, plain, shown, turn)


def _outside(spans: Sequence[Span], length: int) -> tuple[Span, ...]:
    """The characters that are in none of the spans."""
    starts = [0, *(stop for _, stop in spans)]
    stops = [*(start for start, _ in spans), length]
    return tuple((start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop)


def _found(chat: Chat, learned: frozenset[int], *, everything: bool) -> list[tuple[int | None, Found]]:
    """One rendering of the chat; or, with the turn that is learned, one for each where history is rewritten.

    Where all text is learned there is one rendering, whose last answer alone must have an end.
    """
    looked_for = learned & {len(chat.messages) - 1} if everything else learned
    shape = _shape(chat, looked_for)
    if shape is None or _layouts(chat, shape) is not None:
        try:
            return [(None, _whole(chat, looked_for, shape))]
        except RewrittenError:
            if shape is not None:
                _remember(chat, shape, None)
    turns = sorted(looked_for)
    if len(turns) > FEW_ANSWERS:
        return _many_parts(chat, turns)
    return [(turn, _part(chat, turn)) for turn in turns]


def _part(chat: Chat, turn: int) -> Found:
    """Raises: RewrittenError, RowError, TemplateRefusalError"""
    learned = frozenset([turn])
    part = chat.upto(turn)
    return _whole(part, learned, _shape(part, learned))


def _many_parts(chat: Chat, turns: Sequence[int]) -> list[tuple[int | None, Found]]:
    """The rendering up to each of many turns, of which those that are alike need not all be looked into.

    Raises: RewrittenError, RowError, TemplateRefusalError
    """
    groups: dict[Any, list[int]] = {}
    for turn in turns:
        groups.setdefault(_kind_of_end(chat, turn), []).append(turn)
    alike = [group for kind, group in groups.items() if kind is not None and len(group) > FEW_ANSWERS]
    skipped = {turn for group in alike for turn in group} - {turn for group in alike for turn in sample_of(group)}
    skipped.discard(turns[-1])
    found = {turn: _part(chat, turn) for turn in turns if turn not in skipped}
    for group in alike:
        tails = {_Tail.of(found[turn], turn) for turn in group if turn in found}
        tail = tails.pop() if len(tails) == 1 else None
        for turn in group:
            if turn in skipped:
                continued = None if tail is None else tail.found(chat, turn, found[turns[-1]])
                found[turn] = continued or _part(chat, turn)
    return [(turn, found[turn]) for turn in turns]


def _kind_of_end(chat: Chat, turn: int) -> Any:
    """What a template may look at in an answer and the turn before it; None where it may look at more."""
    message, before = chat.messages[turn], chat.messages[turn - 1] if turn else None
    content, calls = message.get("content"), message.get("tool_calls")
    if before is None or bool(content) == bool(calls):
        return None
    own = (*message, content, len(calls)) if calls else traits_of(message, (0, len(str(content))))
    earlier = traits_of(before, (0, len(str(before.get("content")))))
    return None if own is None or earlier is None else (earlier, own)


@dataclass(frozen=True, slots=True)
class _Tail:
    """The constants around an answer that is the last turn of a rendering."""

    opening: str
    """Behind the text of the turn before, up to where the prompt ends."""
    lead: str
    """What else stands before the text of the answer."""
    ending: str
    """Behind the text of the answer."""
    behind: int
    """Characters of the ending that are not learned."""

    @classmethod
    def of(cls, found: Found, turn: int) -> "_Tail":
        text, ((start, stop),), own = found.text, found.answers, found.turns[turn]
        return cls(text[found.turns[turn - 1][1] : start], text[start : own[0]], text[own[1] :], len(text) - stop)

    def found(self, chat: Chat, turn: int, longer: Found) -> Found | None:
        """The rendering up to a turn, if it is that of a longer part of the chat, and ends like this."""
        text, message, spans = chat.render(chat.messages[: turn + 1]), chat.messages[turn], longer.turns[:turn]
        head = longer.text[: spans[-1][1]] + self.opening
        own = (len(head) + len(self.lead), len(text) - len(self.ending))
        if not text.startswith(head + self.lead) or not text.endswith(self.ending) or own[0] >= own[1]:
            return None
        if max(stop for _, stop in spans) > spans[-1][1]:
            return None
        if message.get("tool_calls"):
            end = chat.text_model.ends.behind_calls(text, own[0])
            is_known = end is not None and (end.start(), end.end()) == (own[1], len(text) - self.behind)
        else:
            is_known = text[slice(*own)] == message["content"]
        return Found(text, (*spans, own), ((len(head), len(text) - self.behind),)) if is_known else None


def _shape(chat: Chat, learned: frozenset[int]) -> Shape | None:
    """What the texts around the parts of a chat depend on; None where they may depend on more than can be told."""
    turns = shape_of(chat.messages)
    return None if turns is None else (turns, learned, json.dumps(chat.tools, sort_keys=True) if chat.tools else "")


def _whole(chat: Chat, learned: frozenset[int], shape: Shape | None) -> Found:
    """Raises: RewrittenError, RowError, TemplateRefusalError"""
    text = chat.render(chat.messages)
    if shape is None:
        return _examined(chat, learned, text, is_shaped=False)[0]
    known = _layouts(chat, shape) or ()
    for layout in known:
        if (found := layout.found(chat.messages, text)) is not None:
            return found
    found, new = _examined(chat, learned, text, is_shaped=True)
    if new is not None:
        _remember(chat, shape, (new, *known)[:_LAYOUTS_OF_A_SHAPE])
    return found


def _layouts(chat: Chat, shape: Shape) -> tuple[Layout, ...] | None:
    """The layouts known of a shape; None where it has to be split."""
    known: tuple[Layout, ...] | None = chat.text_model.memory.get("layouts", {}).get(shape, ())
    return known


def _remember(chat: Chat, shape: Shape, layouts: tuple[Layout, ...] | None) -> None:
    held = chat.text_model.memory.setdefault("layouts", {})
    if len(held) > _SHAPES_HELD:
        held.clear()
    held[shape] = layouts


def _examined(chat: Chat, learned: frozenset[int], text: str, *, is_shaped: bool) -> tuple[Found, Layout | None]:
    """Raises: RewrittenError, RowError, TemplateRefusalError"""
    spans = turn_spans(chat.render, chat.messages, text)
    _require_turns(chat, learned, spans)
    _require_tools(chat, text)
    answers = answers_of(chat, sorted(learned), text, spans)
    last = len(chat.messages) - 1
    dropped, appended = 0, ""
    if last in answers and not answers[last].has_end:
        dropped, appended = _missing_end(chat, text, spans[last])
        stop = len(text) - dropped + len(appended)
        answers[last] = Answer(answers[last].start, stop, len(appended), has_end=True)
    places = {turn: (answer.start, answer.stop) for turn, answer in answers.items()}
    calls = calls_in(chat, text, spans, answers)
    turns = tuple(span or calls.get(turn) or (len(text), len(text)) for turn, span in enumerate(spans))
    found = Found(text[: len(text) - dropped] + appended, turns, tuple(places.values()))
    if not is_shaped or None in calls.values():
        return found, None
    parts = sorted(_parts(chat, text, turns, calls), key=lambda part: part.span)
    return found, Layout.of(text, parts, turns, places, (dropped, appended))


def _parts(chat: Chat, text: str, turns: Sequence[Span], calls: Mapping[int, Span | None]) -> Iterator[Part]:
    """What differs between rows of this shape."""
    for turn, message in enumerate(chat.messages):
        content, span = message.get("content"), turns[turn]
        if content and THINK_END in content:
            if (thought := thought_of(chat, turn, text, span)) is not None:
                yield Part(turn, "thought", thought)
            core = content.split(THINK_END)[-1].strip()
            start = text.rindex(core, *span)
            yield Part(turn, "answer", (start, start + len(core)))
        elif content:
            yield Part(turn, "content", span)
        if (called := calls.get(turn)) is not None:
            yield Part(turn, "calls", called)


def _require_turns(chat: Chat, learned: frozenset[int], spans: Sequence[Span | None]) -> None:
    """Raises: RowError if the template drops a turn; whether a learned answer may be missing is decided later."""
    for turn, message in enumerate(chat.messages):
        if spans[turn] is None and message.get("content") and turn not in learned:
            is_answer = message["role"] == "assistant"
            raise chat.error("answer_not_rendered" if is_answer else "turn_not_rendered", turn)


def _require_tools(chat: Chat, text: str) -> None:
    """Raises: RowError if the template drops the tools, or a call of one."""
    if chat.tools and chat.text_model.render(chat.messages) == text:
        raise RowError(row_problem("template_without_tools", chat.conversation))
    if _are_all_written(chat, text):
        return
    for turn, message in enumerate(chat.messages):
        for index in range(len(message.get("tool_calls") or ())):
            for changed in _other_calls(message, index):
                messages = (*chat.messages[:turn], changed, *chat.messages[turn + 1 :])
                if chat.render(messages) == text:
                    raise chat.error("template_without_tool_calls", turn)


def _are_all_written(chat: Chat, text: str) -> bool:
    """Whether all calls show in one rendering that has a mark in each name and in the arguments of each."""
    mark = next(mark for mark in (f"q{number}q" for number in itertools.count()) if mark not in text)
    numbers = itertools.count()
    messages = [_marked_calls(message, mark, numbers) for message in chat.messages]
    marks = {f"{mark}{number}q" for number in range(next(numbers))}
    if not marks:
        return True
    try:
        written = chat.render(messages)
    except TemplateRefusalError:
        return False
    return marks <= set(re.findall(f"{mark}[0-9]+q", written))


def _marked_calls(message: Message, mark: str, numbers: Iterator[int]) -> Message:
    """The message with a mark of its own in each name of a tool, and in the arguments of each call."""
    calls = []
    for call in message.get("tool_calls") or ():
        function, arguments = call["function"], call["function"].get("arguments") or {}
        name, key = f"{function['name']}{mark}{next(numbers)}q", f"{mark}{next(numbers)}q"
        calls.append({**call, "function": {**function, "name": name, "arguments": {**arguments, key: 0}}})
    return {**message, "tool_calls": calls} if calls else message


def _other_calls(message: Message, index: int) -> Iterator[Message]:
    """The message with another name of the tool in one of its calls, and with another argument."""
    calls = message["tool_calls"]
    function = calls[index]["function"]
    for change in ({"name": f"{function['name']}_"}, {"arguments": {**(function.get("arguments") or {}), "_": 0}}):
        call = {**calls[index], "function": {**function, **change}}
        yield {**message, "tool_calls": [*calls[:index], call, *calls[index + 1 :]]}


def _missing_end(chat: Chat, text: str, content: Span | None) -> tuple[int, str]:
    """The end token for a template that writes none behind the last answer, and the blanks that give way to it."""
    end = chat.text_model.tokenizer.eos_token
    if not end:
        raise chat.error("answer_without_end", len(chat.messages) - 1)
    tail = text[content[1] :] if content is not None else text[len(text.rstrip()) :]
    return (0 if tail.strip() else len(tail)), str(end)
