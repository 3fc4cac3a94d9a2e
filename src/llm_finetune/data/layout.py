"""What the renderings of rows of one shape share, so that one row in thousands needs to be looked into.

The texts around the parts that differ are constant; a row whose rendering is exactly these constants with its own
parts between them has its turns where the first row had them. Knows no template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from llm_finetune.data.mask import THINK_END, THINK_START, Span, constants_around, spans_between, thought_in
from llm_finetune.data.rows import Message

Shape = tuple[Any, ...]
Kind = Literal["content", "thought", "answer", "calls"]


@dataclass(frozen=True, slots=True)
class Found:
    """A rendering, and where its turns and the answers looked for stand."""

    text: str
    turns: tuple[Span, ...]
    answers: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A text of a turn that differs between rows of a shape."""

    turn: int
    kind: Kind
    span: Span
    """Where it stands in the rendering that was looked into."""

    def of(self, messages: Sequence[Message]) -> str | None:
        """The same part of another row; None for calls, which a template spells in its own way."""
        if self.kind == "calls":
            return None
        content = str(messages[self.turn]["content"])
        if self.kind == "content":
            return content
        return thought_in(content)[1] if self.kind == "thought" else content.split(THINK_END)[-1].strip()


@dataclass(frozen=True, slots=True)
class _Reach:
    """A span by the parts it covers: how far it goes beyond the first and the last of them."""

    first: int
    before: int
    last: int
    behind: int

    @classmethod
    def of(cls, span: Span, turn: int, parts: Sequence[Part]) -> "_Reach":
        own = [index for index, part in enumerate(parts) if part.turn == turn]
        first, last = own[0], max((index for index in own if parts[index].span[1] <= span[1]), default=own[0])
        return cls(first, parts[first].span[0] - span[0], last, span[1] - parts[last].span[1])

    def on(self, spans: Sequence[Span]) -> Span:
        return spans[self.first][0] - self.before, spans[self.last][1] + self.behind


@dataclass(frozen=True, slots=True)
class Layout:
    """The constants of a shape, and where turns and answers stand among its parts."""

    parts: tuple[Part, ...]
    constants: tuple[str, ...]
    turns: tuple[_Reach, ...]
    answers: tuple[_Reach, ...]
    dropped: int
    """Characters at the end of the text that give way to the end token."""
    appended: str

    @classmethod
    def of(
        cls,
        text: str,
        parts: Sequence[Part],
        turns: Sequence[Span],
        answers: Mapping[int, Span],
        ending: tuple[int, str],
    ) -> "Layout":
        """The layout of a rendering in which everything has been found."""
        return cls(
            tuple(parts),
            tuple(constants_around([part.span for part in parts], text)),
            tuple(_Reach.of(span, turn, parts) for turn, span in enumerate(turns)),
            tuple(_Reach.of(span, turn, parts) for turn, span in answers.items()),
            *ending,
        )

    def found(self, messages: Sequence[Message], text: str) -> Found | None:
        """Turns and answers of another row, if its rendering is laid out like this."""
        spans = spans_between(self.constants, [part.of(messages) for part in self.parts], text)
        if spans is None:
            return None
        written = text[: len(text) - self.dropped] + self.appended if self.dropped or self.appended else text
        turns = [reach.on(spans) for reach in self.turns]
        return Found(written, tuple(turns), tuple([reach.on(spans) for reach in self.answers]))


def shape_of(messages: Sequence[Message]) -> Shape | None:
    """What the constants depend on, as far as it is a matter of shape; None where it is not."""
    turns = []
    for message in messages:
        content, calls = message.get("content"), message.get("tool_calls") or ()
        thinks = isinstance(content, str) and (THINK_START in content or THINK_END in content)
        if not (content or calls) or (thinks and not _is_one_thought(str(content))):
            return None
        turns.append((message["role"], *message, bool(content), thinks, len(calls)))
    return tuple(turns)


def _is_one_thought(content: str) -> bool:
    """Whether an answer is one thought, and a text behind it."""
    before, _, behind = content.partition(THINK_END)
    opened = before.lstrip().removeprefix(THINK_START)
    marks = (THINK_START, THINK_END)
    is_single = opened != before.lstrip() and not any(mark in text for mark in marks for text in (opened, behind))
    return is_single and bool(opened.strip()) and bool(behind.strip())
