"""Keep trained copies of whole modules in float32 inside a model of fewer bits. Knows no method.

PEFT does this for adapters, not for `modules_to_save`: bfloat16 would swallow their small updates.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import nn

LOW_PRECISION = {torch.bfloat16, torch.float16}


def hold_trained_in_float32(model: nn.Module) -> None:
    """Turn trainable modules into float32 ones that take and give the model's own format."""
    _hold((module, _low_dtype(module, only_trained=True)) for module in model.modules())


def hold_copies_in_float32(model: nn.Module) -> int:
    """The same for layers that an adapter holds whole, trained or not; how many were turned.

    PEFT reads their weights into copies of the base's layers, which rounds them to its format.
    """
    from peft.tuners.ln_tuning.layer import LNTuningLayer

    layers = [module for module in model.modules() if isinstance(module, LNTuningLayer)]
    copies = [copy for layer in layers for copy in layer.ln_tuning_layers.values()]
    return _hold((copy, _low_dtype(copy, only_trained=False)) for copy in copies)


def _hold(modules: Iterable[tuple[nn.Module, torch.dtype | None]]) -> int:
    # All are found before any is turned: two modules may share one parameter.
    found = [(module, dtype) for module, dtype in modules if dtype is not None]
    for module, dtype in found:
        module.to(torch.float32)
        module.register_forward_pre_hook(_to_float32, with_kwargs=True)
        module.register_forward_hook(partial(_to_dtype, dtype=dtype))
    return len(found)


def _low_dtype(module: nn.Module, *, only_trained: bool) -> torch.dtype | None:
    parameters = module.parameters(recurse=False)
    own = (parameter for parameter in parameters if parameter.requires_grad or not only_trained)
    return next((parameter.dtype for parameter in own if parameter.dtype in LOW_PRECISION), None)


def _cast(value: Any, dtype: torch.dtype) -> Any:
    return value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _to_float32(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    cast_named = {name: _cast(value, torch.float32) for name, value in named.items()}
    return tuple(_cast(value, torch.float32) for value in inputs), cast_named


def _to_dtype(module: nn.Module, inputs: tuple[Any, ...], output: Any, *, dtype: torch.dtype) -> Any:
    return _cast(output, dtype)
