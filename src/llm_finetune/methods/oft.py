"""OFT: the inputs of a layer are turned by a trained rotation in blocks (Qiu et al. 2023, arXiv:2306.07280).

`r` blocks of `oft_block_size` inputs fill a layer's width; one of the two is given, the other is 0. PEFT would change
a size that does not divide the width and say so in a warning: here it is refused with the numbers. The keys are PEFT's.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.methods.adapted import LIBRARY_CLASSES, REFUSED_EVERYWHERE
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
    from peft import OFTConfig, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel


class OftSettings(Excluding, InBlocks):
    """Keys of `lora_config.json` for OFT."""

    peft_type: Literal["OFT"] = Field(default="OFT", description="The method.")
    oft_block_size: Count = Field(
        default=32,
        description="Inputs that a block turns among themselves; it must divide the width of every layer. Trained "
        "parameters grow linearly with it. 0 means that `r` decides.",
    )
    r: Count = Field(
        default=0,
        description="Number of blocks in a layer, with `oft_block_size: 0` beside it. More blocks train fewer "
        "parameters. 0 means that the block size decides.",
    )
    coft: bool = Field(
        default=False, description="Keep every block within `eps` of no turn (constrained OFT): a very small change."
    )
    eps: float = Field(default=6e-5, gt=0, allow_inf_nan=False, description="How far a block may turn, with `coft`.")
    block_share: bool = Field(default=False, description="One block for all of a layer: `r` times fewer parameters.")
    use_cayley_neumann: bool = Field(
        default=True,
        description="Take a few terms of a series for the rotation: faster, and not exactly a rotation where it "
        "turns far. False solves for it exactly.",
    )
    num_cayley_neumann_terms: int = Field(
        default=5, strict=True, ge=2, le=64, description="Terms of that series; more are exacter and slower."
    )
    bias: Literal["none", "all", "oft_only"] = Field(
        default="none",
        description="Biases trained too. Anything but `none` changes the base even with the adapter off.",
    )
    init_weights: Literal[True] = Field(
        default=True,
        description="The rotation begins as none, which changes nothing yet. A random one breaks the model.",
    )

    @field_validator("oft_block_size")
    @classmethod
    def _has_something_to_turn(cls, value: int) -> int:
        return turnable(value)

    @field_validator("r")
    @classmethod
    def _is_the_one_given(cls, value: int, info: Any) -> int:
        if "oft_block_size" not in info.data:
            return value
        return one_of_two("oft_block_size", info.data["oft_block_size"], "r", value)


def _checked(settings: OftSettings, model: Any) -> tuple[OftSettings, Layers]:
    """Raises: ModelError with everything that does not fit."""
    from peft.utils import TRANSFORMERS_MODELS_TO_OFT_TARGET_MODULES_MAPPING as KNOWN

    layers = layers_of(model)
    settings = with_targets(settings, default_targets(KNOWN, model, layers))
    blocks = Blocks("oft_block_size", settings.oft_block_size, "r", settings.r)
    require_none(rotation_problems(settings, blocks, model, layers))
    return settings, layers


def _library_config(settings: OftSettings) -> "OFTConfig":
    from peft import OFTConfig

    return OFTConfig(**settings.model_dump(exclude={"peft_type"}))


def check(config: "PreTrainedConfig", settings: OftSettings) -> tuple[str, ...]:
    """Full names of the modules whose inputs are turned, found without weights.

    Raises: ModelError with everything that does not fit.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    settings, layers = _checked(settings, model)
    return linear_modules(settings, model, layers)


def apply(model: "PreTrainedModel", settings: OftSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put float32 rotations before its layers.

    Raises: ModelError if the settings do not fit the model.
    """
    settings, layers = _checked(settings, model)
    require_none(bias_problems(settings.bias, model))
    return adapted(model, _library_config(settings), layers)


METHOD = Method(
    name="OFT",
    title="OFT",
    settings=OftSettings,
    apply=apply,
    check=check,
    mergeable=True,
    quantized_base=True,
    source="Qiu et al. 2023, Controlling Text-to-Image Diffusion by Orthogonal Finetuning, arXiv:2306.07280",
    library=(("tuners/oft/config.py", "OFTConfig"), *LIBRARY_CLASSES),
    refused={**REFUSED_EVERYWHERE, "module_dropout": "methods.oft_dropout"},
    aliases={"block_size": "oft_block_size", "num_blocks": "r", "targets": "target_modules"},
    unsupported=CONV1D,
)
