"""What training tells while it runs: counts that survive a resume, and a value for whoever shows progress."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    import psutil
else:
    import resource


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands after a step."""

    step: int
    total_steps: int
    epoch: float
    loss: float | None
    eval_loss: float | None
    tokens_per_second: float | None
    seconds_left: float | None


ShowProgress = Callable[[Progress], None]
Observer = Callable[[Any, int, Path], None]
"""A function of model, step and log folder, called after each measurement of the validation loss."""


@dataclass(slots=True)
class Tally:
    """Tokens and seconds of a run, over all its processes and starts."""

    real: int = 0
    """Tokens of rows, without padding."""
    trained: int = 0
    """Tokens with a label."""
    padding: int = 0
    seconds: float = 0.0
    """Seconds spent in training steps, evaluations and saves of earlier starts."""
    started: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Seconds of all starts together."""
        return self.seconds + time.monotonic() - self.started

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a file."""
        values = asdict(self)
        values["seconds"] = self.elapsed()
        del values["started"]
        return values


def peak_memory_bytes() -> int:
    """Largest resident memory of this process so far, in bytes."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
