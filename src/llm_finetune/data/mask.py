"""Find the turns in a rendered conversation, for any chat template. Knows no tokens.

The conversation is rendered again with marks around its texts; where the marks come out, and nothing else has changed,
is the turn. Prefix comparison fails for templates that trim, or that treat the last turn apart. Rows of the same shape
share the texts around the contents, so that one row in thousands needs the marks.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.private_use import private_range
from llm_finetune.data.rows import Message

Span = tuple[int, int]
Render = Callable[[Sequence[Message]], str]

THINK_START, THINK_END = "<think>", "</think>"
_FEW_TURNS = 48
"""So many are always marked one by one where they cannot be marked all at once: each costs a rendering."""


def spans_between(constants: Sequence[str], parts: Sequence[str | None], text: str) -> list[Span] | None:
    """Where the parts stand, if the text is exactly constants and parts in turn; None if it is not.

    A part may have lost the blanks around it; one of None is whatever stands before the next constant.
    """
    if not text.startswith(constants[0]):
        return None
    spans, place = [], len(constants[0])
    for part, following in zip(parts, constants[1:], strict=True):
        stop = _stop_of(part, following, text, place)
        if stop is None:
            return None
        spans.append((place, stop))
        place = stop + len(following)
    return spans if place == len(text) else None


def _stop_of(part: str | None, following: str, text: str, place: int) -> int | None:
    if part is None:
        stop = text.find(following, place)
        return stop if stop >= 0 and following else None
    for strip in (str, str.rstrip, str.lstrip, str.strip):
        written = strip(part)
        stop = place + len(written)
        if text.startswith(written, place) and text.startswith(following, stop):
            return stop
    return None


def constants_around(spans: Sequence[Span], text: str) -> list[str]:
    """The texts before, between and behind the spans."""
    starts = [0, *(stop for _, stop in spans)]
    stops = [*(start for start, _ in spans), len(text)]
    return [text[start:stop] for start, stop in zip(starts, stops, strict=True)]


def turn_spans(render: Render, messages: Sequence[Message], text: str) -> list[Span | None]:
    """Characters of each turn's text in the rendered `text`; None where a turn has no text, or it does not appear.

    Of an answer that the template cuts at `</think>`, the part behind it.
    """
    marker = _Marker(render, messages, text)
    present = [turn for turn, message in enumerate(messages) if message.get("content")]
    spans = marker.marked({turn: (0, len(messages[turn]["content"])) for turn in present})
    if spans is None:
        spans = {}
        for group in _groups(messages, present):
            spans |= _group_spans(marker, group)
    return [spans.get(turn) for turn in range(len(messages))]


def thought_span(render: Render, messages: Sequence[Message], turn: int, text: str) -> Span | None:
    """Characters of what the answer of a turn thinks before `</think>`; None where the template drops it."""
    content = str(messages[turn]["content"])
    start, core = thought_in(content)
    spans = _Marker(render, messages, text).marked({turn: (start, start + len(core))})
    return None if spans is None else spans[turn]


def thought_in(content: str) -> tuple[int, str]:
    """Where the thought before `</think>` begins in an answer, and the thought without the blanks around it."""
    thought = content[: content.rindex(THINK_END)]
    opened = thought.find(THINK_START)
    start = 0 if opened < 0 else opened + len(THINK_START)
    core = thought[start:].strip()
    return thought.index(core, start), core


def _groups(messages: Sequence[Message], turns: Sequence[int]) -> list[list[int]]:
    """The turns that a template may be thought to write alike; each by itself where they are few."""
    if len(turns) <= _FEW_TURNS:
        return [[turn] for turn in turns]
    groups: dict[Any, list[int]] = {}
    for turn in turns:
        content, is_edge = str(messages[turn]["content"]), turn in {turns[0], turns[-1]}
        blanks = content != content.lstrip(), content != content.rstrip()
        kind = messages[turn]["role"], blanks, THINK_START in content, THINK_END in content
        groups.setdefault(turn if is_edge else kind, []).append(turn)
    return list(groups.values())


def _group_spans(marker: "_Marker", turns: Sequence[int]) -> dict[int, Span]:
    """The spans of turns, all at once where one way to mark them fits all."""
    if len(turns) > 1:
        choices = [_marked_parts(marker, turn) for turn in turns]
        for place in range(min(map(len, choices))):
            parts = {turn: choice[place] for turn, choice in zip(turns, choices, strict=True)}
            if (spans := marker.marked(parts)) is not None:
                return spans
    return {turn: span for turn in turns if (span := _one_span(marker, turn)) is not None}


def _marked_parts(marker: "_Marker", turn: int) -> list[Span]:
    """The parts of a turn's text that a template may leave of it, the longest first."""
    content = str(marker.messages[turn]["content"])
    start, stop = len(content) - len(content.lstrip()), len(content.rstrip())
    parts = [(0, len(content)), (0, stop), (start, len(content)), (start, stop)]
    if marker.messages[turn]["role"] == "assistant" and (core := content.split(THINK_END)[-1].strip()):
        start = content.rindex(core)
        parts.append((start, start + len(core)))
    return list(dict.fromkeys(parts))


def _one_span(marker: "_Marker", turn: int) -> Span | None:
    """The span of one turn, whose text the template may trim or cut at `</think>`."""
    content, parts = str(marker.messages[turn]["content"]), _marked_parts(marker, turn)
    for part in parts:
        if (spans := marker.marked({turn: part})) is not None:
            return spans[turn]
    core = content[slice(*parts[-1])]
    # Templates that look at how a text begins or ends see no mark in its middle.
    middle = parts[-1][0] + len(core) // 2
    if (spans := marker.marked({turn: (middle, middle)})) is None:
        return None
    first = spans[turn][0] - len(core) // 2
    return (first, first + len(core)) if marker.text.startswith(core, first) else None


class _Marker:
    """Renders a conversation with marks around parts of its texts."""

    def __init__(self, render: Render, messages: Sequence[Message], text: str) -> None:
        self._render, self.messages, self.text = render, messages, text
        self._base = private_range([[message.get("content") for message in messages], text], 2 * len(messages))

    def marked(self, parts: dict[int, Span]) -> dict[int, Span] | None:
        """The characters of each part in the text; None if the marks do not come out, or change anything else.

        A turn that is not the assistant's may be repeated: the first place counts.
        """
        changed = [self._changed(turn, parts.get(turn)) for turn in range(len(self.messages))]
        try:
            rendered = self._render(changed)
        except TemplateRefusalError:
            return None
        if rendered.translate({self._base + index: None for index in range(2 * len(self.messages))}) != self.text:
            return None
        return self._places(rendered, parts)

    def _changed(self, turn: int, part: Span | None) -> Message:
        message = self.messages[turn]
        if part is None:
            return message
        content, (start, stop) = str(message["content"]), part
        opened, closed = self._marks(turn)
        return {**message, "content": content[:start] + opened + content[start:stop] + closed + content[stop:]}

    def _marks(self, turn: int) -> tuple[str, str]:
        return chr(self._base + 2 * turn), chr(self._base + 2 * turn + 1)

    def _places(self, rendered: str, parts: dict[int, Span]) -> dict[int, Span] | None:
        places: dict[int, dict[int, int]] = {}
        marks = re.compile(f"[{chr(self._base)}-{chr(self._base + 2 * len(self.messages) - 1)}]")
        for before, mark in enumerate(marks.finditer(rendered)):
            turn, closes = divmod(ord(mark[0]) - self._base, 2)
            found = places.setdefault(turn, {})
            if closes in found and self.messages[turn]["role"] == "assistant":
                return None
            found.setdefault(closes, mark.start() - before)
        if places.keys() != parts.keys() or any(len(found) < 2 or found[0] > found[1] for found in places.values()):
            return None
        return {turn: (found[0], found[1]) for turn, found in places.items()}
