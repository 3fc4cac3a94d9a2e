"""Prefix tuning: trained keys and values in front of every text, in each layer (Li and Liang 2021, arXiv:2101.00190).

The keys of the configuration are PEFT's. Their shape is measured on the model, not taken from its configuration:
heads are shared (grouped queries) or spread out before they are kept (Falcon's new decoder) in many ways.
"""

import contextlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field, field_validator

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.cache_name import hand_on_by_todays_name
from llm_finetune.methods.method import Method
from llm_finetune.methods.virtual_tokens import (
    ALIASES,
    LIBRARY_BASES,
    REFUSED,
    VirtualTokenSettings,
    Width,
    encoder_in_training,
    num_virtual_tokens,
    require_positions,
    with_virtual_tokens,
)
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel


class PrefixTuningSettings(VirtualTokenSettings):
    """Keys of `lora_config.json` for prefix tuning."""

    peft_type: Literal["PREFIX_TUNING"] = Field(default="PREFIX_TUNING", description="The method.")
    prefix_projection: bool = Field(
        default=False,
        description="Let a small network give the keys and values: steadier, with far more memory in training.",
    )
    encoder_hidden_size: Width | None = Field(
        default=None, description="Width of that network. Null: that of one token's keys."
    )
    init_weights: Literal["zero"] | None = Field(
        default=None, description="Null starts with noise, `zero` close to the untuned model."
    )

    @field_validator("encoder_hidden_size")
    @classmethod
    def _has_a_use(cls, value: int | None, info: Any) -> int | None:
        if value is not None and not info.data.get("prefix_projection"):
            raise ValueError(say("methods.needs_projection"))
        return value


class Kept(NamedTuple):
    """What each layer of a model keeps of one token."""

    num_layers: int
    num_heads: int
    head_width: int


def kept_by(model: Any) -> Kept | None:
    """Measured on one token; None if layers differ, or keep something else than keys and values."""
    import torch
    from transformers.cache_utils import DynamicLayer

    token = torch.zeros((1, 1), dtype=torch.long, device=model.device)
    with torch.no_grad(), quiet_libraries():
        cache = model(input_ids=token, use_cache=True).cache
    layers = [layer for layer in cache.layers if isinstance(layer, DynamicLayer)]
    shapes = {part.shape for layer in layers for part in (layer.keys, layer.values)}
    num_layers = model.config.get_text_config().num_hidden_layers
    if len(shapes) != 1 or not len(layers) == len(cache.layers) == num_layers:
        return None
    _, num_heads, _, head_width = shapes.pop()
    return Kept(num_layers, num_heads, head_width)


def check(config: "PreTrainedConfig", settings: PrefixTuningSettings) -> tuple[str, ...]:
    """Names of the blocks, each of which gets its own keys and values.

    Raises: ModelError if no position is left for a text, or the layers cannot take a prefix.
    """
    from llm_finetune.model.facts import skeleton

    require_positions(config, settings)
    model = skeleton(config)
    # Some architectures (GPT-2, Mixtral) compute nothing without weights; `apply` measures those.
    with contextlib.suppress(RuntimeError, NotImplementedError):
        _require_kept(kept_by(model.eval()), model)
    return _blocks(model)


def _blocks(model: Any) -> tuple[str, ...]:
    from torch import nn

    num_layers = model.config.get_text_config().num_hidden_layers
    lists = ((name, part) for name, part in model.named_modules() if isinstance(part, nn.ModuleList))
    name = next(name for name, part in lists if len(part) == num_layers)
    return tuple(f"{name}.{index}" for index in range(num_layers))


def _require_kept(kept: Kept | None, model: Any) -> Kept:
    """Raises: ModelError if nothing of one shape is kept."""
    if kept is None:
        values = {"architecture": type(model).__name__}
        message, fix = say("methods.no_prefix", **values), say("methods.no_prefix.fix")
        raise ModelError(Problem("no_prefix", message, fix, field="peft_type"))
    return kept


def apply(model: "PreTrainedModel", settings: PrefixTuningSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put trained float32 keys and values in front of its texts.

    Raises: ModelError if the layers cannot take a prefix.
    """
    from peft import PrefixTuningConfig

    kept = _require_kept(kept_by(model), model)
    width = kept.num_heads * kept.head_width
    config = PrefixTuningConfig(
        **settings.model_dump(exclude={"peft_type"}),
        num_layers=kept.num_layers,
        num_attention_heads=kept.num_heads,
        token_dim=width,
    )
    adapted = with_virtual_tokens(model, config)
    # PEFT 0.21.2 replaces both numbers where it sees grouped queries.
    if (config.num_attention_heads, config.token_dim) != (kept.num_heads, width):
        _require_kept(None, model)
    # PEFT fills in a width even where there is no network.
    config.encoder_hidden_size = config.encoder_hidden_size if settings.prefix_projection else None
    hand_on_by_todays_name(adapted)
    return adapted


METHOD = Method(
    name="PREFIX_TUNING",
    title="prefix tuning",
    settings=PrefixTuningSettings,
    apply=apply,
    check=check,
    mergeable=False,
    source="Li and Liang 2021, Prefix-Tuning: Optimizing Continuous Prompts for Generation, arXiv:2101.00190",
    library=(("tuners/prefix_tuning/config.py", "PrefixTuningConfig"), *LIBRARY_BASES),
    refused=REFUSED,
    aliases={**ALIASES, "projection": "prefix_projection", "prefix_hidden_size": "encoder_hidden_size"},
    training=encoder_in_training,
    virtual_tokens=num_virtual_tokens,
    learning_rates=(1e-2, 0.3),
    quantized_base=True,
    checkpointing=False,
)
