"""A small random model of another model's architecture, to try a whole journey on. Knows no method and no data."""

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

LAYERS = 2
HIDDEN_SIZE = 256
EXPERTS = 4
SEED = 20_260_101
_WIDTHS = ("intermediate_size", "ffn_dim", "ffn_hidden_size", "n_inner", "moe_intermediate_size")
"""Configuration keys for the width of the layers between; they keep their ratio to the hidden size."""
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")


def miniature_of(config: "PreTrainedConfig", *, layers: int = LAYERS) -> "PreTrainedConfig":
    """The configuration with few and narrow layers; heads keep their size, and the vocabulary its length."""
    small = copy.deepcopy(config)
    text: Any = small.get_text_config()
    hidden, heads = text.hidden_size, text.num_attention_heads
    head_size = _stated(text, "head_dim") or hidden // heads
    kept = max(1, min(heads, HIDDEN_SIZE // head_size))
    _shrink_heads(text, heads, kept)
    text.hidden_size = kept * head_size
    for key in _WIDTHS:
        if width := _stated(text, key):
            setattr(text, key, max(8, width * text.hidden_size // hidden // 8 * 8))
    for key in _EXPERTS:
        if experts := _stated(text, key):
            setattr(text, key, min(experts, max(EXPERTS, _stated(text, "num_experts_per_tok") or 0)))
    if _stated(text, "word_embed_proj_dim"):
        text.word_embed_proj_dim = text.hidden_size
    _keep_layers(text, min(layers, text.num_hidden_layers))
    return small


def _stated(text: Any, key: str) -> int | None:
    value = text.to_dict().get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _shrink_heads(text: Any, heads: int, kept: int) -> None:
    """Fewer heads; each key-value head keeps its number of query heads as nearly as it can."""
    text.num_attention_heads = kept
    for key in ("num_key_value_heads", "num_kv_heads"):
        if shared := _stated(text, key):
            wanted = max(1, kept * shared // heads)
            setattr(text, key, next(count for count in range(wanted, 0, -1) if kept % count == 0))


def _keep_layers(text: Any, layers: int) -> None:
    whole = text.num_hidden_layers
    text.num_hidden_layers = layers
    for key, value in text.to_dict().items():
        if isinstance(value, list) and len(value) == whole and key != "architectures":
            setattr(text, key, value[:layers])


def write_miniature(config: "PreTrainedConfig", folder: Path, dtype_name: str = "bfloat16") -> int:
    """Write a random model of a configuration, the same at each call; how many parameters it has.

    Raises: ModelError if the architecture cannot be built so small.
    """
    import torch
    from transformers import AutoModelForCausalLM

    try:
        with torch.random.fork_rng(devices=[]), quiet_libraries():
            torch.manual_seed(SEED)
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
            model.to(getattr(torch, dtype_name)).save_pretrained(folder)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, AssertionError, ZeroDivisionError) as error:
        message = say("model.no_miniature", architecture=config.model_type, what=error)
        raise ModelError(Problem("no_miniature", message, say("model.no_miniature.fix"))) from error
    return int(model.num_parameters())
