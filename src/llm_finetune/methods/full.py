"""Full fine-tuning: every weight is trained, in float32."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from llm_finetune.config.strict import Settings
from llm_finetune.methods.method import Method

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class FullSettings(Settings):
    """Full fine-tuning has nothing to set."""

    peft_type: Literal["FULL"] = Field(default="FULL", description="The method.")


def apply(model: "PreTrainedModel", settings: FullSettings, total_steps: int) -> "PreTrainedModel":
    """Make every weight a trainable float32 one: bfloat16 is too coarse to keep small updates."""
    model.float().requires_grad_(True)
    return model


METHOD = Method(
    name="FULL",
    title="full fine-tuning",
    settings=FullSettings,
    apply=apply,
    mergeable=False,
    source="Howard and Ruder 2018, Universal Language Model Fine-tuning, arXiv:1801.06146",
    is_adapter=False,
)
