"""LoRA's names are checked against the model before its weights are loaded, and its weights are float32."""

from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.errors import ModelError
from llm_finetune.methods.lora import LoraSettings, apply, check, with_rows
from llm_finetune.methods.trainable import trainable_by_layer, trainable_parameters
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

ARCHITECTURES = ["llama", "gpt2", "falcon", "mistral", "qwen2", "qwen3", "gemma2"]


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


def refusal(folder: Path, **settings: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        check(load_config(base_of(folder)), LoraSettings(**settings))
    return caught.value


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_linear_is_what_peft_adapts_and_leaves_the_head_out(tiny_model: Any, architecture: str) -> None:
    base = base_of(tiny_model(architecture))
    names = check(load_config(base), LoraSettings())
    adapted = apply(load_model(base, "float32"), LoraSettings(), 1)
    layers = {name.split(".lora_A")[0] for name, _ in adapted.named_parameters() if ".lora_A." in name}
    assert layers == {f"base_model.model.{name}" for name in names}
    assert not any("lm_head" in name or "embed" in name for name in names)
    trainable, total = trainable_parameters(adapted)
    assert 0 < trainable < total
    assert sum(trainable_by_layer(adapted).values()) == trainable


def test_gpt2_is_told_its_own_names(tiny_model: Any) -> None:
    error = refusal(tiny_model("gpt2"), target_modules=["q_proj"])
    assert "`q_proj`" in str(error)
    assert all(name in str(error) for name in ("c_attn", "c_proj", "c_fc"))
    assert error.exit_code == 2


def test_one_name_that_misses_is_enough(tiny_model_folder: Path) -> None:
    error = refusal(tiny_model_folder, target_modules=["q_proj", "c_attn"])
    assert "`c_attn`" in str(error)
    assert "called `q_proj`" not in str(error)


def test_a_name_as_text_is_told_to_be_a_list(tiny_model_folder: Path) -> None:
    assert '["q_proj", "v_proj"]' in str(refusal(tiny_model_folder, target_modules="q_proj, v_proj"))
    assert len(check(load_config(base_of(tiny_model_folder)), LoraSettings(target_modules=r".*\.(q|v)_proj"))) == 4


def test_every_wrong_name_is_told_at_once(tiny_model_folder: Path) -> None:
    error = refusal(
        tiny_model_folder,
        target_modules=["q_prj"],
        exclude_modules=["nothing"],
        modules_to_save=["hed"],
        rank_pattern={"no_proj": 4},
        alpha_pattern={"no_proj": 4},
        layers_to_transform=[0, 2],
        target_parameters=["experts.down_proj"],
        lora_dropout=0.0,
        trainable_token_indices={"norm": [1]},
    )
    assert sorted(problem.field for problem in error.problems) == [
        "alpha_pattern",
        "exclude_modules",
        "layers_to_transform",
        "modules_to_save",
        "rank_pattern",
        "target_modules",
        "target_parameters",
        "trainable_token_indices",
    ]


def test_nothing_left(tiny_model_folder: Path) -> None:
    error = refusal(tiny_model_folder, target_modules=["q_proj"], exclude_modules=["q_proj"])
    assert error.problems[0].code == "nothing_left"


def test_a_whole_block_is_no_layer(tiny_model_folder: Path) -> None:
    assert refusal(tiny_model_folder, target_modules=["self_attn"]).problems[0].code == "unsupported_module"


@pytest.mark.parametrize("name", ["embed_tokens", "lm_head"])
def test_shared_matrices_are_refused(tiny_model: Any, name: str) -> None:
    tied, untied = tiny_model("gemma2"), tiny_model("llama")
    assert refusal(tied, target_modules=[name]).problems[0].code == "tied_module"
    assert refusal(tied, modules_to_save=[name]).problems[0].code == "tied_module"
    assert len(check(load_config(base_of(untied)), LoraSettings(target_modules=[name]))) == 1


def test_chosen_blocks(tiny_model_folder: Path) -> None:
    settings = LoraSettings(target_modules=["q_proj"], layers_to_transform=1)
    assert check(load_config(base_of(tiny_model_folder)), settings) == ("model.layers.1.self_attn.q_proj",)


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("llama", {}),
        ("llama", {"use_dora": True}),
        ("llama", {"use_rslora": True, "init_lora_weights": "orthogonal"}),
        ("llama", {"modules_to_save": ["embed_tokens", "lm_head"]}),
        ("llama", {"modules_to_save": ["model.norm"], "init_lora_weights": "gaussian"}),
        ("gemma2", {"modules_to_save": ["embed_tokens"], "ensure_weight_tying": True}),
        ("gpt2", {"rank_pattern": {"c_attn": 2}, "alpha_pattern": {"c_attn": 3}}),
    ],
)
def test_what_is_trained_is_float32_in_a_bfloat16_model(
    tiny_model: Any, architecture: str, settings: dict[str, Any]
) -> None:
    model = load_model(base_of(tiny_model(architecture)), "bfloat16")
    tokens = torch.arange(3, 19).reshape(2, 8)
    before = model(tokens).logits
    adapted = apply(model, LoraSettings(lora_dropout=0.0, **settings), 1)
    output = adapted(tokens, labels=tokens)
    assert {p.dtype for p in adapted.parameters() if p.requires_grad} == {torch.float32}
    assert output.logits.dtype == before.dtype
    torch.testing.assert_close(output.logits, before, atol=0.1, rtol=0.1)
    output.loss.backward()
    trained = [p for p in adapted.parameters() if p.requires_grad]
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in trained)


def test_biases_need_a_float32_model(tiny_model: Any) -> None:
    settings = LoraSettings(bias="all")
    with pytest.raises(ModelError, match="bias"):
        apply(load_model(base_of(tiny_model("qwen2")), "bfloat16"), settings, 1)
    adapted = apply(load_model(base_of(tiny_model("qwen2")), "float32"), settings, 1)
    assert any(name.endswith("bias") and p.requires_grad for name, p in adapted.named_parameters())


def test_names_that_miss_are_refused_at_apply_too(tiny_model_folder: Path) -> None:
    with pytest.raises(ModelError, match="q_prj"):
        apply(load_model(base_of(tiny_model_folder), "float32"), LoraSettings(target_modules=["q_prj"]), 1)


def test_both_ways_out_of_shared_matrices_are_named(tiny_model: Any) -> None:
    told = str(refusal(tiny_model("gemma2"), target_modules=["embed_tokens"]))
    assert "`ensure_weight_tying: true`" in told
    assert "`trainable_token_indices`" in told


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("gpt2", {"modules_to_save": ["wte"], "ensure_weight_tying": True}),
        ("falcon", {"modules_to_save": ["word_embeddings"], "ensure_weight_tying": True}),
        ("qwen2", {"modules_to_save": ["lm_head"], "ensure_weight_tying": True}),
        ("gemma2", {"trainable_token_indices": [3, 4]}),
        ("llama", {"trainable_token_indices": {"embed_tokens": [3], "lm_head": [3, 4]}}),
    ],
)
def test_ways_out_merge_right(tiny_model: Any, tmp_path: Path, architecture: str, settings: dict[str, Any]) -> None:
    base = base_of(tiny_model(architecture))
    model = apply(load_model(base, "float32"), LoraSettings(lora_dropout=0.0, **settings), 1)
    tokens = torch.arange(1, 33).reshape(4, 8)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-2)
    for _ in range(2):
        optimizer.zero_grad()
        model(tokens, labels=tokens).loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        trained = model(tokens).logits
        merged = model.merge_and_unload(safe_merge=True)
        torch.testing.assert_close(merged(tokens).logits, trained, atol=1e-5, rtol=1e-5)
        merged.save_pretrained(tmp_path)
        again = load_model(base_of(tmp_path), "float32").eval()
        torch.testing.assert_close(again(tokens).logits, trained, atol=1e-5, rtol=1e-5)
    is_tied = architecture != "llama"
    assert merged.config.tie_word_embeddings is again.config.tie_word_embeddings is is_tied
    ends = again.get_input_embeddings().weight, again.get_output_embeddings().weight
    assert (ends[0].data_ptr() == ends[1].data_ptr()) is is_tied


@pytest.mark.parametrize(
    ("architecture", "settings", "expected"),
    [
        ("qwen2", {}, [310, 311]),
        ("gpt2", {"trainable_token_indices": [5]}, [5, 310, 311]),
        ("llama", {}, {"model.embed_tokens": [310, 311], "lm_head": [310, 311]}),
        ("llama", {"modules_to_save": ["lm_head"]}, [310, 311]),
        (
            "llama",
            {"trainable_token_indices": {"embed_tokens": [5]}},
            {"embed_tokens": [5, 310, 311], "lm_head": [310, 311]},
        ),
        ("llama", {"modules_to_save": ["lm_head", "embed_tokens"]}, None),
        ("qwen2", {"modules_to_save": ["lm_head"], "ensure_weight_tying": True}, None),
    ],
)
def test_rows_of_added_tokens_are_trained_where_nothing_whole_is(
    tiny_model: Any, architecture: str, settings: dict[str, Any], expected: Any
) -> None:
    config = load_config(base_of(tiny_model(architecture)))
    chosen = with_rows(LoraSettings(**settings), config, [311, 310])
    assert chosen.trainable_token_indices == expected
    assert check(config, chosen) == check(config, LoraSettings(**settings))
    adapted = apply(load_model(base_of(tiny_model(architecture)), "bfloat16"), chosen, 1)
    assert {p.dtype for p in adapted.parameters() if p.requires_grad} == {torch.float32}


def test_a_head_with_a_bias_is_refused() -> None:
    """PEFT computes it without the bias; measured here, so that the refusal can go when PEFT no longer does."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, PhiConfig

    sizes = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    config = PhiConfig(**sizes, num_attention_heads=4, eos_token_id=2, bos_token_id=1)
    with pytest.raises(ModelError, match="bias"):
        check(config, with_rows(LoraSettings(), config, [3]))
    model = AutoModelForCausalLM.from_config(config).float().eval()
    torch.nn.init.ones_(model.lm_head.bias)
    with torch.no_grad():
        before = model(torch.tensor([[5, 6]])).logits
        rows = {"model.embed_tokens": [3], "lm_head": [3]}
        adapted = get_peft_model(model, LoraConfig(target_modules=["q_proj"], trainable_token_indices=rows))
        assert (adapted.eval()(torch.tensor([[5, 6]])).logits - before).abs().max() > 0.9


def test_experts_are_adapted_by_their_parameters() -> None:
    from transformers import MixtralConfig

    sizes = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = MixtralConfig(**sizes, num_attention_heads=4, num_key_value_heads=2, num_local_experts=2)
    chosen = {"target_modules": [], "lora_dropout": 0.0}
    names = check(config, LoraSettings(**chosen, target_parameters=["experts.down_proj", "experts.gate_up_proj"]))
    assert names == ("model.layers.0.mlp.experts", "model.layers.1.mlp.experts")
    with pytest.raises(ModelError, match="gate_up_proj"):
        check(config, LoraSettings(**chosen, target_parameters=["experts.down_proj", "experts.up_proj"]))


def test_a_name_that_peft_takes_for_more_is_refused_and_the_whole_name_means_one(tiny_model_folder: Path) -> None:
    base = Base("llama", str(tiny_model_folder), None, "folder", None)
    with pytest.raises(ModelError) as caught:
        check(load_config(base), LoraSettings(modules_to_save=["norm"]))
    (problem,) = caught.value.problems
    assert problem.code == "saved_too_much"
    assert "input_layernorm" in problem.message
    assert "`model.norm`" in problem.fix
    model = apply(load_model(base, "float32"), LoraSettings(modules_to_save=["model.norm"]), 3)
    saved = [name for name, weight in model.named_parameters() if weight.requires_grad and "lora_" not in name]
    assert saved == ["base_model.model.model.norm.modules_to_save.default.weight"]
