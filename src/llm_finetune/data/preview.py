"""Show what the model will read: the text of a row in the pieces its tokens make, and what becomes of each.

The tokens and labels shown are those that training gets, from the same function; only where they lie in the text is
found here. Knows no terminal and no HTML.
"""

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_finetune.data.encode import Example, cuts_of, encode_conversations
from llm_finetune.data.encoding import Encoding, OffsetEncoding
from llm_finetune.data.fit import effective_limit, exchange_starts, from_turn
from llm_finetune.data.pieces import Piece, Segment, Token, pieces_of, segments_of, texts_of_trained
from llm_finetune.data.render import Rendered, RowError, Span, render_conversation
from llm_finetune.data.rows import Conversation, Message, Row
from llm_finetune.data.settings import DataSettings, TrainOn
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.tokens import NOT_TRAINED, TOKEN_TYPE, Tokens
from llm_finetune.errors import Problem

LAST: TrainOn = "last_assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a row in tokens."""

    role: str
    tokens: int
    """Tokens of its text."""
    trained: int
    """Trained tokens from its text up to the next turn, of an answer those before it too; its end is one of them."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row, or one answer of a row that is split, as it is trained."""

    path: str
    line: int
    segments: tuple[Segment, ...] = ()
    """What is read in training, without what was cut."""
    input_ids: tuple[int, ...] = ()
    labels: tuple[int, ...] = ()
    turns: tuple[Turn, ...] = ()
    limit: int = 0
    """Longest row in tokens."""
    cut: tuple[Segment, ...] = ()
    """What is not read, because the row is too long."""
    cut_at_start: bool = False
    rejected: tuple[Segment, ...] = ()
    """Of a preference pair, the worse answer with what the template puts around it; never trained."""
    part: tuple[int, int] | None = None
    """Which of how many examples, where one row became several."""
    is_plain: bool = False
    problems: tuple[Problem, ...] = ()
    is_usable: bool = True
    record: str = ""
    """The row as it was read, where nothing else can be shown."""

    @property
    def text(self) -> str:
        """What the model reads."""
        return "".join(segment.text for segment in self.segments)

    @property
    def pieces(self) -> list[Piece]:
        """The text in runs of the same fate."""
        return pieces_of(self.segments)

    @property
    def trained(self) -> list[str]:
        """The trained texts, each with its end token."""
        return texts_of_trained(self.segments)

    @property
    def trained_tokens(self) -> int:
        """Tokens that are learned."""
        return sum(1 for label in self.labels if label != NOT_TRAINED)

    @property
    def cut_tokens(self) -> int:
        """Tokens that are cut."""
        return sum(len(segment.ids) for segment in self.cut)

    @property
    def template_tokens(self) -> int:
        """Tokens that belong to the text of no turn."""
        cut = 0 if self.cut_at_start else self.cut_tokens
        return max(len(self.input_ids) + cut - sum(turn.tokens for turn in self.turns), 0)

    @property
    def place(self) -> str:
        """`path:line`."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def as_dict(self) -> dict[str, Any]:
        """The object that `preview --json` prints for a row."""
        return {
            "path": self.path,
            "line": self.line,
            "text": self.text,
            "trained": self.trained,
            "input_ids": list(self.input_ids),
            "labels": list(self.labels),
            "turns": [{"role": turn.role, "tokens": turn.tokens, "trained": turn.trained} for turn in self.turns],
            "cut": "".join(segment.text for segment in self.cut),
            "rejected": "".join(segment.text for segment in self.rejected),
            "part": list(self.part) if self.part else None,
            "usable": self.is_usable,
            "problems": [problem.as_dict() for problem in self.problems],
            "record": self.record,
        }


def preview_rows(
    conversations: Iterable[Conversation], text_model: TextModel, settings: DataSettings
) -> tuple[list[PreviewRow], list[Problem]]:
    """What each conversation becomes, and the problems of those that training refuses; they are shown all the same."""
    rows = [row for conversation in conversations for row in preview_conversation(conversation, text_model, settings)]
    return rows, [problem for row in rows if not row.is_usable for problem in row.problems]


def preview_refused(row: Row | None, problems: Sequence[Problem]) -> PreviewRow:
    """A row that became no conversation, as it was read."""
    record = "" if row is None else json.dumps(row.values, ensure_ascii=False, indent=2, default=str)
    return PreviewRow(problems[0].path, problems[0].line, problems=tuple(problems), is_usable=False, record=record)


def preview_conversation(
    conversation: Conversation, text_model: TextModel, settings: DataSettings, told: Sequence[Problem] = ()
) -> list[PreviewRow]:
    """What a conversation becomes: one row, or one for each answer where training splits it.

    `told` are problems that were found earlier and did not stop it.
    """
    return _Viewer(text_model, settings).rows(conversation, told)


class _Viewer:
    """Puts what training gets beside the text it was made of."""

    def __init__(self, text_model: TextModel, settings: DataSettings) -> None:
        self._text_model, self._settings = text_model, settings
        self._limit = effective_limit(settings, text_model)
        self._special = frozenset({*text_model.tokenizer.all_special_ids, *text_model.tokenizer.added_tokens_decoder})

    def rows(self, conversation: Conversation, told: Sequence[Problem]) -> list[PreviewRow]:
        encoded = encode_conversations([conversation], self._text_model, self._settings)
        problems = (*told, *encoded.errors, *encoded.notes)
        try:
            parts = render_conversation(conversation, self._text_model, self._settings.train_on)
        except RowError as error:
            return [self._unrendered(conversation, (*told, error.problem))]
        rejected = self._rejected(conversation, parts[0])
        waiting = list(zip(parts, self._encodings(conversation, parts), strict=True))
        rows = [self._row(conversation, example, waiting) for example in encoded.examples]
        rows += [self._refused(conversation, *part) for part in waiting]
        return [
            replace(
                row,
                problems=problems,
                rejected=rejected,
                part=(number, len(rows)) if len(rows) > 1 else None,
                is_plain=conversation.plain,
            )
            for number, row in enumerate(rows, 1)
        ]

    def _row(
        self, conversation: Conversation, example: Example, waiting: list[tuple[Rendered, Encoding]]
    ) -> PreviewRow:
        """The row that an example was made of: one of the renderings, or what is left of one; that is taken out."""
        ids = list(example.input_ids)
        for index, (rendered, encoding) in enumerate(waiting):
            if encoding.ids[: len(ids)] == ids:
                del waiting[index]
                return self._cut_row(conversation, rendered, encoding, example.labels, is_usable=True)
        for index, (rendered, _) in enumerate(waiting):
            if shorter := self._shortened(conversation, rendered, example):
                del waiting[index]
                return shorter
        return self._decoded(example)

    def _refused(self, conversation: Conversation, rendered: Rendered, encoding: Encoding) -> PreviewRow:
        """A row that no example was made of, up to the limit."""
        labels = Tokens(array(TOKEN_TYPE, encoding.ids), encoding.runs(rendered.trained)).labels
        return self._cut_row(conversation, rendered, encoding, labels[: self._limit], is_usable=False)

    def _decoded(self, example: Example) -> PreviewRow:
        """An example that no rendering here equals, token by token: what is trained is shown whatever happens."""
        segments = [
            Segment(self._text_model.tokenizer.decode([token]), (token,), label != NOT_TRAINED, token in self._special)
            for token, label in zip(example.input_ids, example.labels, strict=True)
        ]
        ids, labels = tuple(example.input_ids), tuple(example.labels)
        return PreviewRow(example.path, example.line, tuple(segments), ids, labels, limit=self._limit)

    def _encodings(
        self, conversation: Conversation, rendered: Sequence[Rendered], train_on: TrainOn | None = None
    ) -> list[Encoding]:
        """The tokens of a conversation's texts, cut as in training."""
        cuts = cuts_of(rendered, conversation, self._text_model, train_on or self._settings.train_on)
        return self._text_model.encode_all([(text.text, text.plain) for text in rendered], cuts)

    def _cut_row(
        self,
        conversation: Conversation,
        rendered: Rendered,
        encoding: Encoding,
        labels: Sequence[int],
        *,
        is_usable: bool,
    ) -> PreviewRow:
        """The row as far as there are labels."""
        kept = len(labels)
        end = len(rendered.text)
        if kept < len(encoding.ids):
            end = max((stop for _, stop in encoding.offsets[:kept]), default=0)
        rest = [(max(start - end, 0), max(stop - end, 0)) for start, stop in encoding.offsets[kept:]]
        tail = OffsetEncoding(encoding.ids[kept:], rest)
        return PreviewRow(
            conversation.path,
            conversation.line,
            segments=self._segments(rendered.text[:end], encoding, labels),
            input_ids=tuple(encoding.ids[:kept]),
            labels=tuple(labels),
            turns=tuple(_turns(rendered, encoding, labels)),
            limit=self._limit,
            cut=self._segments(rendered.text[end:], tail, [NOT_TRAINED] * len(rest)),
            is_usable=is_usable,
        )

    def _shortened(self, conversation: Conversation, whole: Rendered, example: Example) -> PreviewRow | None:
        """The row without its oldest turns, if that is what the example was made of."""
        train_on = self._settings.train_on
        if whole.answer is not None:
            moved = len(conversation.messages) - len(self._text_model.arranged(conversation.messages))
            messages = conversation.messages[: whole.answer + moved + 1]
            conversation, train_on = replace(conversation, messages=messages), LAST
        starts = exchange_starts(conversation)
        for start in starts[1:]:
            shorter = from_turn(conversation, start)
            parts = self._renderings(shorter, train_on)
            for rendered, encoding in zip(parts, self._encodings(shorter, parts, train_on), strict=True):
                if encoding.ids == list(example.input_ids):
                    row = self._cut_row(conversation, rendered, encoding, example.labels, is_usable=True)
                    return replace(row, cut=self._raw(conversation.messages[starts[0] : start]), cut_at_start=True)
        return None

    def _renderings(self, conversation: Conversation, train_on: TrainOn) -> list[Rendered]:
        try:
            return render_conversation(conversation, self._text_model, train_on)
        except RowError:
            return []

    def _segments(self, text: str, encoding: Encoding, labels: Sequence[int]) -> tuple[Segment, ...]:
        """The text in segments, as far as there are labels."""
        tokens = [
            Token(token, span, label != NOT_TRAINED, token in self._special)
            for token, span, label in zip(encoding.ids, encoding.offsets, labels, strict=False)
        ]
        return tuple(segments_of(text, tokens, self._name_of))

    def _name_of(self, token: int) -> str:
        return str(self._text_model.tokenizer.convert_ids_to_tokens(token))

    def _raw(self, messages: Iterable[Message]) -> tuple[Segment, ...]:
        """Turns that no rendering holds: their roles and texts, with the tokens of the texts."""
        segments = []
        for message in messages:
            text = _text_of(message)
            ids = self._text_model.tokenizer(text, add_special_tokens=False)["input_ids"]
            segments.append(Segment(f"{message['role']}\n{text}\n", tuple(ids)))
        return tuple(segments)

    def _rejected(self, conversation: Conversation, chosen: Rendered) -> tuple[Segment, ...]:
        """The worse answer of a pair, from where its text parts from the better one's."""
        if not conversation.rejected:
            return ()
        prompt = conversation.messages[: _answers_start(conversation.messages)]
        worse = replace(conversation, messages=(*prompt, *conversation.rejected), rejected=())
        renderings = self._renderings(worse, self._settings.train_on)
        if not renderings:
            return self._raw(conversation.rejected)
        rendered = renderings[-1]
        (encoding,) = self._encodings(worse, [rendered])
        segments = self._segments(rendered.text, encoding, [NOT_TRAINED] * len(encoding.ids))
        return tuple(_from_character(segments, _common_start(rendered.text, chosen.text)))

    def _unrendered(self, conversation: Conversation, problems: tuple[Problem, ...]) -> PreviewRow:
        record = json.dumps(list(conversation.messages), ensure_ascii=False, indent=2, default=str)
        return PreviewRow(conversation.path, conversation.line, problems=problems, is_usable=False, record=record)


def _answers_start(messages: Sequence[Message]) -> int:
    """Where the prompt that both sides of a pair share ends: behind the last turn of the user."""
    return max((index + 1 for index, message in enumerate(messages) if message["role"] == "user"), default=0)


def _common_start(first: str, second: str) -> int:
    """Characters with which both texts begin."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))


def _from_character(segments: Sequence[Segment], start: int) -> list[Segment]:
    """The segments from the one on that holds a character, by its place in their text."""
    shown = 0
    for index, segment in enumerate(segments):
        shown += len(segment.text)
        if shown > start:
            return list(segments[index:])
    return []


def _turns(rendered: Rendered, encoding: Encoding, labels: Sequence[int]) -> Iterable[Turn]:
    """Tokens of each turn, those included that are cut; trained ones as far as there are labels."""
    reaches = _reaches(rendered)
    for message, span, reach in zip(rendered.messages, rendered.turns, reaches, strict=True):
        tokens = sum(1 for offset in encoding.offsets if _overlap(offset, span))
        learned = zip(encoding.offsets, labels, strict=False)
        trained = sum(1 for offset, label in learned if label != NOT_TRAINED and _overlap(offset, reach))
        yield Turn(message["role"], tokens, trained)


def _reaches(rendered: Rendered) -> list[Span]:
    """For each turn the characters whose trained tokens are its own: an answer has what is learned around it too."""
    reaches: list[Span] = []
    shown = 0
    for index, (start, stop) in enumerate(rendered.turns):
        following = next((later for later, _ in rendered.turns[index + 1 :] if later > start), len(rendered.text))
        is_answer = rendered.messages[index]["role"] == "assistant"
        next_is_answer = index + 1 < len(rendered.turns) and rendered.messages[index + 1]["role"] == "assistant"
        end = stop if next_is_answer and not is_answer else following
        reaches.append((min(shown, start) if is_answer else start, end))
        shown = max(shown, end)
    return reaches


def _overlap(token: Span, span: Span) -> bool:
    return token[0] < span[1] and token[1] > span[0]


def _text_of(message: Message) -> str:
    """The text of a turn; tool calls as JSON."""
    text = str(message["content"] or "")
    if not message.get("tool_calls"):
        return text
    calls = json.dumps(message["tool_calls"], ensure_ascii=False)
    return f"{text}\n{calls}" if text else calls
