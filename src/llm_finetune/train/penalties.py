"""What a method adds to the loss to keep its own form, counted apart from the loss. Knows no method."""

from collections.abc import Callable, Mapping
from typing import Any

import torch


class Penalties:
    """Adds penalties to the loss of optimizer steps, and tells their mean."""

    def __init__(self, penalty: Callable[[], torch.Tensor] | None) -> None:
        self._penalty = penalty
        self._sum: Any = 0.0
        self._steps = 0.0

    def share(self, micro_batches: int) -> Any:
        """The part of the penalty that one of the micro-batches of a step adds."""
        if self._penalty is None:
            return 0.0
        part = self._penalty() / micro_batches
        self._sum = self._sum + part.detach()
        self._steps += 1 / micro_batches
        return part

    def apart_from(self, logs: Mapping[str, Any]) -> dict[str, Any]:
        """Log values whose `loss` is without the penalty, which stands beside it."""
        if self._penalty is None or "loss" not in logs or not self._steps:
            return dict(logs)
        mean = float(self._sum) / self._steps
        self._sum, self._steps = 0.0, 0.0
        return {**logs, "loss": logs["loss"] - mean, "penalty": mean}
