"""The tokens of one text and which of them are trained. Knows no rows, no limits and no tokenizer."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

NOT_TRAINED = -100
"""The label that PyTorch's cross entropy ignores (`ignore_index`)."""

TOKEN_TYPE = "i"
"""Type code of token ids and labels: four bytes each, where a list needs eight and an object of 28 for most ids."""
_start_of, _stop_of = itemgetter(0), itemgetter(1)
WHOLE = -1
"""`Tokens.answer` of a row that is one example."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text before any limit: its ids, and the runs of tokens that are trained."""

    ids: "array[int]"
    runs: tuple[Span, ...]
    """First and one past the last token of each run; ascending, apart, none empty."""
    answer: int = WHOLE
    """The one turn that is learned, where a row was split into an example a turn."""

    @property
    def prompt_tokens(self) -> int:
        """Tokens before the first that is trained."""
        return self.runs[0][0] if self.runs else len(self.ids)

    @property
    def labels(self) -> "array[int]":
        """The token to predict at each place, or NOT_TRAINED."""
        labels = array(TOKEN_TYPE, (NOT_TRAINED,)) * len(self.ids)
        for start, stop in self.runs:
            labels[start:stop] = self.ids[start:stop]
        return labels

    def cut(self, limit: int) -> "Tokens":
        """The first tokens."""
        runs = tuple((start, min(stop, limit)) for start, stop in self.runs if start < limit)
        return Tokens(self.ids[:limit], runs, self.answer)


def trained_runs(offsets: Sequence[Span], spans: Sequence[Span]) -> tuple[Span, ...]:
    """Runs of the tokens that hold a character of a span. Tokens that hold no character are never trained."""
    spans = [span for span in spans if span[0] < span[1]]
    if not _ascends(offsets):
        return _runs_of(
            [start < stop and any(start < last and stop > first for first, last in spans) for start, stop in offsets]
        )
    found = [
        (bisect_right(offsets, first, key=_stop_of), bisect_left(offsets, last, key=_start_of)) for first, last in spans
    ]
    found = [run for low, high in found for run in _without_empty(offsets, low, high)]
    return merged(found) if len(found) > 1 else tuple(found)


def _ascends(offsets: Sequence[Span]) -> bool:
    """Whether starts and stops both ascend, as they do unless a tokenizer rewrites the text."""
    listed = list(offsets)
    return sorted(listed) == listed and sorted(listed, key=_stop_of) == listed


def _without_empty(offsets: Sequence[Span], low: int, high: int) -> Iterator[Span]:
    """The range without the tokens that hold no character."""
    cuts = [index for index, (start, stop) in enumerate(offsets[low:high], low) if start >= stop]
    for before, after in pairwise([low - 1, *cuts, high]):
        if before + 1 < after:
            yield before + 1, after


def merged(runs: Sequence[Span]) -> tuple[Span, ...]:
    """The runs in order; those that touch become one."""
    kept: list[Span] = []
    for low, high in sorted(runs):
        if kept and low <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(high, kept[-1][1]))
        else:
            kept.append((low, high))
    return tuple(kept)


def _runs_of(trained: Sequence[bool]) -> tuple[Span, ...]:
    """The runs of true values."""
    return merged([(index, index + 1) for index, value in enumerate(trained) if value])


def pack(parts: Sequence[Tokens]) -> bytes:
    """The examples of one row as bytes."""
    numbers = array(TOKEN_TYPE)
    for part in parts:
        numbers.extend((part.answer, len(part.ids), len(part.runs)))
        for run in part.runs:
            numbers.extend(run)
        numbers.extend(part.ids)
    return numbers.tobytes()


def unpack(data: bytes) -> list[Tokens]:
    """The examples that `pack` wrote."""
    numbers = array(TOKEN_TYPE)
    numbers.frombytes(data)
    parts, place = [], 0
    while place < len(numbers):
        answer, length, count = numbers[place : place + 3]
        place += 3
        bounds = numbers[place : place + 2 * count]
        place += 2 * count
        runs = tuple(zip(bounds[::2], bounds[1::2], strict=True))
        parts.append(Tokens(numbers[place : place + length], runs, answer))
        place += length
    return parts
