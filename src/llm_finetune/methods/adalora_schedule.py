"""When AdaLoRA measures, cuts and settles, from the real number of optimizer steps. Knows no model.

Ranks are whole until `tinit`, fall by a cubic schedule until `total_step - tfinal`, and stay after it (Zhang et al.
2023, arXiv:2303.10512, global budget scheduler).
"""

from dataclasses import dataclass

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say

FEWEST_STEPS = 10
"""Importance is a moving average over 1 / (1 - 0.85) = 6.7 steps (`beta1`, `beta2`): fewer steps measure nothing."""
FEWEST_STEPS_TO_CUT = 2
"""PEFT 0.21 measures only in steps before the last cut; without one it fails with a KeyError."""
WARM_UP_SHARE = 10
SETTLING_SHARE = 2
"""A tenth and a half of the steps. The paper's own GLUE runs (script of its authors) take 8,000 and 50,000 of 85,900
for MNLI, 6,000 and 22,000 of 50,500 for SST-2."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The steps at which ranks begin to fall and are final."""

    total_step: int
    tinit: int
    tfinal: int
    reasons: tuple[str, ...]
    """What was chosen here, for the user."""

    @property
    def cut_step(self) -> int:
        """The step after which ranks stay."""
        return self.total_step - self.tfinal


def schedule_for(tinit: int | None, tfinal: int | None, *, target_r: int, total_steps: int) -> Schedule:
    """The schedule of a run; a part that is None is chosen.

    Raises: ModelError if it does not fit the number of steps.
    """
    if (tinit is None or tfinal is None) and total_steps < FEWEST_STEPS:
        message = say("methods.adalora_short", fewest=FEWEST_STEPS, total=total_steps)
        fix = say("methods.adalora_short.fix", target_r=target_r)
        raise ModelError(Problem("schedule_too_short", message, fix, field="peft_type"))
    chosen_tinit, chosen_tfinal = _chosen(tinit, tfinal, total_steps)
    schedule = Schedule(
        total_steps, chosen_tinit, chosen_tfinal, _reasons(tinit, tfinal, chosen_tinit, chosen_tfinal, total_steps)
    )
    if schedule.tinit >= schedule.cut_step or schedule.cut_step < FEWEST_STEPS_TO_CUT:
        values = {"tinit": schedule.tinit, "tfinal": schedule.tfinal, "total": total_steps}
        message = say("methods.adalora_unfit", **values)
        field = "tfinal" if tinit is None else "tinit"
        raise ModelError(Problem("schedule_unfit", message, say("methods.adalora_unfit.fix", **values), field=field))
    return schedule


def _chosen(tinit: int | None, tfinal: int | None, total: int) -> tuple[int, int]:
    """Each part; one that is chosen leaves for the cut at least half of what the other, if it is given, has left."""
    warm_up, settling = total // WARM_UP_SHARE, total // SETTLING_SHARE
    if tinit is None and tfinal is None:
        return warm_up, settling
    if tfinal is None:
        return tinit or 0, max(min(settling, (total - (tinit or 0)) // 2), 0)
    return max(min(warm_up, (total - tfinal) // 2), 0) if tinit is None else tinit, tfinal


def _reasons(
    tinit: int | None, tfinal: int | None, chosen_tinit: int, chosen_tfinal: int, total: int
) -> tuple[str, ...]:
    cut = total - chosen_tfinal
    lines = [say("methods.adalora_plan", tinit=chosen_tinit, cut=cut, total=total)]
    if tinit is None:
        lines.append(say("methods.adalora_tinit", tinit=chosen_tinit))
    if tfinal is None:
        lines.append(say("methods.adalora_tfinal", tfinal=chosen_tfinal))
    return tuple(lines)
