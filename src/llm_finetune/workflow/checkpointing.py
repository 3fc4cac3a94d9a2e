"""Whether activations are kept or computed again: `training.gradient_checkpointing`, with the reason for `auto`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.workflow.opening import Opened

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from llm_finetune.workflow.preparing import Prepared

FIELD = "training.gradient_checkpointing"


@dataclass(frozen=True, slots=True)
class Checkpointing:
    """The choice, and why."""

    is_on: bool
    reason: str

    @property
    def sentence(self) -> str:
        """The choice for the user."""
        return say("train.checkpointing.on" if self.is_on else "train.checkpointing.off", reason=self.reason)


def needs_checkpointing(opened: Opened, prepared: "Prepared") -> str | None:
    """Why memory needs it, in a sentence for the user; None where it does not, or cannot be counted."""
    from llm_finetune.workflow.counting import reason_to_recompute

    return reason_to_recompute(opened, prepared)


def resolve_checkpointing(opened: Opened, prepared: "Prepared") -> Checkpointing:
    """What `training.gradient_checkpointing` comes to for this run."""
    wanted = opened.settings.training_settings.gradient_checkpointing
    if wanted != "auto":
        return Checkpointing(wanted, say("train.checkpointing.asked"))
    if not opened.method.checkpointing:
        return Checkpointing(False, say("train.checkpointing.method", method=opened.method.title))
    reason = needs_checkpointing(opened, prepared)
    return Checkpointing(reason is not None, reason or say("train.checkpointing.not_needed"))


def method_problems(opened: Opened) -> list[Problem]:
    """A problem if it is asked for, and the method cannot go with it."""
    if opened.settings.training_settings.gradient_checkpointing is not True or opened.method.checkpointing:
        return []
    return [_refusal(say("train.checkpointing.method", method=opened.method.title))]


def architecture_problems(opened: Opened, config: "PreTrainedConfig") -> list[Problem]:
    """A problem if it is asked for, and the library has none for the architecture."""
    from llm_finetune.model.facts import skeleton

    if opened.settings.training_settings.gradient_checkpointing is not True:
        return []
    model = skeleton(config)
    if model.supports_gradient_checkpointing:
        return []
    return [_refusal(say("train.checkpointing.architecture", architecture=type(model).__name__))]


def _refusal(message: str) -> Problem:
    return Problem("no_checkpointing", message, say("train.checkpointing.refused.fix"), field=FIELD)
