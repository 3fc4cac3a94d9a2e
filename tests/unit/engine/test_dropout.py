"""Quick dropout is dropout: share, scale, repeatability, and nothing in evaluation."""

import pytest
import torch
from torch import nn

from llm_finetune.engine.dropout import QuickDropout, quicken_dropout


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_share_and_scale(p: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.ones(1000, 1001, dtype=dtype)
    y = QuickDropout(p).train()(x)
    dropped = (y == 0).float().mean().item()
    assert dropped == pytest.approx(p, abs=1.5e-3)
    assert y.dtype == dtype
    assert y[y != 0].unique().float().item() == pytest.approx(1 / (1 - p), rel=5e-3)


def test_neighbours_are_independent() -> None:
    torch.manual_seed(0)
    kept = (QuickDropout(0.5).train()(torch.ones(400_000)) != 0).float()
    for lag in (1, 2, 4, 8, 64):
        together = (kept[:-lag] * kept[lag:]).mean().item()
        assert together == pytest.approx(0.25, abs=4e-3)


def test_the_seed_decides_and_each_call_differs() -> None:
    layer, x = QuickDropout(0.3).train(), torch.ones(64, 3)
    torch.manual_seed(5)
    first, second = layer(x), layer(x)
    torch.manual_seed(5)
    assert torch.equal(layer(x), first)
    assert torch.equal(layer(x), second)
    assert not torch.equal(first, second)


def test_gradient_goes_through_what_was_kept() -> None:
    torch.manual_seed(0)
    x = torch.ones(50, requires_grad=True)
    y = QuickDropout(0.4).train()(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_evaluation_changes_nothing() -> None:
    x = torch.randn(5)
    assert QuickDropout(0.9).eval()(x) is x
    assert QuickDropout(0.0).train()(x) is x


def test_only_adapters_are_replaced() -> None:
    model = nn.ModuleDict(
        {"plain": nn.Sequential(nn.Dropout(0.1)), "lora_dropout": nn.ModuleDict({"a": nn.Dropout(0.2)})}
    )
    assert quicken_dropout(model) == 1
    assert type(model["plain"][0]) is nn.Dropout
    assert model["lora_dropout"]["a"].p == 0.2
    assert quicken_dropout(model) == 0
