"""Layers in fewer bits: what they compute, which they are, and what is refused."""

import logging
from typing import Any

import pytest
import torch
from tests.conftest import ARCHITECTURES
from torch import nn

from llm_finetune.errors import ModelError
from llm_finetune.methods import trainable_parameters
from llm_finetune.model import quantize
from llm_finetune.model.int8 import Int8Linear, Workspace, rounded
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.quiet import NOISY_LOGGERS, quiet_backends
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 37).reshape(4, 8)
KINDS = ["int8", "nf4"]


def base_of(folder: Any) -> Base:
    return Base(folder.name, str(folder), None, "folder", None)


@pytest.fixture(autouse=True)
def _library(request: pytest.FixtureRequest) -> None:
    """Tests of nf4 need bitsandbytes."""
    if "nf4" in request.node.name:
        pytest.importorskip("bitsandbytes")


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.as_tensor(model.eval()(TOKENS).logits)


def test_rounding_is_within_half_a_step() -> None:
    weight_OI = torch.randn(9, 33) * torch.logspace(-4, 2, 9)[:, None]
    weight_OI[4] = 0
    integers_OI, scale_O = rounded(weight_OI)
    assert integers_OI.dtype == torch.int8
    assert torch.equal(scale_O.bfloat16().float(), scale_O)
    # Half a step, and a little more for the largest number of a row whose scale was rounded down.
    assert ((integers_OI * scale_O[:, None] - weight_OI).abs() <= scale_O[:, None] * 0.76).all()
    assert integers_OI.abs().amax(1)[[0, 8]].tolist() == [127, 127]
    assert not (integers_OI[4] * scale_O[4]).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_int8_computes_the_product_and_its_gradient(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(48, 24, dtype=dtype)
    rounded_layer = Int8Linear(layer, dtype, Workspace())
    reference = nn.Linear(48, 24)
    reference.weight.data, reference.bias.data = rounded_layer.weight.clone().float(), layer.bias.data.float()
    x = torch.randn(2, 5, 48, dtype=dtype, requires_grad=True)
    other = x.detach().float().requires_grad_()
    out, expected = rounded_layer(x), reference(other)
    assert out.dtype == dtype
    up = torch.randn_like(expected)
    out.backward(up.to(dtype))
    expected.backward(up)
    for found, wanted in ((out, expected), (x.grad, other.grad)):
        assert float((found.float() - wanted).detach().norm() / wanted.detach().norm()) < 0.01


def test_int8_keeps_integers_alone_for_the_backward_pass() -> None:
    layer = Int8Linear(nn.Linear(8, 8, bias=False), torch.float32, Workspace())
    kept = layer(torch.randn(1, 8, requires_grad=True)).grad_fn.saved_tensors
    assert [tensor.dtype for tensor in kept if tensor.dim() > 1] == [torch.int8]


def test_int8_unpacks_its_matrix_only_when_it_is_computed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """PEFT asks for format, shape and device several times a layer, and would hold a full copy each time."""
    layer = Int8Linear(nn.Linear(8, 4), torch.bfloat16, Workspace())
    unpacked: list[int] = []
    whole = layer._matrix
    monkeypatch.setattr(layer, "_matrix", lambda: unpacked.append(1) or whole())
    weight = layer.weight
    assert (weight.shape, weight.dtype, weight.device.type) == ((4, 8), torch.bfloat16, "cpu")
    assert weight.is_floating_point()
    assert not unpacked
    assert torch.equal(weight @ torch.eye(8, dtype=torch.bfloat16), whole())
    assert len(unpacked) == 1


def test_int8_is_multiplied_in_the_format_of_autocast() -> None:
    layer = Int8Linear(nn.Linear(8, 8), torch.float32, Workspace())
    x = torch.randn(1, 8, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(x)
    assert out.dtype == torch.bfloat16
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == torch.float32


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture(architecture: str, kind: str, tiny_model: Any) -> None:
    """All linear layers but the head are rounded, nothing else is; the answers move little; counts stay."""
    base = base_of(tiny_model(architecture))
    plain, model = load_model(base, "float32"), load_model(base, "float32", kind)
    names = quantize.require_layers(load_config(base), kind)
    kept, changed = plain.state_dict(), dict(model.named_modules())
    assert names
    assert {id(changed[name]) for name in names} == {id(layer) for layer in quantize.quantized_layers(model)}
    for name, parameter in model.named_parameters():
        if name.rpartition(".")[0] not in names:
            assert torch.equal(parameter, kept[name]), name
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    tied = plain.get_output_embeddings().weight is plain.get_input_embeddings().weight
    assert isinstance(head, nn.Linear)
    assert (head.weight is embedding.weight) is tied
    assert trainable_parameters(model)[1] == trainable_parameters(plain)[1]
    share = quantize.share_of(model)
    assert share.layers == len(names)
    assert share.parameters == sum(kept[f"{name}.weight"].numel() for name in names)
    difference = float((logits_of(model) - logits_of(plain)).abs().max() / logits_of(plain).abs().max())
    assert 0 < difference < (0.05 if kind == "int8" else 0.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_is_not_rounded_has_the_number_format(tiny_model: Any, kind: str, dtype: str) -> None:
    model = load_model(base_of(tiny_model("llama")), dtype, kind)
    formats = {parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()}
    assert formats == {getattr(torch, dtype)}
    assert model.config.dtype == model.dtype == getattr(torch, dtype)
    assert model.model.rotary_emb.inv_freq.dtype == torch.float32
    if kind == "nf4":
        assert {layer.compute_dtype for layer in quantize.quantized_layers(model)} == formats
        assert all(layer.weight.quant_state.nested for layer in quantize.quantized_layers(model))


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_computes_what_training_computes(tiny_model: Any, kind: str) -> None:
    model = load_model(base_of(tiny_model("llama")), "bfloat16", kind)
    with torch.no_grad():
        trained = model.train()(TOKENS).logits
    assert torch.equal(logits_of(model), trained)


def gradient_of_embedding(model: Any) -> torch.Tensor:
    """What passes back through every frozen layer."""
    embedded = model.get_input_embeddings()(TOKENS).detach().requires_grad_()
    model.train()(inputs_embeds=embedded, labels=TOKENS, use_cache=False).loss.backward()
    assert embedded.grad is not None
    return embedded.grad


def test_nf4_passes_gradients_after_an_evaluation(tiny_model: Any) -> None:
    """bitsandbytes 0.50.2 repacks evaluated layers where AVX512 multiplies bfloat16; they pass no gradient then."""
    functional = pytest.importorskip("bitsandbytes.functional")
    if not functional.has_avx512bf16():
        pytest.skip("this CPU has no AVX512-BF16, on which alone bitsandbytes repacks evaluated layers")
    model = load_model(base_of(tiny_model("llama")), "bfloat16", "nf4")
    before = gradient_of_embedding(model)
    logits_of(model)
    assert torch.equal(gradient_of_embedding(model), before)
    assert float(before.abs().sum()) > 0


def test_a_model_without_linear_layers_is_refused(monkeypatch: pytest.MonkeyPatch, tiny_model: Any) -> None:
    monkeypatch.setattr(quantize, "_PLAIN_PRODUCTS", ())
    with pytest.raises(ModelError, match="no layer of LlamaForCausalLM can be held in int8"):
        load_model(base_of(tiny_model("llama")), "float32", "int8")


def test_a_base_stored_quantised_is_not_rounded_again(tiny_model: Any) -> None:
    config = load_config(base_of(tiny_model("llama")))
    config.quantization_config = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    with pytest.raises(ModelError, match="stored quantised already") as raised:
        quantize.require_layers(config, "int8")
    assert raised.value.problems[0].field == "model.quantization"


def test_a_missing_library_is_told_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "find_spec", lambda name: None)
    nowhere = Base("nobody/nothing", "nobody/nothing", None, "hub", None)
    with pytest.raises(ModelError, match=r"needs the package bitsandbytes.*pip install llm-finetune\[quant\]"):
        load_model(nowhere, "float32", "nf4")
    quantize.require_library("int8")
    quantize.require_library("none")


def test_chatter_is_kept_off_unless_somebody_wants_it() -> None:
    name = NOISY_LOGGERS[0]
    logger = logging.getLogger(name)
    before = logger.level
    try:
        logger.setLevel(logging.NOTSET)
        quiet_backends()
        assert not logging.getLogger(f"{name}.backends").isEnabledFor(logging.WARNING)
        logger.setLevel(logging.INFO)
        quiet_backends()
        assert logger.level == logging.INFO
    finally:
        logger.setLevel(before)
