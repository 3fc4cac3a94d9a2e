"""Count what is trained. Knows no method."""

from collections import Counter
from typing import TYPE_CHECKING

from llm_finetune.model.quantize import logical_size

if TYPE_CHECKING:
    from torch import nn

_ADAPTERS = ("lora_", "ia3_", "vera_", "oft_", "boft_", "ln_tuning_")
_ENDINGS = (*_ADAPTERS, "modules_to_save", "weight", "bias", "default", "original_module")


def trainable_parameters(model: "nn.Module") -> tuple[int, int]:
    """Trainable parameters and all parameters; shared ones count once."""
    parameters = list(model.parameters())
    trainable = sum(parameter.numel() for parameter in parameters if parameter.requires_grad)
    return trainable, sum(logical_size(parameter) for parameter in parameters)


def trainable_by_layer(model: "nn.Module") -> dict[str, int]:
    """Trainable parameters by the last name of the layer they belong to, such as `q_proj`, largest first."""
    counts: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            counts[_layer_of(name)] += parameter.numel()
    return dict(counts.most_common())


def _layer_of(parameter_name: str) -> str:
    """`model.layers.0.self_attn.q_proj.lora_A.default.weight` → `q_proj`."""
    parts = parameter_name.split(".")
    while len(parts) > 1 and parts[-1].startswith(_ENDINGS):
        parts.pop()
    return parts[-1]
