"""Repeat the examples of each source by its weight, and mix the sources evenly. Knows no files and no tokenizer.

This comes after the split, on the training side only, so that no copy of a row is ever validated on.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from llm_finetune.data.encode import Example


def blend(
    examples: Sequence[Example], weights: Mapping[str, float], seed: int, rows: Sequence[int] | None = None
) -> tuple[Example, ...]:
    """The examples in the order they are trained on; `weights` goes by the path that messages show.

    `rows` numbers the row that each example was made of, where a row may be several: they are taken together. The whole
    part of a weight is so many copies of the source; the rest of it is a share of its rows, always the same ones, and
    at least one row where the weight is under 1. Every stretch of the result holds the sources in proportion.
    """
    by_path: dict[str, dict[int, list[Example]]] = {}
    for example, row in zip(examples, range(len(examples)) if rows is None else rows, strict=True):
        by_path.setdefault(example.path, {}).setdefault(row, []).append(example)
    if all(weights.get(path, 1.0) == 1.0 for path in by_path):
        return tuple(examples)
    return _interleaved(
        [_weighted(list(members.values()), weights.get(path, 1.0), seed) for path, members in by_path.items()]
    )


def _weighted(rows: Sequence[Sequence[Example]], weight: float, seed: int) -> list[Example]:
    """So many copies, in the order of the file each time."""
    whole = int(weight)
    # Weights are written in decimals: 1.15 of 100 rows is 115 of them, whatever 0.15 is in binary.
    count = round(round(weight - whole, 9) * len(rows))
    taken = [*list(rows) * whole, *_sample(rows, count if whole else max(count, 1), seed)]
    return [example for row in taken for example in row]


def _sample(rows: Sequence[Sequence[Example]], count: int, seed: int) -> list[Sequence[Example]]:
    """The rows with the lowest hash, in their order; a larger sample holds the smaller one."""
    ranked = sorted(range(len(rows)), key=lambda index: (_rank(rows[index][0], seed), index))
    return [rows[index] for index in sorted(ranked[:count])]


def _rank(example: Example, seed: int) -> bytes:
    return sha256(f"{seed}:{list(example.input_ids)}".encode()).digest()


def _interleaved(sources: Sequence[Sequence[Example]]) -> tuple[Example, ...]:
    """All rows, those of each source in their order and at even distances."""
    placed = (
        ((2 * place + 1) / (2 * len(rows)), number, place)
        for number, rows in enumerate(sources)
        for place in range(len(rows))
    )
    return tuple(sources[number][place] for _, number, place in sorted(placed))
