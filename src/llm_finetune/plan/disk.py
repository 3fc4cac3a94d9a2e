"""What a run writes, and whether the disk has room for it. Knows no weights."""

import shutil
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any, Literal

FEWEST_KEPT = 2
"""Checkpoints that are kept whatever `save_total_limit` says."""


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """Bytes on disk at the moment when most is there."""

    checkpoint_bytes: int
    """One checkpoint: weights, optimizer state, tokenizer."""
    checkpoints: int
    """Kept at the same time, the one being written included."""
    delivered_bytes: int
    free_bytes: int

    @property
    def total(self) -> int:
        """All that the run writes and keeps."""
        return self.checkpoint_bytes * self.checkpoints + self.delivered_bytes

    @property
    def fits(self) -> bool:
        """Whether there is room."""
        return self.total <= self.free_bytes

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "total": self.total, "fits": self.fits}


def saves_of(strategy: Literal["no", "steps", "epoch"], every: float, steps: int, epochs: float) -> int:
    """Checkpoints that are written in a run; `every` below 1 is a share of its steps, as the Trainer reads it.

    By steps, one is written at the end too.
    """
    if strategy == "no":
        return 0
    if strategy == "epoch":
        return max(ceil(round(epochs, 6)), 1)
    apart = max(ceil(steps * every) if every < 1 else int(every), 1)
    return ceil(steps / apart)


def kept_of(saves: int, limit: int | None) -> int:
    """Checkpoints on disk at the same time: those kept, the best one besides, and the one that is being written."""
    return saves if limit is None else min(saves, max(limit, FEWEST_KEPT) + 2)


def disk_plan(folder: Path, *, weights_bytes: int, state_bytes: int, other_bytes: int, checkpoints: int) -> DiskPlan:
    """The plan for a run that writes below `folder`, which need not be there yet."""
    there = next(place for place in (folder, *folder.resolve().parents) if place.is_dir())
    delivered = weights_bytes + other_bytes
    return DiskPlan(delivered + state_bytes, checkpoints, delivered, shutil.disk_usage(there).free)
