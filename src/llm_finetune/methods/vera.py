"""VeRA: trained vectors scale two random matrices that all layers share (Kopiczko et al. 2023, arXiv:2310.11454).

The matrices are as large as the largest adapted layer; a smaller one takes its corner of them, so layers of
different shapes go together (peft 0.21.2). The keys are PEFT's.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.messages import say
from llm_finetune.methods.adapted import LIBRARY_CLASSES, REFUSED_EVERYWHERE, Rank, is_transposed
from llm_finetune.methods.chosen import (
    InBlocks,
    adapted,
    bias_problems,
    default_targets,
    linear_modules,
    linear_problems,
    with_targets,
)
from llm_finetune.methods.method import Method
from llm_finetune.methods.targets import Layers, layers_of, require_none
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftModel, VeraConfig
    from transformers import PreTrainedConfig, PreTrainedModel


class VeraSettings(InBlocks):
    """Keys of `lora_config.json` for VeRA."""

    peft_type: Literal["VERA"] = Field(default="VERA", description="The method.")
    r: Rank = Field(
        default=256,
        description="Rank of the shared matrices. A layer trains `r` numbers and one for each output, so ranks are "
        "far higher than LoRA's; time and memory of the two products grow with it.",
    )
    projection_prng_key: int = Field(
        default=0, strict=True, ge=0, lt=2**63, description="Seed of the two random matrices."
    )
    save_projection: bool = Field(
        default=True,
        description="Save the two matrices with the adapter. Without them they are drawn again from the seed, which "
        "another version of torch may do differently, and are rounded to the number format of the base.",
    )
    vera_dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the update's inputs dropped in training, against overfitting.",
    )
    d_initial: float = Field(
        default=0.1, allow_inf_nan=False, description="What the trained vector of length `r` begins with; not 0."
    )
    bias: Literal["none", "all", "vera_only"] = Field(
        default="none",
        description="Biases trained too. Anything but `none` changes the base even with the adapter off.",
    )
    init_weights: Literal[True] = Field(
        default=True, description="The update begins at 0, which changes nothing yet. A random one breaks the model."
    )

    @field_validator("d_initial")
    @classmethod
    def _lets_gradients_through(cls, value: float) -> float:
        # The other vector begins at 0: with both at 0 neither ever gets a gradient.
        if value == 0:
            raise ValueError(say("methods.vera_zero"))
        return value


def _checked(settings: VeraSettings, model: Any) -> tuple[VeraSettings, Layers]:
    """Raises: ModelError with every name that the model does not have."""
    from peft.utils import TRANSFORMERS_MODELS_TO_VERA_TARGET_MODULES_MAPPING as KNOWN

    layers = layers_of(model)
    settings = with_targets(settings, default_targets(KNOWN, model, layers))
    require_none(linear_problems(settings, layers, model))
    return settings, layers


def _library_config(settings: VeraSettings, model: Any) -> "VeraConfig":
    from peft import VeraConfig

    with quiet_libraries():
        return VeraConfig(**settings.model_dump(exclude={"peft_type"}), fan_in_fan_out=is_transposed(model))


def check(config: "PreTrainedConfig", settings: VeraSettings) -> tuple[str, ...]:
    """Full names of the modules that get an update, found without weights.

    Raises: ModelError with every name that the model does not have.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    settings, layers = _checked(settings, model)
    return linear_modules(settings, model, layers)


def apply(model: "PreTrainedModel", settings: VeraSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put scaled random updates beside its layers; the trained scales are float32.

    Raises: ModelError if the settings do not fit the model.
    """
    settings, layers = _checked(settings, model)
    require_none(bias_problems(settings.bias, model))
    return adapted(model, _library_config(settings, model), layers)


def told(model: "PeftModel", settings: VeraSettings) -> tuple[str, ...]:
    """How the adapter is read elsewhere."""
    return (say("methods.vera_auto"),)


METHOD = Method(
    name="VERA",
    title="VeRA",
    settings=VeraSettings,
    apply=apply,
    check=check,
    told=told,
    mergeable=True,
    quantized_base=True,
    source="Kopiczko et al. 2023, VeRA: Vector-based Random Matrix Adaptation, arXiv:2310.11454",
    library=(("tuners/vera/config.py", "VeraConfig"), *LIBRARY_CLASSES),
    refused=REFUSED_EVERYWHERE,
    aliases={"rank": "r", "dropout": "vera_dropout", "targets": "target_modules", "lora_target": "target_modules"},
)
