"""Find the answers in a rendered conversation, for any chat template. Knows no tokens.

One assistant turn at a time is rendered again with marks around its text; where the marks come out, and nothing else
has changed, is the answer. Prefix comparison fails for templates that trim, or that treat the last turn apart.
"""

from collections.abc import Callable, Sequence

from llm_finetune.data.rows import Message

OPEN, CLOSE = "\ue000", "\ue001"
"""Private-use characters: no template cuts or changes them."""

Span = tuple[int, int]
Render = Callable[[Sequence[Message]], str]


class AnswerNotFoundError(LookupError):
    """The template drops, moves or changes the answer of this turn."""

    def __init__(self, turn: int) -> None:
        super().__init__(f"turn {turn}")
        self.turn = turn


def answer_spans(render: Render, messages: Sequence[Message], text: str, ends: Sequence[str]) -> list[Span]:
    """Characters of each assistant turn in `text`, each with the end-of-turn token behind it.

    Raises: AnswerNotFoundError
    """
    turns = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    return [_with_end(text, _span_of(render, messages, index, text), ends) for index in turns]


def _span_of(render: Render, messages: Sequence[Message], turn: int, text: str) -> Span:
    content = str(messages[turn]["content"])
    core = content.split("</think>")[-1].strip() or content
    start = content.rfind(core)
    marked = content[:start] + OPEN + core + CLOSE + content[start + len(core) :]
    changed = [*messages[:turn], {**messages[turn], "content": marked}, *messages[turn + 1 :]]
    rendered = render(changed)
    opened, closed = rendered.find(OPEN), rendered.find(CLOSE)
    if opened < 0 or closed < 0 or rendered[:opened] + rendered[opened + 1 : closed] + rendered[closed + 1 :] != text:
        raise AnswerNotFoundError(turn)
    return opened, closed - 1


def _with_end(text: str, span: Span, ends: Sequence[str]) -> Span:
    """The span, extended over an end-of-turn token that follows it, with blanks at most between them."""
    start, stop = span
    rest = text[stop:].lstrip()
    gap = len(text) - stop - len(rest)
    for end in sorted(ends, key=len, reverse=True):
        if end and rest.startswith(end):
            return start, stop + gap + len(end)
    return span
