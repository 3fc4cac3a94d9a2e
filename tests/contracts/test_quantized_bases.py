"""Every method that may train on rounded layers does there what it does on plain layers of the same weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from llm_finetune.config.read import Document
from llm_finetune.errors import ModelError
from llm_finetune.methods import METHODS, read_method, trainable_parameters
from llm_finetune.methods.quantized import quantized_problems
from llm_finetune.methods.weights import save_weights, with_adapter
from llm_finetune.model import quantize
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 37).reshape(4, 8)
STEPS = 3
KINDS = ["int8", "nf4"]
ABLE = [name for name in METHODS if METHODS[name].quantized_base]
MORE_LORA: list[dict[str, Any]] = [
    {"use_dora": True},
    {"modules_to_save": ["lm_head"]},
    {"bias": "all"},
    {"target_modules": ["q_proj", "lm_head"]},
]
Cell = tuple[str, str, dict[str, Any]]
CELLS: list[Cell] = [(name, "llama", {}) for name in ABLE] + [
    ("LORA", "gpt2", {}),
    ("LORA", "falcon", {}),
    ("VERA", "gpt2", {}),
]
CELLS += [("LORA", "llama", keys) for keys in MORE_LORA]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "nf4":
        pytest.importorskip("bitsandbytes")
    return str(request.param)


def base_of(folder: Path) -> Base:
    return Base(folder.name, str(folder), None, "folder", None)


def dequantised(layer: Any, plain: Any) -> torch.Tensor:
    if type(layer).__name__ != "Linear4bit":
        return torch.as_tensor(layer.weight)
    from bitsandbytes.functional import dequantize_4bit

    weight_OI = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    return torch.as_tensor(weight_OI.T if isinstance(plain, Conv1D) else weight_OI)


def plain_twin(base: Base, quantized: Any) -> Any:
    """The model with ordinary layers whose weights are the rounded ones."""
    twin, layers = load_model(base, "float32"), dict(quantized.named_modules())
    for name, layer in quantize.linear_layers(twin):
        layer.weight.data = dequantised(layers[name], layer).clone().contiguous()
    return twin


def trained(name: str, model: Any, keys: dict[str, Any]) -> tuple[Any, list[float]]:
    """The model with the method on it, and the losses of a few steps."""
    method = METHODS[name]
    settings = read_method(Document("adapter.json", {"peft_type": name, **keys}))[1]
    if "lora_dropout" in method.settings.model_fields:
        settings = settings.model_copy(update={"lora_dropout": 0.0})
    torch.manual_seed(0)
    model = method.apply(model, settings, 20).train()
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-2)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=model.dtype == torch.bfloat16):
            loss = model(input_ids=TOKENS, labels=TOKENS, use_cache=False).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model.eval(), losses


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.as_tensor(model(input_ids=TOKENS, use_cache=False).logits)


def test_which_methods_can() -> None:
    assert set(METHODS) - set(ABLE) == {"FULL"}
    assert len(CELLS) == len(ABLE) + 3 + len(MORE_LORA)


@pytest.mark.parametrize("cell", CELLS, ids=["-".join([cell[0], cell[1], *cell[2]]) for cell in CELLS])
def test_trains_as_on_plain_layers(cell: Cell, kind: str, tiny_model: Any, tmp_path: Path) -> None:
    name, architecture, keys = cell
    base = base_of(tiny_model(architecture))
    quantized = load_model(base, "float32", kind)
    twin, expected = trained(name, plain_twin(base, quantized), keys)
    rounded = [layer.state_dict() for layer in quantize.quantized_layers(quantized)]
    model, losses = trained(name, quantized, keys)
    assert losses == pytest.approx(expected, abs=1e-5)
    assert losses[-1] < losses[0]
    assert trainable_parameters(model) == trainable_parameters(twin)
    for before, layer in zip(rounded, quantize.quantized_layers(model), strict=True):
        after = layer.state_dict()
        assert all(torch.equal(value, after[key]) for key, value in before.items() if "bias" not in key)
    save_weights(model, tmp_path)
    again = with_adapter(load_model(base, "float32", kind), tmp_path)
    torch.testing.assert_close(logits_of(again), logits_of(model), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ABLE)
def test_trains_in_bfloat16_beside_biases(name: str, kind: str, tiny_model: Any, tmp_path: Path) -> None:
    """As on a machine that computes bfloat16, in which some adapters hand other formats on."""
    base = base_of(tiny_model("qwen2"))
    model, losses = trained(name, load_model(base, "bfloat16", kind), {})
    assert losses[-1] < losses[0]
    assert all(weight.grad is not None for weight in model.parameters() if weight.requires_grad)
    assert {weight.dtype for weight in model.parameters() if weight.requires_grad} == {torch.float32}
    save_weights(model, tmp_path)
    again = with_adapter(load_model(base, "bfloat16", kind), tmp_path)
    torch.testing.assert_close(logits_of(again), logits_of(model), atol=0.02, rtol=0)


def refused(keys: dict[str, Any], tiny_model: Any) -> list[tuple[str, str]]:
    rounded = quantize.require_layers(load_config(base_of(tiny_model("llama"))), "int8")
    settings = read_method(Document("adapter.json", {"peft_type": "LORA", "lora_dropout": 0, **keys}))[1]
    return [(problem.code, problem.field) for problem in quantized_problems(settings, rounded)]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"init_lora_weights": "pissa"}, "quantized_start"),
        ({"init_lora_weights": "pissa_niter_4"}, "quantized_start"),
        ({"init_lora_weights": "olora"}, "quantized_start"),
        ({"modules_to_save": ["q_proj"]}, "quantized_module"),
        ({"modules_to_save": ["mlp"]}, "quantized_module"),
        ({"target_parameters": ["mlp.up_proj.weight"]}, "quantized_module"),
    ],
)
def test_keys_that_would_change_rounded_weights(keys: dict[str, Any], code: str, tiny_model: Any) -> None:
    assert refused(keys, tiny_model) == [(code, next(iter(keys)))]


@pytest.mark.parametrize(
    "keys", [{}, {"modules_to_save": ["lm_head"]}, {"modules_to_save": ["model.norm"]}, {"init_lora_weights": "eva"}]
)
def test_keys_that_leave_them_alone(keys: dict[str, Any], tiny_model: Any) -> None:
    assert refused(keys, tiny_model) == []


def test_full_fine_tuning_has_no_place_there(tiny_model: Any) -> None:
    """That it is refused before loading is shown in tests/field/test_quantized.py; this is why."""
    model = load_model(base_of(tiny_model("llama")), "float32", "int8")
    with pytest.raises((RuntimeError, ModelError)):
        METHODS["FULL"].apply(model, METHODS["FULL"].settings(), 1)
