"""A plan as a whole. Knows how it is made up, not how it is made."""

from dataclasses import dataclass, replace
from typing import Any

from llm_finetune.plan.disk import DiskPlan
from llm_finetune.plan.fit import Change, fits
from llm_finetune.plan.machine import Machine
from llm_finetune.plan.measure import Measured
from llm_finetune.plan.memory import STATED_ERROR, MemoryPlan
from llm_finetune.plan.skeleton import Sizes
from llm_finetune.plan.steps import Steps


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that was chosen for the user, and why."""

    what: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do and need, before any weight is loaded."""

    sizes: Sizes
    steps: Steps
    memory: MemoryPlan
    machine: Machine
    disk: DiskPlan
    choices: tuple[Choice, ...]
    changes: tuple[Change, ...]
    """What to change if memory does not do, in order."""
    measured: Measured | None = None

    @property
    def needed_bytes(self) -> int:
        """Memory by the best figure there is."""
        return self.memory.total if self.measured is None else self.measured.peak_bytes

    @property
    def memory_fits(self) -> bool:
        """Whether there is memory enough: a formula's figure needs headroom, a measured one has its margin."""
        if self.measured is None:
            return fits(self.memory.total, self.machine)
        return self.measured.peak_bytes <= self.machine.free_bytes

    @property
    def fits(self) -> bool:
        """Whether the run can be made here as it is."""
        return self.memory_fits and self.disk.fits

    def with_measured(self, measured: Measured) -> "Plan":
        """The plan with what a trial showed."""
        return replace(self, measured=measured)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        sizes = self.sizes
        return {
            "fits": self.fits,
            "architecture": sizes.architecture,
            "parameters": {"trained": sizes.trained, "total": sizes.total},
            "steps": self.steps.as_dict(),
            "memory": {**self.memory.as_dict(), "stated_error": STATED_ERROR},
            "machine": self.machine.as_dict(),
            "disk": self.disk.as_dict(),
            "choices": [
                {"what": choice.what, "value": choice.value, "reason": choice.reason} for choice in self.choices
            ],
            "changes": [change.as_dict() for change in self.changes],
            "measured": None if self.measured is None else self.measured.as_dict(),
        }
