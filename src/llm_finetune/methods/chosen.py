"""Keys of adapters whose layers follow from the architecture unless they are named, and their checks. Knows no method.

PEFT has a list of layers for each architecture it knows. Where it has none, or names layers that a model does not
have, the nearest kind is taken, so that a file without `target_modules` works on every architecture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import Field, field_validator

from llm_finetune.config.strict import Settings
from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.methods.adapted import Block, Name, adapted_modules, is_transposed, library_refusal, require_regex
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
    from peft import PeftConfig, PeftModel

Names = str | Sequence[str]
"""A regular expression or `all-linear`, or a list of names."""
FUSED_OR_SPLIT = (("q_proj", "v_proj"), ("qkv_proj",), ("query_key_value",), ("c_attn",), ("Wqkv",))
"""What an attention calls its query and value, alone or in one matrix; the first that a model has is taken."""


class ChosenLayers(Settings):
    """PEFT's keys that say which layers are adapted, and which modules are trained whole beside them."""

    task_type: Literal["CAUSAL_LM"] = Field(
        default="CAUSAL_LM", description="What is trained; only text generation is."
    )
    target_modules: str | list[Name] | None = Field(
        default=None,
        description="Layers that are adapted: null (PEFT's choice for the architecture: query and value), "
        "`all-linear` (all but the output head), a list of names, or a regular expression over full names.",
    )
    modules_to_save: list[Name] | None = Field(
        default=None,
        description="Modules trained and saved whole beside the adapter; a copy of each is kept in float32.",
    )

    @field_validator("target_modules", mode="before")
    @classmethod
    def _names_something(cls, value: Any) -> Any:
        if value in ("", []):
            raise ValueError(say("methods.target_empty"))
        return value

    @field_validator("target_modules", "exclude_modules", check_fields=False)
    @classmethod
    def _is_a_regex(cls, value: str | list[str] | None) -> str | list[str] | None:
        if isinstance(value, str):
            require_regex(value)
        return value

    @property
    def left_out(self) -> str | list[str] | None:
        """The layers left out again."""
        return None

    @property
    def blocks(self) -> list[int]:
        """Numbers of the blocks that are adapted; empty for all."""
        return []


class Excluding(ChosenLayers):
    """With the key that leaves layers out."""

    exclude_modules: str | list[Name] | None = Field(
        default=None,
        description="Layers left out again: a list of names, or a regular expression over full names.",
    )

    @property
    def left_out(self) -> str | list[str] | None:
        """The layers left out again."""
        return self.exclude_modules


class InBlocks(ChosenLayers):
    """With the keys that choose blocks."""

    layers_to_transform: Block | list[Block] | None = Field(
        default=None, description="Numbers of the blocks that are adapted, from 0. Null means all."
    )
    layers_pattern: str | list[Name] | None = Field(
        default=None,
        description="Name of the list of blocks, where a model has several; with `layers_to_transform`.",
    )

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
        """Numbers of the blocks that are adapted; empty for all."""
        chosen = self.layers_to_transform
        return [] if chosen is None else [chosen] if isinstance(chosen, int) else list(chosen)


Chosen = TypeVar("Chosen", bound=ChosenLayers)


def default_targets(
    known: Mapping[str, Names], model: Any, layers: Layers, others: Sequence[Names] = FUSED_OR_SPLIT
) -> Names:
    """The first names that are all in the model: the library's by `model_type`, then `others`, then all linear ones."""
    for names in (known.get(model.config.model_type, ()), *others):
        if isinstance(names, str) and matching(names, layers):
            return names
        if names and all(matching([name], layers) for name in names):
            return list(names)
    return ALL_LINEAR


def last_names(modules: Sequence[str], layers: Layers) -> list[str]:
    """The last names of modules, or the full ones where a last name means others too."""
    last = list(dict.fromkeys(name.rpartition(".")[2] for name in modules))
    return last if set(matching(last, layers)) == set(modules) else list(modules)


def with_targets(settings: Chosen, names: Names) -> Chosen:
    """The settings with `names` where they say nothing."""
    return settings if settings.target_modules is not None else settings.model_copy(update={"target_modules": names})


def meant_modules(settings: ChosenLayers, layers: Layers) -> list[str]:
    """Full names of the modules that the settings mean, in all blocks."""
    out = {*matching(settings.left_out, layers), *matching(settings.modules_to_save, layers)}
    return [name for name in matching(settings.target_modules, layers) if name not in out]


def name_problems(settings: ChosenLayers, layers: Layers) -> list[Problem]:
    """Every name that means nothing, and modules that are shared with another."""
    saved = matching(settings.modules_to_save, layers)
    shared = [
        replace(problem, fix=say("methods.tied.not_here.fix"))
        for problem in tied_problems("modules_to_save", saved, layers)
    ]
    return [
        *target_problems("target_modules", settings.target_modules, layers),
        *target_problems("exclude_modules", settings.left_out, layers),
        *saved_problems(settings.modules_to_save or [], layers),
        *block_problems(settings.blocks, layers),
        *shared,
    ]


def linear_problems(settings: ChosenLayers, layers: Layers, model: Any) -> list[Problem]:
    """The same for adapters of linear layers: other modules, and a shared output head, are problems too."""
    from torch import nn

    modules = dict(model.named_modules())
    linear = tuple(name for name in layers.adaptable if not isinstance(modules[name], nn.Embedding))
    meant = meant_modules(settings, layers)
    return [
        *name_problems(settings, layers),
        *kind_problems("target_modules", meant, replace(layers, adaptable=linear)),
        *tied_problems("target_modules", meant, layers),
    ]


def bias_problems(bias: str, model: Any) -> list[Problem]:
    """One problem if biases are to be trained beside weights of fewer bits than float32."""
    import torch

    if bias == "none" or model.dtype == torch.float32:
        return []
    message = say("methods.bias_precision", dtype=str(model.dtype).removeprefix("torch."))
    return [Problem("bias_precision", message, say("methods.bias_precision.fix"), field="bias")]


def linear_modules(settings: ChosenLayers, skeleton: Any, layers: Layers) -> tuple[str, ...]:
    """The linear layers that PEFT would adapt, tried with its smallest adapter, which reads names as all do.

    Raises: ModelError with PEFT's reason if it refuses.
    """
    from peft import LoraConfig

    named = {"target_modules", "exclude_modules", "modules_to_save", "layers_to_transform", "layers_pattern"}
    config = LoraConfig(r=1, **settings.model_dump(include=named), fan_in_fan_out=is_transposed(skeleton))
    return adapted_modules(skeleton, config, layers)


def adapted(model: Any, config: "PeftConfig", layers: Layers) -> "PeftModel":
    """The frozen model with the adapter on it; whatever is trained is float32.

    Raises: ModelError with PEFT's reason if it refuses.
    """
    from peft import get_peft_model

    from llm_finetune.methods.float32 import hold_trained_in_float32

    try:
        with quiet_libraries():
            model = get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise library_refusal(error, layers) from error
    hold_trained_in_float32(model)
    _complete(model)
    return model


def _complete(model: Any) -> None:
    """Give every adapted layer the switch that `peft.helpers.disable_input_dtype_casting` turns.

    It turns it on all of them, and IA3, VeRA and LN tuning have none (peft 0.21.2).
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in model.modules():
        if isinstance(module, BaseTunerLayer) and "cast_input_dtype_enabled" not in vars(module):
            module.cast_input_dtype_enabled = True
