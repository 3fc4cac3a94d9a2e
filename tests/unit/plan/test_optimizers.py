"""The bytes counted for an optimizer are those that a real one keeps."""

from typing import Any

import pytest
import torch
from transformers.optimization import Adafactor

from llm_finetune.plan.optimizers import state_bytes

SHAPES = ((64, 32), (48,), (2, 8, 6))
REAL: dict[str, Any] = {
    "adamw_torch": torch.optim.AdamW,
    "adamw_torch_fused": lambda weights: torch.optim.AdamW(weights, fused=True),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=1e-3),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adafactor": lambda weights: Adafactor(weights, lr=1e-3, scale_parameter=False, relative_step=False),
}


@pytest.mark.parametrize("name", REAL)
def test_state_is_that_of_a_real_optimizer(name: str) -> None:
    weights = [torch.nn.Parameter(torch.zeros(shape)) for shape in SHAPES]
    optimizer = REAL[name](weights)
    for weight in weights:
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    kept = sum(
        value.numel() * value.element_size()
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor) and value.dim()
    )
    assert state_bytes(name, SHAPES) == kept


def test_eight_bits_are_kept_for_large_tensors_alone() -> None:
    large, small = (64, 64), (4095,)
    assert state_bytes("adamw_8bit", [large]) == 2 * (4096 + 4 * 16)
    assert state_bytes("paged_adamw_8bit", [small]) == state_bytes("adamw_torch", [small])
    assert state_bytes("lion_8bit", [large]) * 2 == state_bytes("adamw_bnb_8bit", [large])
    assert state_bytes("paged_ademamix_32bit", [large]) == 3 * 4 * 4096
