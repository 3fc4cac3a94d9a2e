"""Keep trained copies of whole modules in float32 inside a model of fewer bits. Knows no method.

PEFT does this for adapters, not for `modules_to_save`: bfloat16 would swallow their small updates.
"""

from functools import partial
from typing import Any

import torch
from torch import nn

LOW_PRECISION = {torch.bfloat16, torch.float16}


def hold_trained_in_float32(model: nn.Module) -> None:
    """Turn trainable modules into float32 ones that take and give the model's own format."""
    # All are found before any is turned: two modules may share one parameter.
    found = [(module, dtype) for module in model.modules() if (dtype := _low_trained_dtype(module))]
    for module, dtype in found:
        module.to(torch.float32)
        module.register_forward_pre_hook(_to_float32, with_kwargs=True)
        module.register_forward_hook(partial(_to_dtype, dtype=dtype))


def _low_trained_dtype(module: nn.Module) -> torch.dtype | None:
    own = (parameter for parameter in module.parameters(recurse=False) if parameter.requires_grad)
    return next((parameter.dtype for parameter in own if parameter.dtype in LOW_PRECISION), None)


def _cast(value: Any, dtype: torch.dtype) -> Any:
    return value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _to_float32(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    cast_named = {name: _cast(value, torch.float32) for name, value in named.items()}
    return tuple(_cast(value, torch.float32) for value in inputs), cast_named


def _to_dtype(module: nn.Module, inputs: tuple[Any, ...], output: Any, *, dtype: torch.dtype) -> Any:
    return _cast(output, dtype)
