"""Show what the model will read, and which part of it is trained."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from llm_finetune.data.encode import NOT_TRAINED, Rendered, RowError, effective_limit, render_conversation
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import Problem


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of tokens with the same fate."""

    text: str
    trained: bool
    tokens: int


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row as it is trained."""

    path: str
    line: int
    text: str
    pieces: tuple[Piece, ...]
    input_ids: list[int]
    labels: list[int]

    @property
    def trained(self) -> list[str]:
        """The trained texts, each with its end token."""
        return [piece.text for piece in self.pieces if piece.trained]

    def as_dict(self) -> dict[str, Any]:
        """The object that `preview --json` prints for a row."""
        return {
            "path": self.path,
            "line": self.line,
            "text": self.text,
            "trained": self.trained,
            "input_ids": self.input_ids,
            "labels": self.labels,
        }


def preview_rows(
    conversations: Iterable[Conversation], text_model: TextModel, settings: DataSettings
) -> tuple[list[PreviewRow], list[Problem]]:
    """What each conversation becomes, and the problems of those that cannot be shown."""
    limit = effective_limit(settings, text_model) if settings.overlong == "truncate" else None
    rows, problems = [], []
    for conversation in conversations:
        try:
            rows.append(_row(render_conversation(conversation, text_model, settings.train_on), limit))
        except RowError as error:
            problems.append(error.problem)
    return rows, problems


def _row(rendered: Rendered, limit: int | None) -> PreviewRow:
    """The row, cut where training cuts it."""
    example, offsets = rendered.example, rendered.encoding.offsets[:limit]
    text = rendered.text if len(offsets) == example.length else rendered.text[: offsets[-1][1]]
    return PreviewRow(
        example.path,
        example.line,
        text,
        tuple(_pieces(text, offsets, example.labels[:limit])),
        example.input_ids[:limit],
        example.labels[:limit],
    )


def _pieces(text: str, offsets: Sequence[tuple[int, int]], labels: Sequence[int]) -> Iterable[Piece]:
    """Runs of tokens, cut from the text so that every character is shown exactly once."""
    shown = 0
    tokens = list(zip(offsets, labels, strict=True))
    for trained, run in groupby(tokens, key=lambda token: token[1] != NOT_TRAINED):
        members = list(run)
        start, stop = (members[0][0][0], members[-1][0][1])
        if start > shown:
            yield Piece(text[shown:start], trained=False, tokens=0)
        yield Piece(text[max(start, shown) : stop], trained=trained, tokens=len(members))
        shown = max(shown, stop)
    if shown < len(text):
        yield Piece(text[shown:], trained=False, tokens=0)
