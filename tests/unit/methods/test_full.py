"""Full and partial fine-tuning: what is trained is meant, is trained in float32, and is computed right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.errors import ModelError
from llm_finetune.methods.full import FullSettings, apply, check, told
from llm_finetune.methods.trainable import trainable_parameters
from llm_finetune.methods.weights import load_weights, save_weights
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 21).reshape(2, 8)
TinyModel = Callable[[str], Path]


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


def partly(model: Any, *layers: int | str) -> Any:
    return apply(model, FullSettings(train_layers=layers), 1)


def trained_names(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_every_weight_is_trained_in_float32(tiny_model_folder: Path) -> None:
    model = load_model(base_of(tiny_model_folder), "bfloat16")
    model.requires_grad_(False)
    trained = apply(model, FullSettings(), 1)
    trainable, total = trainable_parameters(trained)
    assert trainable == total
    assert {parameter.dtype for parameter in trained.parameters()} == {torch.float32}
    assert told(trained, FullSettings()) == ()


BLOCKS = {
    # Architecture → name of its last block, of its embeddings, of its final norm.
    "llama": ("model.layers.1.", "model.embed_tokens.weight", "model.norm.weight"),
    "gpt2": ("transformer.h.1.", "transformer.wte.weight", "transformer.ln_f.weight"),
    "falcon": ("transformer.h.1.", "transformer.word_embeddings.weight", "transformer.ln_f.weight"),
    "mistral": ("model.layers.1.", "model.embed_tokens.weight", "model.norm.weight"),
    "qwen3": ("model.layers.1.", "model.embed_tokens.weight", "model.norm.weight"),
    "gpt_neox": ("gpt_neox.layers.1.", "gpt_neox.embed_in.weight", "gpt_neox.final_layer_norm.weight"),
    "opt": ("model.decoder.layers.1.", "model.decoder.embed_tokens.weight", "model.decoder.final_layer_norm.weight"),
    "mixtral": ("model.layers.1.", "model.embed_tokens.weight", "model.norm.weight"),
}


@pytest.mark.parametrize("architecture", BLOCKS)
def test_words_and_numbers_mean_the_architectures_own_modules(architecture: str, tiny_model: TinyModel) -> None:
    block, embeddings, norm = BLOCKS[architecture]
    base = base_of(tiny_model(architecture))
    model = load_model(base, "float32")
    last = {name for name, _ in model.named_parameters() if name.startswith(block)}
    assert trained_names(partly(model, 1)) == last
    assert trained_names(partly(model, "norms")) >= {norm}
    assert not trained_names(model) & {embeddings}
    assert embeddings in trained_names(partly(model, "embeddings"))
    head = model.get_output_embeddings().weight
    partly(model, "head")
    assert [parameter is head for parameter in model.parameters() if parameter.requires_grad] == [True]
    chosen = check(load_config(base), FullSettings(train_layers=(1, "norms")))
    assert {name.rpartition(".")[0] for name in trained_names(partly(model, 1, "norms"))} == set(chosen)


def test_names_and_regular_expressions(tiny_model_folder: Path) -> None:
    model = load_model(base_of(tiny_model_folder), "float32")
    one = {"model.layers.1.self_attn.q_proj.weight"}
    both = {f"model.layers.{number}.self_attn.q_proj.weight" for number in (0, 1)}
    assert trained_names(partly(model, "q_proj")) == both
    assert trained_names(partly(model, "1.self_attn.q_proj")) == one
    assert trained_names(partly(model, r".*\.1\..*q_proj")) == one
    assert trained_names(partly(model, "q_proj", "lm_head")) == {*both, "lm_head.weight"}
    assert len(trained_names(partly(model, "layers.0"))) == 9


def test_all_that_means_nothing_is_told_at_once(tiny_model_folder: Path) -> None:
    settings = FullSettings(train_layers=(3, "q_prj", "norms", "rotary_emb", ".*never"))
    with pytest.raises(ModelError) as failure:
        check(load_config(base_of(tiny_model_folder)), settings)
    too_many, unknown = failure.value.problems
    assert "has 2 blocks, not 3" in too_many.message
    assert "`q_prj`, `rotary_emb`, `.*never`" in unknown.message
    assert "norms" not in unknown.message
    assert all(known in unknown.fix for known in ("embeddings, head, norms", "q_proj", "`model.layers.1`"))


def test_the_choice_is_told_with_its_numbers(tiny_model: TinyModel) -> None:
    settings = FullSettings(train_layers=("embeddings",))
    tied, untied = (load_model(base_of(tiny_model(kind)), "float32") for kind in ("qwen2", "llama"))
    lines = told(apply(tied, settings, 1), settings)
    assert lines[0] == f"training 1 modules with {320 * 64:,} parameters: model.embed_tokens"
    assert "share one matrix" in lines[1]
    assert len(told(apply(untied, settings, 1), settings)) == 1
    both = FullSettings(train_layers=("embeddings", "head"))
    assert len(told(apply(tied, both, 1), both)) == 1


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "qwen2", "falcon", "mixtral"])
@pytest.mark.parametrize("layers", [(1,), ("embeddings",), ("head", "norms")])
def test_float32_beside_bfloat16_computes_the_same(
    architecture: str, layers: tuple[int | str, ...], tiny_model: TinyModel
) -> None:
    """Trained weights are float32 ones, the others keep their format; logits and gradients are those of float32."""
    base = base_of(tiny_model(architecture))
    plain = load_model(base, "bfloat16").float()
    mixed = partly(load_model(base, "bfloat16"), *layers)
    assert {parameter.dtype for parameter in mixed.parameters() if parameter.requires_grad} == {torch.float32}
    assert {parameter.dtype for parameter in mixed.parameters() if not parameter.requires_grad} == {torch.bfloat16}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = mixed(TOKENS, labels=TOKENS).loss
    loss.backward()
    expected = plain(TOKENS, labels=TOKENS).loss
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=2e-2)
    gradients = {name: parameter.grad for name, parameter in plain.named_parameters()}
    for name, parameter in mixed.named_parameters():
        if parameter.requires_grad:
            similarity = torch.cosine_similarity(parameter.grad.flatten(), gradients[name].flatten(), dim=0)
            assert similarity > 0.98, name


@pytest.mark.parametrize("architecture", ["gpt2", "qwen2"])
def test_a_partly_trained_model_is_saved_and_loaded_exactly(
    architecture: str, tiny_model: TinyModel, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    base = base_of(tiny_model(architecture))
    model = partly(load_model(base, "bfloat16"), 1, "embeddings")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(1e-4)
    save_weights(model, tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path, dtype="auto")
    assert plain.dtype == torch.float32
    assert plain.config.use_cache
    assert plain.lm_head.weight is plain.get_input_embeddings().weight
    saved = dict(plain.named_parameters())
    assert all(torch.equal(saved[name], parameter.float()) for name, parameter in model.named_parameters())
    again = partly(load_model(base, "bfloat16"), 1, "embeddings")
    load_weights(again, tmp_path)
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
