"""LoRA: a trainable low-rank update beside frozen layers (Hu et al. 2021, arXiv:2106.09685).

Also rsLoRA (Kalajdzievski 2023, arXiv:2312.03732) by `use_rslora`, and DoRA (Liu et al. 2024,
arXiv:2402.09353) by `use_dora`. The keys are PEFT's.
"""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.config.strict import Settings
from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.method import Method
from llm_finetune.methods.targets import (
    ALL_LINEAR,
    Layers,
    block_problems,
    kind_problems,
    layers_of,
    listed_problems,
    matching,
    pattern_problems,
    require_none,
    target_problems,
    tied_problems,
)
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel

Name = Annotated[str, Field(min_length=1)]
Rank = Annotated[int, Field(strict=True, ge=1, le=4096)]
Block = Annotated[int, Field(strict=True, ge=0)]
KNOWN_STARTS = (True, False, "gaussian", "orthogonal")


class LoraSettings(Settings):
    """Keys of `lora_config.json` for LoRA."""

    peft_type: Literal["LORA"] = Field(default="LORA", description="The method.")
    task_type: Literal["CAUSAL_LM"] = Field(
        default="CAUSAL_LM", description="What is trained; only text generation is."
    )
    r: Rank = Field(
        default=8,
        description="Rank of the update; trainable parameters and their memory grow linearly with it.",
    )
    lora_alpha: Rank = Field(
        default=32,
        description="The update is multiplied by `lora_alpha / r`. Twice to four times `r` is usual.",
    )
    lora_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the update's inputs dropped in training, against overfitting.",
    )
    target_modules: str | list[Name] = Field(
        default=ALL_LINEAR,
        description="Layers that get an update: `all-linear` (all but the output head), a list of names, or "
        "a regular expression over full names.",
    )
    exclude_modules: str | list[Name] | None = Field(
        default=None,
        description="Layers left out again: a list of names, or a regular expression over full names.",
    )
    bias: Literal["none", "all", "lora_only"] = Field(
        default="none",
        description="Biases trained too. Anything but `none` changes the base even with the adapter off.",
    )
    use_rslora: bool = Field(default=False, description="Scale by `lora_alpha / sqrt(r)`, steadier at high ranks.")
    use_dora: bool = Field(
        default=False,
        description="Train each column's length apart from its direction: often better, a good deal slower.",
    )
    init_lora_weights: bool | str = Field(
        default=True,
        description='Start of the update: true, "gaussian" or "orthogonal" change nothing yet; false is random.',
    )
    modules_to_save: list[Name] | None = Field(
        default=None,
        description="Modules trained and saved whole beside the update; a copy of each is kept in float32.",
    )
    ensure_weight_tying: bool = Field(
        default=False, description="Keep embeddings and head shared when one of them is in `modules_to_save`."
    )
    rank_pattern: dict[str, Rank] = Field(
        default_factory=dict, description="Other ranks for some layers: name or regular expression → rank."
    )
    alpha_pattern: dict[str, Rank] = Field(
        default_factory=dict,
        description="Other `lora_alpha` for some layers: name or regular expression → value.",
    )
    layers_to_transform: Block | list[Block] | None = Field(
        default=None, description="Numbers of the blocks that get an update, from 0. Null means all."
    )
    layers_pattern: str | list[Name] | None = Field(
        default=None,
        description="Name of the list of blocks, where a model has several; with `layers_to_transform`.",
    )

    @field_validator("target_modules", mode="before")
    @classmethod
    def _names_something(cls, value: Any) -> Any:
        if value is None:
            raise ValueError(say("methods.target_none"))
        if value in ("", []):
            raise ValueError(say("methods.target_empty"))
        return value

    @field_validator("target_modules", "exclude_modules")
    @classmethod
    def _is_a_regex(cls, value: str | list[str] | None) -> str | list[str] | None:
        if isinstance(value, str):
            _require_regex(value)
        return value

    @field_validator("rank_pattern", "alpha_pattern")
    @classmethod
    def _are_regexes(cls, value: dict[str, int]) -> dict[str, int]:
        for pattern in value:
            _require_regex(pattern)
        return value

    @field_validator("init_lora_weights")
    @classmethod
    def _is_a_known_start(cls, value: bool | str) -> bool | str:
        if value not in KNOWN_STARTS:
            raise ValueError(say("methods.bad_start"))
        return value

    @field_validator("layers_to_transform")
    @classmethod
    def _has_list(cls, value: Any, info: Any) -> Any:
        if value is not None and isinstance(info.data.get("target_modules"), str):
            raise ValueError(say("methods.layers_need_list"))
        return value

    @field_validator("layers_pattern")
    @classmethod
    def _has_layers(cls, value: Any, info: Any) -> Any:
        if value and info.data.get("layers_to_transform") is None:
            raise ValueError(say("methods.pattern_needs_layers"))
        return value

    @field_validator("init_lora_weights")
    @classmethod
    def _fits_the_rank(cls, value: bool | str, info: Any) -> bool | str:
        rank = info.data.get("r", 2)
        if value == "orthogonal" and rank % 2:
            raise ValueError(say("methods.orthogonal_rank", r=rank))
        return value

    @property
    def blocks(self) -> list[int]:
        """`layers_to_transform` as a list."""
        chosen = self.layers_to_transform
        return [] if chosen is None else [chosen] if isinstance(chosen, int) else list(chosen)


def _require_regex(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(say("methods.bad_regex", what=error.msg)) from error


def _library_config(settings: LoraSettings, model: Any) -> "LoraConfig":
    """PEFT's configuration, with what follows from the model and makes PEFT warn if it is left to the user."""
    from peft import LoraConfig
    from transformers.pytorch_utils import Conv1D

    from llm_finetune.model.facts import is_tied

    values = settings.model_dump(exclude={"peft_type", "ensure_weight_tying"})
    return LoraConfig(
        **values,
        ensure_weight_tying=settings.ensure_weight_tying and is_tied(model),
        # GPT-2's Conv1D holds its matrix transposed.
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
    )


def check(config: "PreTrainedConfig", settings: LoraSettings) -> tuple[str, ...]:
    """Full names of the modules that get an update, found without weights.

    Raises: ModelError with every name that the model does not have.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    layers = layers_of(model)
    require_none(_name_problems(settings, layers))
    return _adapted_modules(model, settings, layers)


def _name_problems(settings: LoraSettings, layers: Layers) -> list[Problem]:
    excluded, saved = matching(settings.exclude_modules, layers), matching(settings.modules_to_save, layers)
    meant = [name for name in matching(settings.target_modules, layers) if name not in (*excluded, *saved)]
    return [
        *target_problems("target_modules", settings.target_modules, layers),
        *target_problems("exclude_modules", settings.exclude_modules, layers),
        *listed_problems("modules_to_save", settings.modules_to_save or [], layers),
        *pattern_problems("rank_pattern", list(settings.rank_pattern), layers),
        *pattern_problems("alpha_pattern", list(settings.alpha_pattern), layers),
        *block_problems(settings.blocks, layers),
        *kind_problems("target_modules", meant, layers),
        *tied_problems("target_modules", meant, layers),
        *([] if settings.ensure_weight_tying else tied_problems("modules_to_save", saved, layers)),
    ]


def _adapted_modules(skeleton: Any, settings: LoraSettings, layers: Layers) -> tuple[str, ...]:
    """What PEFT itself would adapt, tried on the model without weights."""
    from peft import inject_adapter_in_model
    from peft.tuners.tuners_utils import BaseTunerLayer

    plain = settings.model_copy(update={"init_lora_weights": True, "use_dora": False})
    config = _library_config(plain, skeleton)
    try:
        inject_adapter_in_model(config, skeleton, low_cpu_mem_usage=True)
    except ValueError as error:
        raise _library_refusal(error, layers) from error
    return tuple(name for name, module in skeleton.named_modules() if isinstance(module, BaseTunerLayer))


def _library_refusal(error: ValueError, layers: Layers) -> ModelError:
    from peft.utils.error import NoMatchingPeftModuleError

    if isinstance(error, NoMatchingPeftModuleError):
        message = say("methods.nothing_left", architecture=layers.architecture)
        return ModelError(Problem("nothing_left", message, say("methods.nothing_left.fix"), field="target_modules"))
    what = " ".join(str(error).split())
    message = say("methods.library_refusal", what=what if len(what) <= 200 else f"{what[:200]} …")
    fix = say("methods.library_refusal.fix", architecture=layers.architecture, known=layers.linear_kinds)
    return ModelError(Problem("library_refusal", message, fix, field="target_modules"))


def apply(model: "PreTrainedModel", settings: LoraSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put float32 updates beside its layers.

    Raises: ModelError if the settings do not fit the model.
    """
    import torch
    from peft import get_peft_model

    from llm_finetune.methods.float32 import hold_trained_in_float32

    if settings.bias != "none" and model.dtype != torch.float32:
        message = say("methods.bias_precision", dtype=str(model.dtype).removeprefix("torch."))
        raise ModelError(Problem("bias_precision", message, say("methods.bias_precision.fix"), field="bias"))
    layers = layers_of(model)
    require_none(_name_problems(settings, layers))
    config = _library_config(settings, model)
    try:
        with quiet_libraries():
            adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise _library_refusal(error, layers) from error
    hold_trained_in_float32(adapted)
    return adapted


METHOD = Method(
    name="LORA",
    title="LoRA",
    settings=LoraSettings,
    apply=apply,
    check=check,
    mergeable=True,
    source="Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685",
    library=(
        ("tuners/lora/config.py", "LoraConfig"),
        ("config.py", "PeftConfig"),
        ("config.py", "PeftConfigMixin"),
    ),
    refused={
        "base_model_name_or_path": "methods.base_elsewhere",
        "revision": "methods.base_elsewhere",
        "auto_mapping": "methods.written_by_peft",
        "peft_version": "methods.written_by_peft",
        "inference_mode": "methods.written_by_peft",
        "fan_in_fan_out": "methods.by_architecture",
        "trainable_token_indices": "methods.new_rows",
        "loftq_config": "methods.quantized_only",
        "use_qalora": "methods.quantized_only",
        "eva_config": "methods.other_start",
        "corda_config": "methods.other_start",
        "lora_ga_config": "methods.other_start",
    },
    aliases={
        "rank": "r",
        "lora_r": "r",
        "lora_rank": "r",
        "alpha": "lora_alpha",
        "dropout": "lora_dropout",
        "lora_target": "target_modules",
        "lora_target_modules": "target_modules",
        "targets": "target_modules",
        "rslora": "use_rslora",
        "dora": "use_dora",
    },
)
