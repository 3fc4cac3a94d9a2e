"""A prefix has the shape of what each architecture keeps, or is refused by its name."""

from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.errors import ConfigError, ModelError
from llm_finetune.methods import read_method
from llm_finetune.methods.prefix_tuning import Kept, PrefixTuningSettings, apply, check, kept_by
from llm_finetune.methods.virtual_tokens import encoder_of
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

SHAPES = {"llama": (2, 16), "gpt2": (4, 16), "falcon": (1, 16), "falcon_new": (4, 16), "bloom": (4, 16)}
"""Heads and their width: grouped, all, one for all, spread out again, all."""


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


@pytest.mark.parametrize("architecture", SHAPES)
def test_the_shape_is_measured(tiny_model: Any, architecture: str) -> None:
    heads, width = SHAPES[architecture]
    model = load_model(base_of(tiny_model(architecture)), "float32")
    assert kept_by(model) == Kept(2, heads, width)
    adapted = apply(model, PrefixTuningSettings(num_virtual_tokens=3), 1)
    prefix = adapted.get_prompt(batch_size=2)
    assert [layer.keys.shape for layer in prefix.layers] == [(2, heads, 3, width)] * 2
    assert encoder_of(adapted).embedding.weight.shape == (3, 2 * 2 * heads * width)


def test_every_layer_learns(tiny_model: Any) -> None:
    adapted = apply(load_model(base_of(tiny_model("falcon")), "float32"), PrefixTuningSettings(), 1)
    ids = torch.arange(5, 25)[None]
    adapted(input_ids=ids, labels=ids).loss.backward()
    gradient = encoder_of(adapted).embedding.weight.grad.view(20, 2, 2, 16)
    assert (gradient.abs().sum(dim=(0, 3)) > 0).all()


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_the_blocks_are_named_without_weights(tiny_model: Any, architecture: str) -> None:
    base = base_of(tiny_model(architecture))
    names = check(load_config(base), PrefixTuningSettings())
    assert len(names) == 2
    assert all(name.endswith(f".{index}") for index, name in enumerate(names))
    assert set(names) <= dict(load_model(base, "float32").named_modules()).keys()


def test_a_model_that_keeps_no_keys_is_refused_by_name() -> None:
    from transformers import MambaConfig

    config = MambaConfig(vocab_size=320, hidden_size=64, num_hidden_layers=2)
    with pytest.raises(ModelError) as caught:
        check(config, PrefixTuningSettings())
    assert "MambaForCausalLM" in str(caught.value)
    assert "prompt tuning" in caught.value.problems[0].fix


def test_zero_begins_with_zeros(tiny_model_folder: Path) -> None:
    for more in ({}, {"prefix_projection": True}):
        settings = PrefixTuningSettings(init_weights="zero", **more)
        adapted = apply(load_model(base_of(tiny_model_folder), "float32"), settings, 1)
        assert all(not layer.keys.any() for layer in adapted.get_prompt(batch_size=1).layers)


def test_a_width_without_a_network_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        read_method(Document("adapter.json", {"peft_type": "PREFIX_TUNING", "encoder_hidden_size": 8}))
    assert "prefix_projection" in str(caught.value)
