"""Whether a run fits, and if not, what to change in which order. Knows no project.

The changes that leave the result as it is come first, then those that cost something; each is counted on top of the
ones before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import Any

from llm_finetune.messages import say
from llm_finetune.methods import METHODS
from llm_finetune.model import quantize
from llm_finetune.plan.machine import Machine
from llm_finetune.plan.memory import MemoryPlan, MemoryPlanner, Situation

HEADROOM = 1.1
"""A plan fits if this many times its total is there: what the formula missed on the runs it was held against."""
SMALL_OPTIMIZERS = (("adamw_8bit", "bitsandbytes"), ("adafactor", ""))
"""(optimizer, package it needs), in the order they are offered."""
WORTH_CHANGING = 0.05
"""Share of the total from which on a component is worth a change of its own."""
SHORTEST_ROWS = 128


@dataclass(frozen=True, slots=True)
class Change:
    """One change to the configuration, and what the run needs with it and those before."""

    setting: str
    """As overrides of the command line, or the key to edit."""
    effect: str
    """A sentence: what it costs."""
    total_bytes: int
    fits: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def fits(needed_bytes: int, machine: Machine) -> bool:
    """Whether it fits with headroom."""
    return needed_bytes * HEADROOM <= machine.free_bytes


def needs_checkpointing(plain: MemoryPlan, machine: Machine) -> tuple[bool, str]:
    """Whether activations must be computed again for a run to fit, and why; `plain` is the plan that keeps them."""
    values = {"needed": readable_bytes(plain.total), "free": readable_bytes(machine.free_bytes)}
    if fits(plain.total, machine):
        return False, say("plan.checkpointing.fits", **values)
    return True, say("plan.checkpointing.needed", **values)


def readable_bytes(size_bytes: int) -> str:
    """`3.2 GB` or `540 MB`, in powers of 1,000."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


class _Search:
    """Walks through the changes until the run fits."""

    def __init__(self, planner: MemoryPlanner, plan: MemoryPlan, machine: Machine) -> None:
        self._planner, self._plan, self._machine = planner, plan, machine
        self._accumulation = planner.situation.accumulation

    @property
    def _situation(self) -> Situation:
        return self._planner.situation

    def changes(self) -> Iterator[Change]:
        """Each change in turn."""
        for walk in (self._recompute, self._fewer_rows, self._optimizer, self._bits, self._adapter, self._shorter):
            for change in walk():
                yield change
                if change.fits:
                    return

    def _change(
        self, plan: MemoryPlan, setting: str, effect: str, planner: MemoryPlanner | None = None
    ) -> Iterator[Change]:
        """Take a plan over, and what counts from then on, if it needs less."""
        if plan.total < self._plan.total:
            self._plan, self._planner = plan, planner or self._planner
            yield Change(setting, effect, plan.total, fits(plan.total, self._machine))

    def _counted(self, planner: MemoryPlanner) -> MemoryPlan:
        """What another planner makes of the run with the changes so far."""
        plan = planner.plan(recomputes=self._plan.recomputes and planner.can_recompute)
        rows = max(round(plan.batch.rows * self._situation.accumulation / self._accumulation), 1)
        return plan.with_rows(rows, self._accumulation > 1)

    def _recompute(self) -> Iterator[Change]:
        if self._planner.can_recompute and not self._plan.recomputes:
            plan = self._planner.plan(recomputes=True)
            yield from self._change(plan, "training.gradient_checkpointing=true", say("plan.change.checkpointing"))

    def _fewer_rows(self) -> Iterator[Change]:
        rows, whole = self._plan.batch.rows, self._plan
        smaller = [count for count in range(rows - 1, 0, -1) if rows % count == 0]
        chosen = next((count for count in smaller if fits(whole.with_rows(count, True).total, self._machine)), 1)
        if chosen < rows:
            accumulation = self._situation.accumulation * rows // chosen
            setting = (
                f"training.per_device_train_batch_size={chosen} training.gradient_accumulation_steps={accumulation}"
            )
            if whole.evaluating:
                setting += f" training.per_device_eval_batch_size={chosen}"
            for change in self._change(whole.with_rows(chosen, True), setting, say("plan.change.rows")):
                self._accumulation = accumulation
                yield change

    def _optimizer(self) -> Iterator[Change]:
        if self._plan.optimizer >= WORTH_CHANGING * self._plan.total:
            usable = (name for name, package in SMALL_OPTIMIZERS if not package or find_spec(package) is not None)
            name = next(usable)
            planner = self._planner.with_optimizer(name)
            setting, effect = f"training.optim={name}", say("plan.change.optimizer")
            yield from self._change(self._counted(planner), setting, effect, planner)

    def _bits(self) -> Iterator[Change]:
        for name in (quantize.INT8, quantize.NF4):
            recipe = self._situation.recipe
            is_lower = recipe.quantization in (quantize.NONE, quantize.INT8) and recipe.quantization != name
            if is_lower and self._can_round(name):
                planner = MemoryPlanner(replace(self._situation, recipe=replace(recipe, quantization=name)))
                setting, effect = f"model.quantization={name}", say(f"plan.change.{name}")
                yield from self._change(self._counted(planner), setting, effect, planner)

    def _can_round(self, name: str) -> bool:
        recipe = self._situation.recipe
        if not recipe.method.quantized_base or quantize.is_stored_quantized(recipe.config):
            return False
        has_library = name not in quantize.NEEDS_LIBRARY or find_spec(quantize.LIBRARY) is not None
        return has_library and self._plan.weights >= WORTH_CHANGING * self._plan.total

    def _adapter(self) -> Iterator[Change]:
        situation, method = self._situation, METHODS["LORA"]
        if not situation.recipe.method.is_adapter:
            recipe = replace(situation.recipe, method=method, settings=method.settings(), stored=situation.precision)
            planner = MemoryPlanner(replace(situation, recipe=recipe))
            setting, effect = "method.adapter=config/lora_config.json", say("plan.change.adapter", title=method.title)
            yield from self._change(self._counted(planner), setting, effect, planner)

    def _shorter(self) -> Iterator[Change]:
        longest, whole = self._plan.batch.length, self._plan
        lengths = [longest >> halvings for halvings in range(1, 12) if longest >> halvings >= SHORTEST_ROWS]
        if lengths:
            wanted = (length for length in lengths if fits(_shortened(whole, length / longest).total, self._machine))
            chosen = next(wanted, lengths[-1])
            plan = _shortened(whole, chosen / longest)
            yield from self._change(plan, f"data.max_length={chosen}", say("plan.change.length", length=chosen))


def _shortened(plan: MemoryPlan, share: float) -> MemoryPlan:
    """The plan with rows of this share of the length; logits and activations shrink at least as much."""
    batch = replace(plan.batch, length=round(plan.batch.length * share), kept=round(plan.batch.kept * share))
    return plan.scaled(share, batch, plan.gradients)


def changes_to_fit(planner: MemoryPlanner, plan: MemoryPlan, machine: Machine) -> Sequence[Change]:
    """What to change, in order, until the run fits; all there is if it never does. Nothing if it fits as it is."""
    return () if fits(plan.total, machine) else tuple(_Search(planner, plan, machine).changes())
