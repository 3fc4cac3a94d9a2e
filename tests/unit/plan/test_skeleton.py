"""What is counted without weights is what a loaded model has."""

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from llm_finetune.methods import METHODS, trainable_parameters
from llm_finetune.model import quantize
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.plan.skeleton import Recipe, adapted_skeleton, sizes_of

STEPS = 20
SETTINGS: dict[str, dict[str, Any]] = {"ADALORA": {"tinit": 1, "tfinal": 2}, "LORA": {"lora_dropout": 0.0}}
SOME = ("llama", "gpt2", "falcon", "mixtral")
IMPOSSIBLE = {("OFT", "gpt2"), ("BOFT", "gpt2")}
CELLS = [(name, model) for name in METHODS for model in SOME if (name, model) not in IMPOSSIBLE]


def recipe_of(
    config: Any, name: str, *, stored: str = "float32", quantization: str = "none", **settings: Any
) -> Recipe:
    method = METHODS[name]
    return Recipe(config, method, method.settings(**SETTINGS.get(name, {}), **settings), stored, quantization, STEPS)


def real_model(recipe: Recipe) -> Any:
    with quiet_libraries():
        model = AutoModelForCausalLM.from_config(recipe.config).to(getattr(torch, recipe.stored))
        if recipe.quantization != "none":
            quantize.quantize(model, recipe.quantization, recipe.stored)
        return recipe.method.apply(model, recipe.settings, recipe.total_steps)


def bytes_of(model: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in (*model.parameters(), *model.buffers()))


def test_every_method_is_counted() -> None:
    assert {name for name, _ in CELLS} == set(METHODS)
    assert len(CELLS) == len(METHODS) * len(SOME) - len(IMPOSSIBLE)


@pytest.mark.parametrize(("name", "architecture"), CELLS)
def test_parameters_are_those_of_the_real_model(name: str, architecture: str, tiny_config: Any) -> None:
    recipe = recipe_of(tiny_config(architecture), name)
    model, real = adapted_skeleton(recipe), real_model(recipe)
    sizes = sizes_of(model)
    assert (sizes.trained, sizes.total) == trainable_parameters(real)
    assert sizes.trained_bytes + sizes.frozen_bytes == pytest.approx(bytes_of(real), rel=1e-3)
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {"meta"}


@pytest.mark.parametrize("quantization", ["int8", "nf4"])
@pytest.mark.parametrize("name", ["LORA", "PREFIX_TUNING"])
def test_quantised_bases_are_counted_in_parameters_and_bytes(name: str, quantization: str, tiny_config: Any) -> None:
    if quantization == "nf4":
        pytest.importorskip("bitsandbytes")
    recipe = recipe_of(tiny_config("llama"), name, stored="bfloat16", quantization=quantization)
    sizes, real = sizes_of(adapted_skeleton(recipe)), real_model(recipe)
    assert (sizes.trained, sizes.total) == trainable_parameters(real)
    if quantization == "int8":
        assert sizes.trained_bytes + sizes.frozen_bytes == bytes_of(real)
    whole = sizes_of(adapted_skeleton(recipe_of(tiny_config("llama"), name, stored="bfloat16")))
    assert sizes.frozen_bytes < whole.frozen_bytes


@pytest.mark.parametrize("start", ["pissa", "eva", "gaussian"])
def test_a_start_that_reads_weights_changes_no_count(start: str, tiny_config: Any) -> None:
    plain = sizes_of(adapted_skeleton(recipe_of(tiny_config("llama"), "LORA")))
    settings = METHODS["LORA"].settings(**SETTINGS["LORA"], init_lora_weights=start)
    recipe = Recipe(tiny_config("llama"), METHODS["LORA"], settings, "float32", "none", STEPS)
    assert sizes_of(adapted_skeleton(recipe)) == plain
