"""From batches of row numbers to steps, tokens, padding, and the largest batches. Knows no model and no files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from llm_finetune.engine.batch import NOT_TRAINED, TokenRow, first_trained

Batch = Sequence[int]
"""Numbers of the rows that are computed together."""


@dataclass(frozen=True, slots=True)
class BatchShape:
    """What of a batch decides its memory and its time."""

    rows: int
    length: int
    """Tokens of the longest row; the others are padded to it."""
    kept: int
    """Positions at the end whose logits are computed."""

    @property
    def tokens(self) -> int:
        """Tokens computed, padding included."""
        return self.rows * self.length

    @property
    def logit_rows(self) -> int:
        """Rows of the logits' matrix."""
        return self.rows * self.kept

    def of(self, rows: int) -> "BatchShape":
        """The same with another number of rows."""
        return BatchShape(rows, self.length, self.kept)

    def as_dict(self) -> dict[str, int]:
        """Plain values."""
        return {"rows": self.rows, "length": self.length, "kept_positions": self.kept}


@dataclass(frozen=True, slots=True)
class RowSize:
    """What of a row decides the shape of its batch."""

    length: int
    trained: int
    first: int
    """Index of the first trained token."""

    @classmethod
    def of(cls, row: TokenRow) -> "RowSize":
        """The sizes of a row."""
        trained = sum(label != NOT_TRAINED for label in row.labels[1:])
        return cls(len(row.input_ids), trained, first_trained(row.labels))


def shape_of(sizes: Sequence[RowSize]) -> BatchShape:
    """The shape of a batch, as `engine.batch.collate` makes it."""
    longest = max(size.length for size in sizes)
    return BatchShape(len(sizes), longest, longest - max(min(size.first for size in sizes) - 1, 0))


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """A batch that will be computed."""

    members: tuple[int, ...]
    shape: BatchShape


@dataclass(frozen=True, slots=True)
class Steps:
    """All batches of a run, and what they add up to."""

    steps: int
    epochs: float
    batches: tuple[PlannedBatch, ...]
    tokens: int
    """Of rows, without padding, as often as each is seen."""
    trained: int
    padding: int

    @property
    def longest(self) -> PlannedBatch:
        """The batch of most tokens, and of most logits among those."""
        return max(self.batches, key=lambda batch: (batch.shape.tokens, batch.shape.logit_rows))

    def most_by(self, bytes_per_token: float, bytes_per_logit_row: float) -> PlannedBatch:
        """The batch that needs most memory, by what a token and a row of logits take."""
        return max(
            self.batches,
            key=lambda batch: (
                bytes_per_token * batch.shape.tokens + bytes_per_logit_row * batch.shape.logit_rows,
                batch.shape.tokens,
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        whole = self.tokens + self.padding
        return {
            "steps": self.steps,
            "epochs": round(self.epochs, 2),
            "batches": len(self.batches),
            "tokens": {"real": self.tokens, "trained": self.trained, "padding": self.padding},
            "padding_share": round(self.padding / whole, 4) if whole else 0.0,
            "longest_batch": self.longest.shape.as_dict(),
        }


def count_steps(sizes: Sequence[RowSize], epochs: Iterable[Sequence[Batch]], steps: int, accumulation: int) -> Steps:
    """What a run of so many optimizer steps computes, from the batches of each of its epochs."""
    planned = [
        PlannedBatch(tuple(batch), shape_of([sizes[index] for index in batch]))
        for batch in _batches_of(epochs, steps, accumulation)
    ]
    rows = [sizes[index] for batch in planned for index in batch.members]
    tokens = sum(size.length for size in rows)
    return Steps(
        steps=steps,
        epochs=len(rows) / len(sizes),
        batches=tuple(planned),
        tokens=tokens,
        trained=sum(size.trained for size in rows),
        padding=sum(batch.shape.tokens for batch in planned) - tokens,
    )


def _batches_of(epochs: Iterable[Sequence[Batch]], steps: int, accumulation: int) -> Iterator[Batch]:
    """The batches of the first steps; the last step of an epoch may have fewer of them."""
    done = 0
    for batches in epochs:
        for start in range(0, len(batches), accumulation):
            if done == steps:
                return
            yield from islice(batches, start, start + accumulation)
            done += 1


def evaluation_shapes(sizes: Sequence[RowSize], batch_size: int) -> list[BatchShape]:
    """The batches in which the loss of held-out rows is measured: rows of like length, longest first."""
    ordered = sorted(sizes, key=lambda size: size.length, reverse=True)
    return [shape_of(ordered[start : start + batch_size]) for start in range(0, len(ordered), batch_size)]


def evenly(batches: Sequence[PlannedBatch], count: int) -> list[PlannedBatch]:
    """So many batches from all over the range of sizes: the middles of equal shares, in order of size."""
    ordered = sorted(batches, key=lambda batch: batch.shape.tokens)
    count = min(count, len(ordered))
    return [ordered[(2 * place + 1) * len(ordered) // (2 * count)] for place in range(count)]
