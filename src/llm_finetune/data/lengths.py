"""Arithmetic of row lengths: quantiles, bins of a histogram, and what padding costs. Knows no rows and no tokens."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import ceil

MOST_BINS = 12
"""Bars of a histogram: as many as fit beside a summary."""
LOG_FROM_RATIO = 32
"""Bins double in width where the longest row is this many times the median; equal ones would hide the bulk."""


@dataclass(frozen=True, slots=True)
class LengthStats:
    """How a set of whole numbers is spread. Quantiles are nearest-rank: a value that occurs."""

    mean: float
    min: int
    p50: int
    p90: int
    p99: int
    max: int

    @classmethod
    def of(cls, ordered: Sequence[int]) -> "LengthStats":
        """The spread of ascending numbers, at least one."""
        mean = round(sum(ordered) / len(ordered), 1)
        p50, p90, p99 = (nearest_rank(ordered, share) for share in (0.5, 0.9, 0.99))
        return cls(mean, ordered[0], p50, p90, p99, ordered[-1])

    def as_dict(self) -> dict[str, float | int]:
        """Plain JSON values."""
        return asdict(self)


def nearest_rank(ordered: Sequence[int], share: float) -> int:
    """The smallest of ascending numbers that at least this share of them does not exceed."""
    return ordered[max(ceil(round(share * len(ordered), 9)) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Rows by length. A bin holds its first length and not its last."""

    scale: str
    """`linear`: bins of one width; `log`: each is twice as wide as the one before."""
    edges: tuple[int, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, ordered: Sequence[int]) -> "Histogram":
        """Bins that hold all of some ascending numbers."""
        low, high, middle = ordered[0], ordered[-1], ordered[len(ordered) // 2]
        is_log = high > LOG_FROM_RATIO * max(middle, 1)
        edges = _log_edges(low, high) if is_log else _linear_edges(low, high)
        places = [bisect_left(ordered, edge) for edge in edges]
        return cls("log" if is_log else "linear", tuple(edges), tuple(stop - start for start, stop in pairwise(places)))

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        bins = [
            {"from": first, "to": stop - 1, "rows": count}
            for (first, stop), count in zip(pairwise(self.edges), self.rows, strict=True)
        ]
        return {"scale": self.scale, "bins": bins}


def _linear_edges(low: int, high: int) -> list[int]:
    width = 1
    while True:
        for factor in (1, 2, 5):
            start = low // (width * factor) * (width * factor)
            count = (high - start) // (width * factor) + 1
            if count <= MOST_BINS:
                return [start + step * width * factor for step in range(count + 1)]
        width *= 10


def _log_edges(low: int, high: int) -> list[int]:
    """Powers of two; the first bin begins lower where that keeps their number small."""
    top = high.bit_length()
    bottom = max(low.bit_length() - 1, top - MOST_BINS + 1, 0)
    first = 0 if low < 1 << bottom else 1 << bottom
    return [first, *(1 << power for power in range(bottom + 1, top + 1))]


def padding_of_random_batches(ordered: Sequence[int], batch_size: int) -> float:
    """Share of padding to expect where batches of B rows are drawn at random: 1 - mean / E[longest of B].

    For ascending lengths x of n rows, E[longest of B] = sum of x_i * C(i-1, B-1) / C(n, B) over i = 1 … n.
    """
    count = len(ordered)
    size = min(batch_size, count)
    chance = size / count
    expected = 0.0
    for place in range(count, size - 1, -1):
        expected += ordered[place - 1] * chance
        chance *= (place - size) / (place - 1) if place > 1 else 0.0
    return _share_of_padding(sum(ordered) / count, expected)


def padding_of_sorted_batches(ordered: Sequence[int], batch_size: int) -> float:
    """Share of padding where rows of similar length share a batch, as in batches cut from the sorted rows."""
    padded = 0
    for stop in range(len(ordered), 0, -batch_size):
        padded += ordered[stop - 1] * (stop - max(stop - batch_size, 0))
    return _share_of_padding(sum(ordered), padded)


def _share_of_padding(real: float, padded: float) -> float:
    return round(max(1 - real / padded, 0.0), 4) if padded else 0.0
