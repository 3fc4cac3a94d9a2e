"""BOFT: OFT's rotation with a trained length for each output (Liu et al. 2023, arXiv:2311.06243).

Blocks of `boft_block_size` inputs, or `boft_block_num` of them, fill a layer's width; one of the two is given. The
butterfly of several factors needs a program for NVIDIA cards that PEFT compiles while it wraps the model, and without
which it takes one factor and says so in a warning: one factor is what is offered. The keys are PEFT's.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.methods.adapted import LIBRARY_CLASSES, REFUSED_EVERYWHERE
from llm_finetune.methods.boft_kernel import leave_uncompiled
from llm_finetune.methods.chosen import (
    Excluding,
    InBlocks,
    adapted,
    bias_problems,
    default_targets,
    linear_modules,
    with_targets,
)
from llm_finetune.methods.method import Method
from llm_finetune.methods.rotation import CONV1D, Blocks, Count, one_of_two, rotation_problems, turnable
from llm_finetune.methods.targets import Layers, layers_of, require_none

if TYPE_CHECKING:
    from peft import BOFTConfig, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel


class BoftSettings(Excluding, InBlocks):
    """Keys of `lora_config.json` for BOFT."""

    peft_type: Literal["BOFT"] = Field(default="BOFT", description="The method.")
    boft_block_size: Count = Field(
        default=4,
        description="Inputs that a block turns among themselves; it must divide the width of every layer. Trained "
        "parameters grow linearly with it. 0 means that `boft_block_num` decides.",
    )
    boft_block_num: Count = Field(
        default=0,
        description="Number of blocks in a layer, with `boft_block_size: 0` beside it. More blocks train fewer "
        "parameters. 0 means that the block size decides.",
    )
    boft_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Share of the blocks that turn nothing in a step, against overfitting."
    )
    bias: Literal["none", "all", "boft_only"] = Field(
        default="none",
        description="Biases trained too. Anything but `none` changes the base even with the adapter off.",
    )
    init_weights: Literal[True] = Field(
        default=True,
        description="The rotation begins as none, which changes nothing yet. A random one breaks the model.",
    )

    @field_validator("boft_block_size")
    @classmethod
    def _has_something_to_turn(cls, value: int) -> int:
        return turnable(value)

    @field_validator("boft_block_num")
    @classmethod
    def _is_the_one_given(cls, value: int, info: Any) -> int:
        if "boft_block_size" not in info.data:
            return value
        return one_of_two("boft_block_size", info.data["boft_block_size"], "boft_block_num", value)


def _checked(settings: BoftSettings, model: Any) -> tuple[BoftSettings, Layers]:
    """Raises: ModelError with everything that does not fit."""
    from peft.utils import TRANSFORMERS_MODELS_TO_BOFT_TARGET_MODULES_MAPPING as KNOWN

    layers = layers_of(model)
    settings = with_targets(settings, default_targets(KNOWN, model, layers))
    blocks = Blocks("boft_block_size", settings.boft_block_size, "boft_block_num", settings.boft_block_num)
    require_none(rotation_problems(settings, blocks, model, layers))
    return settings, layers


def _library_config(settings: BoftSettings) -> "BOFTConfig":
    from peft import BOFTConfig

    return BOFTConfig(**settings.model_dump(exclude={"peft_type"}))


def check(config: "PreTrainedConfig", settings: BoftSettings) -> tuple[str, ...]:
    """Full names of the modules whose inputs are turned, found without weights.

    Raises: ModelError with everything that does not fit.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    settings, layers = _checked(settings, model)
    return linear_modules(settings, model, layers)


def apply(model: "PreTrainedModel", settings: BoftSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put float32 rotations before its layers, and lengths behind them.

    Raises: ModelError if the settings do not fit the model.
    """
    settings, layers = _checked(settings, model)
    require_none(bias_problems(settings.bias, model))
    leave_uncompiled()
    return adapted(model, _library_config(settings), layers)


METHOD = Method(
    name="BOFT",
    title="BOFT",
    settings=BoftSettings,
    apply=apply,
    check=check,
    mergeable=True,
    quantized_base=True,
    source="Liu et al. 2023, Parameter-Efficient Orthogonal Finetuning via Butterfly Factorization, arXiv:2311.06243",
    library=(("tuners/boft/config.py", "BOFTConfig"), *LIBRARY_CLASSES),
    refused={**REFUSED_EVERYWHERE, "boft_n_butterfly_factor": "methods.boft_butterfly"},
    aliases={"block_size": "boft_block_size", "num_blocks": "boft_block_num", "targets": "target_modules"},
    unsupported=CONV1D,
)
