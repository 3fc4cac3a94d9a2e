"""The tokens of a text, and where they stand in it. Knows no tokenizer, only what one returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llm_finetune.data.tokens import Span, merged, trained_runs


class Encoding(Protocol):
    """Token ids of a text, and for each token the characters it stands for."""

    @property
    def ids(self) -> list[int]:
        """Token ids."""

    @property
    def offsets(self) -> list[Span]:
        """Characters of each token; empty only for a beginning-of-sequence token that is not in the text."""

    def runs(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        """Runs of the tokens that hold a character of a span."""


@dataclass(frozen=True, slots=True)
class OffsetEncoding:
    """An encoding whose offsets are known."""

    ids: list[int]
    offsets: list[Span]

    def runs(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        """Runs of the tokens that hold a character of a span."""
        return trained_runs(self.offsets, spans)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that was tokenised by itself."""

    start: int
    """Its first character."""
    first: int
    """Its first token."""
    encoded: Any
    """An encoding of `tokenizers`."""


@dataclass(frozen=True, slots=True)
class PieceEncoding:
    """An encoding of pieces, whose offsets are made when they are asked for: reading them costs as much as all else."""

    ids: list[int]
    pieces: tuple[Piece, ...]
    length: int
    """Characters of the text."""

    @property
    def offsets(self) -> list[Span]:
        """Characters of each token."""
        return [
            *[(0, 0)] * (self.pieces[0].first if self.pieces else len(self.ids)),
            *(
                (piece.start + start, piece.start + stop)
                for piece in self.pieces
                for start, stop in filled(piece.encoded.offsets)
            ),
        ]

    def runs(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        """Runs of the tokens that hold a character of a span."""
        found = []
        for start, stop in spans:
            low, high = self._begins_at(start), self._begins_at(stop)
            if low is None or high is None:
                return trained_runs(self.offsets, spans)
            if low < high:
                found.append((low, high))
        return merged(found) if len(found) > 1 else tuple(found)

    def _begins_at(self, character: int) -> int | None:
        """The token that begins with a character; None where none does."""
        if character == self.length:
            return len(self.ids)
        piece = next(piece for piece in reversed(self.pieces) if piece.start <= character)
        if piece.start == character:
            return piece.first
        index = piece.encoded.char_to_token(character - piece.start)
        if index is None or piece.encoded.token_to_chars(index)[0] != character - piece.start:
            return None
        return piece.first + int(index)


def filled(offsets: Sequence[Span]) -> list[Span]:
    """Offsets in which a token that lost its blanks stands for them again, and a mere prefix for what follows it."""
    if all(start < stop for start, stop in offsets):
        return list(offsets)
    following: list[Span] = []
    nearest = (0, 0)
    for start, stop in reversed(offsets):
        nearest = (start, stop) if start < stop else nearest
        following.append(nearest)
    made, shown = [], 0
    for (start, stop), after in zip(offsets, reversed(following), strict=True):
        if start < stop:
            made.append((start, stop))
        else:
            made.append((shown, start) if shown < start else after)
        shown = max(shown, stop)
    return made
