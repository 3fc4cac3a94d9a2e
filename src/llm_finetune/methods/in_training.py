"""What a method does while its model is trained, beside being trained. Knows no trainer and no method."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE_PREFIX = "method."
"""Files of a checkpoint that begin so are for going on alone, and are not delivered."""


@dataclass(frozen=True, slots=True)
class InTraining:
    """The hooks of a method; each that is None is done the plain way."""

    initialise: Callable[[Iterable[Mapping[str, Any]]], None] | None = None
    """Called once with batches of the training rows before the first step of a run, not when it goes on."""
    parameter_groups: Callable[[float, float], list[dict[str, Any]]] | None = None
    """(learning rate, weight decay) → the optimizer's parameter groups, where some learn at another rate."""
    penalty: Callable[[], Any] | None = None
    """A scalar tensor added to the loss of each optimizer step; it is logged as `penalty`, apart from the loss."""
    after_optimizer: Callable[[int], None] | None = None
    """Called when the optimizer has stepped and the gradients are still there, with the steps taken (first: 1)."""
    save_weights: Callable[[Path], None] | None = None
    """Writes the adapter as it is delivered."""
    save_state: Callable[[Path], None] | None = None
    """Writes what going on needs beside that, into files whose names begin with STATE_PREFIX."""
    load_state: Callable[[Path], None] | None = None
    """Puts weights and state back from a checkpoint."""
    report: Callable[[], Mapping[str, Any]] | None = None
    """What came of it, as JSON values for `run.json`: `{"lines": [sentences to tell], …}`."""

    settled_at: int = 0
    """The first step whose weights have their final form; earlier ones are delivered only if there are no others."""


NOTHING_ELSE = InTraining()
