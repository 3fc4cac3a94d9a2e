"""Full fine-tuning, and of some layers alone: what is trained is trained in float32. Knows no files.

Without `train_layers` every weight is trained. With it the others are frozen and keep the format they are loaded in.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from llm_finetune.config.strict import Settings
from llm_finetune.messages import say
from llm_finetune.methods.method import Method
from llm_finetune.methods.partial import Item, chosen_modules, parts_of, shares_with_other

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

SHOWN_NAMES = 4
"""Names of trained modules told at most; the rest is a number."""


class FullSettings(Settings):
    """Full fine-tuning has one thing to set, and that stands in `finetune.yaml`."""

    peft_type: Literal["FULL"] = Field(default="FULL", description="The method.")
    train_layers: tuple[Item, ...] | None = Field(
        default=None, description="`method.train_layers` of finetune.yaml as a list. Null trains every weight."
    )


def check(config: "PreTrainedConfig", settings: FullSettings) -> tuple[str, ...]:
    """Full names of the modules whose parameters are trained, found without weights.

    Raises: ModelError with every item of `train_layers` that means nothing.
    """
    from llm_finetune.model.facts import skeleton

    return _trained_modules(skeleton(config), settings)


def _trained_modules(model: "PreTrainedModel", settings: FullSettings) -> tuple[str, ...]:
    parts = parts_of(model)
    return parts.owners if settings.train_layers is None else chosen_modules(settings.train_layers, parts)


def apply(model: "PreTrainedModel", settings: FullSettings, total_steps: int) -> "PreTrainedModel":
    """Make the weights meant trainable float32 ones: bfloat16 is too coarse to keep small updates.

    Raises: ModelError with every item of `train_layers` that means nothing.
    """
    from llm_finetune.methods.float32 import hold_trained_in_float32

    if settings.train_layers is None:
        model.float().requires_grad_(True)
        return model
    model.requires_grad_(False)
    for name in _trained_modules(model, settings):
        for parameter in model.get_submodule(name).parameters(recurse=False):
            parameter.requires_grad_(True)
    hold_trained_in_float32(model)
    return model


def told(model: "PreTrainedModel", settings: FullSettings) -> Sequence[str]:
    """Sentences about the choice of layers: how many modules and parameters, and what is trained along."""
    if settings.train_layers is None:
        return ()
    parts = parts_of(model)
    names = chosen_modules(settings.train_layers, parts)
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    rest = [f"… (+{len(names) - SHOWN_NAMES})"] if len(names) > SHOWN_NAMES else []
    shown = ", ".join([*names[:SHOWN_NAMES], *rest])
    lines = [say("methods.partial", modules=len(names), parameters=trained, names=shown)]
    if shares_with_other(names, parts):
        lines.append(say("methods.partial_tied", architecture=parts.architecture))
    return lines


METHOD = Method(
    name="FULL",
    title="full fine-tuning",
    settings=FullSettings,
    apply=apply,
    check=check,
    told=told,
    mergeable=False,
    source="Howard and Ruder 2018, Universal Language Model Fine-tuning, arXiv:1801.06146",
    is_adapter=False,
)
