"""Gradient checkpointing computes again what it did not keep, and nothing beneath the first trained block."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.engine.checkpointing import recompute_activations
from llm_finetune.methods import METHODS, read_method
from llm_finetune.methods.full import FullSettings
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 21).reshape(2, 8)
CELLS = [("llama", name) for name in METHODS if METHODS[name].checkpointing] + [("gpt2", "LORA"), ("gpt2", "FULL")]


def model_of(tiny_model: Callable[[str], Path], architecture: str, method: str, settings: Any) -> Any:
    base = load_model(Base("tiny", str(tiny_model(architecture)), None, "folder", None), "float32")
    torch.manual_seed(0)
    return METHODS[method].apply(base, settings, 1000).train()


def gradients(model: Any) -> tuple[float, dict[str, torch.Tensor]]:
    torch.manual_seed(1)
    loss = model(input_ids=TOKENS, labels=TOKENS, use_cache=False).loss
    loss.backward()
    return loss.item(), {
        name: parameter.grad for name, parameter in model.named_parameters() if parameter.requires_grad
    }


@pytest.mark.parametrize(("architecture", "method"), CELLS)
def test_gradients_are_those_of_kept_activations(architecture: str, method: str, tiny_model: Any) -> None:
    settings = read_method(Document("adapter.json", {"peft_type": method}))[1]
    kept = model_of(tiny_model, architecture, method, settings)
    again = model_of(tiny_model, architecture, method, settings)
    recompute_activations(again)
    (one, expected), (other, found) = gradients(kept), gradients(again)
    assert one == other
    assert expected.keys() == found.keys()
    for name, gradient in expected.items():
        assert torch.equal(found[name], gradient), name


def test_blocks_beneath_the_trained_ones_are_left_alone(tiny_model: Any) -> None:
    calls: list[str] = []
    model = model_of(tiny_model, "llama", "FULL", FullSettings(train_layers=(1,)))
    recompute_activations(model)
    for name in ("model.layers.0.mlp", "model.layers.1.mlp"):
        model.get_submodule(name).register_forward_pre_hook(lambda *_, name=name: calls.append(name))
    gradients(model)
    assert calls.count("model.layers.0.mlp") == 1
    assert calls.count("model.layers.1.mlp") == 2
