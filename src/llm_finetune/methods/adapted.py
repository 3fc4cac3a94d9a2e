"""What adapters beside layers share: the keys that name layers, and how those names are checked. Knows no method."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from llm_finetune.config.strict import Settings
from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.targets import (
    ALL_LINEAR,
    Layers,
    block_problems,
    kind_problems,
    matching,
    saved_problems,
    target_problems,
    tied_problems,
)
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftConfig

Name = Annotated[str, Field(min_length=1)]
Rank = Annotated[int, Field(strict=True, ge=1, le=4096)]
Block = Annotated[int, Field(strict=True, ge=0)]


class LayerSettings(Settings):
    """PEFT's keys that say which layers get an update, and which modules are trained whole beside them."""

    target_modules: str | list[Name] = Field(
        default=ALL_LINEAR,
        description="Layers that get an update: `all-linear` (all but the output head), a list of names, or "
        "a regular expression over full names.",
    )
    exclude_modules: str | list[Name] | None = Field(
        default=None,
        description="Layers left out again: a list of names, or a regular expression over full names.",
    )
    modules_to_save: list[Name] | None = Field(
        default=None,
        description="Modules trained and saved whole beside the update; a copy of each is kept in float32.",
    )
    ensure_weight_tying: bool = Field(
        default=False, description="Keep embeddings and head shared when one of them is in `modules_to_save`."
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
    def _names_something(cls, value: Any, info: Any) -> Any:
        if value is None:
            raise ValueError(say("methods.target_none"))
        if value in ("", []) and not info.data.get("target_parameters"):
            raise ValueError(say("methods.target_empty"))
        return value

    @field_validator("target_modules", "exclude_modules")
    @classmethod
    def _is_a_regex(cls, value: str | list[str] | None) -> str | list[str] | None:
        if isinstance(value, str):
            require_regex(value)
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

    @property
    def blocks(self) -> list[int]:
        """`layers_to_transform` as a list."""
        chosen = self.layers_to_transform
        return [] if chosen is None else [chosen] if isinstance(chosen, int) else list(chosen)


def require_regex(pattern: str) -> None:
    """Raises: ValueError that says what a key should hold, for pydantic."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(say("methods.bad_regex", what=error.msg)) from error


def name_problems(settings: LayerSettings, layers: Layers) -> list[Problem]:
    """Every name of a model's layers that means nothing, or a layer that cannot be adapted."""
    excluded, saved = matching(settings.exclude_modules, layers), matching(settings.modules_to_save, layers)
    meant = [name for name in matching(settings.target_modules, layers) if name not in (*excluded, *saved)]
    return [
        *target_problems("target_modules", settings.target_modules, layers),
        *target_problems("exclude_modules", settings.exclude_modules, layers),
        *saved_problems(settings.modules_to_save or [], layers),
        *block_problems(settings.blocks, layers),
        *kind_problems("target_modules", meant, layers),
        *tied_problems("target_modules", meant, layers),
        *([] if settings.ensure_weight_tying else tied_problems("modules_to_save", saved, layers)),
    ]


def adapted_modules(skeleton: Any, config: "PeftConfig", layers: Layers) -> tuple[str, ...]:
    """The modules that PEFT itself would adapt, tried on a model without weights, which is used up.

    Raises: ModelError with PEFT's reason if it refuses.
    """
    from peft import inject_adapter_in_model
    from peft.tuners.tuners_utils import BaseTunerLayer

    try:
        with quiet_libraries():
            inject_adapter_in_model(config, skeleton, low_cpu_mem_usage=True)
    except ValueError as error:
        raise library_refusal(error, layers) from error
    return tuple(name for name, module in skeleton.named_modules() if isinstance(module, BaseTunerLayer))


def library_refusal(error: ValueError, layers: Layers) -> ModelError:
    """What PEFT says against a configuration on a model, with the model's own names."""
    from peft.utils.error import NoMatchingPeftModuleError

    if isinstance(error, NoMatchingPeftModuleError):
        message = say("methods.nothing_left", architecture=layers.architecture)
        return ModelError(Problem("nothing_left", message, say("methods.nothing_left.fix"), field="target_modules"))
    what = " ".join(str(error).split())
    if "ParamWrapper does not work with lora_dropout" in what:  # `all-linear` means Mixtral's experts too (PEFT 0.21).
        message = say("methods.stacked_dropout", architecture=layers.architecture)
        fix = say("methods.stacked_dropout.fix", known=layers.linear_kinds)
        return ModelError(Problem("stacked_dropout", message, fix, field="lora_dropout"))
    message = say("methods.library_refusal", what=what if len(what) <= 200 else f"{what[:200]} …")
    fix = say("methods.library_refusal.fix", architecture=layers.architecture, known=layers.linear_kinds)
    return ModelError(Problem("library_refusal", message, fix, field="target_modules"))


def is_transposed(model: Any) -> bool:
    """Whether a model's layers hold their matrices transposed, as GPT-2's `Conv1D` does (PEFT: `fan_in_fan_out`)."""
    from transformers.pytorch_utils import Conv1D

    return any(isinstance(module, Conv1D) for module in model.modules())


LIBRARY_CLASSES: Sequence[tuple[str, str]] = (("config.py", "PeftConfig"), ("config.py", "PeftConfigMixin"))
"""PEFT's classes whose keys every adapter has."""

REFUSED_EVERYWHERE = {
    "base_model_name_or_path": "methods.base_elsewhere",
    "revision": "methods.base_elsewhere",
    "auto_mapping": "methods.written_by_peft",
    "peft_version": "methods.written_by_peft",
    "inference_mode": "methods.written_by_peft",
    "fan_in_fan_out": "methods.by_architecture",
}
"""Keys that every adapter has and no file sets."""
