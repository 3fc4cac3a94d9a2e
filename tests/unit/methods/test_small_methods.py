"""IA3, VeRA, OFT, BOFT and LN tuning: on every architecture, and where PEFT would be silent or wrong."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.nn import functional

from llm_finetune.config.read import Document
from llm_finetune.engine.loss import computing_in, inputs_as_they_come
from llm_finetune.errors import ConfigError, ModelError
from llm_finetune.messages import say
from llm_finetune.methods import METHODS, read_method, trainable_by_layer, trainable_parameters
from llm_finetune.methods.read import library_fields
from llm_finetune.methods.weights import load_weights, save_weights, with_adapter
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base

NAMES = ("IA3", "VERA", "OFT", "BOFT", "LN_TUNING")
ARCHITECTURES = (
    "llama",
    "gpt2",
    "falcon",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma2",
    "gemma3",
    "phi3",
    "falcon_new",
    "gpt_neox",
    "opt",
    "bloom",
    "mixtral",
)
REFUSED = [("OFT", "gpt2"), ("BOFT", "gpt2")]
CELLS = [(name, kind) for name in NAMES for kind in ARCHITECTURES if (name, kind) not in REFUSED]
TOKENS = torch.arange(5, 37).reshape(4, 8)
IA3_LAYERS = {
    "llama": {"k_proj", "v_proj", "down_proj"},
    "gpt2": {"c_attn", "c_proj"},
    "falcon": {"query_key_value", "dense_4h_to_h"},
    "qwen2": {"q_proj", "v_proj", "down_proj"},
    "phi3": {"qkv_proj", "down_proj"},
    "opt": {"q_proj", "k_proj", "fc2"},
    "mixtral": {"k_proj", "v_proj"},
}
NORMALISATIONS = {
    "llama": {"input_layernorm", "post_attention_layernorm", "norm"},
    "gpt2": {"ln_1", "ln_2", "ln_f"},
    "qwen2": {"input_layernorm", "post_attention_layernorm", "norm"},
    "qwen3": {"input_layernorm", "post_attention_layernorm", "norm", "q_norm", "k_norm"},
    "phi3": {"input_layernorm", "post_attention_layernorm", "norm"},
    "falcon_new": {"ln_attn", "ln_mlp", "ln_f"},
    "bloom": {"input_layernorm", "post_attention_layernorm", "ln_f", "word_embeddings_layernorm"},
}


def settings_of(name: str, **keys: Any) -> Any:
    return read_method(Document("config/lora_config.json", {"peft_type": name, **keys}))[1]


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


def loaded(folder: Path, dtype: str = "float32") -> Any:
    return load_model(base_of(folder), dtype)


def adapted(folder: Path, name: str, dtype: str = "float32", **keys: Any) -> Any:
    return METHODS[name].apply(loaded(folder, dtype), settings_of(name, **keys), 10)


def checked(folder: Path, name: str, **keys: Any) -> tuple[str, ...]:
    check = METHODS[name].check
    assert check is not None
    return check(load_config(base_of(folder)), settings_of(name, **keys))


def refusal(folder: Path, name: str, **keys: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        checked(folder, name, **keys)
    assert caught.value.exit_code == 2
    return caught.value


def trained(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def loss_of(model: Any, precision: str = "float32") -> torch.Tensor:
    with computing_in(precision, "cpu"), inputs_as_they_come(model):
        loss: torch.Tensor = model(input_ids=TOKENS, labels=TOKENS, use_cache=False).loss
    return loss


def train(model: Any, precision: str = "float32", steps: int = 3) -> list[float]:
    optimizer = torch.optim.AdamW(trained(model).values(), lr=1e-2, weight_decay=0.0)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, precision)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [*losses, loss_of(model, precision).item()]


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.as_tensor(model.eval()(TOKENS).logits)


def with_peft_alone(folder: Path, adapter: Path) -> Any:
    from peft import PeftModel

    with quiet_libraries():
        return PeftModel.from_pretrained(loaded(folder), str(adapter))


def test_the_matrix_is_as_large_as_it_should_be() -> None:
    unsupported = {(name, kind) for name in NAMES for kind in METHODS[name].unsupported if kind in ARCHITECTURES}
    assert len(CELLS) == 68
    assert unsupported == set(REFUSED)


@pytest.mark.parametrize(("name", "architecture"), CELLS)
def test_it_trains_saves_loads_and_merges(name: str, architecture: str, tiny_model: Any, tmp_path: Path) -> None:
    from peft.tuners.tuners_utils import BaseTunerLayer

    folder = tiny_model(architecture)
    plain = logits_of(loaded(folder))
    model = adapted(folder, name).eval()
    layers = {key for key, module in model.get_base_model().named_modules() if isinstance(module, BaseTunerLayer)}
    assert layers == set(checked(folder, name))
    torch.testing.assert_close(logits_of(model), plain, atol=1e-6, rtol=0)
    start = {key: weight.detach().clone() for key, weight in trained(model).items()}
    assert {weight.dtype for weight in start.values()} == {torch.float32}
    assert {key for key in layers if not any(f".{key}." in weight for weight in start)} == set()
    losses = train(model)
    assert losses[-1] < losses[0]
    assert [key for key, weight in trained(model).items() if torch.equal(weight, start[key])] == []
    after = logits_of(model)
    save_weights(model, tmp_path)
    torch.testing.assert_close(logits_of(with_peft_alone(folder, tmp_path)), after, atol=0, rtol=0)
    torch.testing.assert_close(logits_of(model.merge_and_unload(safe_merge=True)), after, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "architecture"), REFUSED)
def test_what_peft_cannot_do_is_refused_with_the_reason(name: str, architecture: str, tiny_model: Any) -> None:
    folder = tiny_model(architecture)
    reason = say(METHODS[name].unsupported[architecture])
    assert reason in str(refusal(folder, name))
    with pytest.raises(ModelError, match="Conv1D"):
        adapted(folder, name)


@pytest.mark.parametrize("name", NAMES)
def test_over_bfloat16_the_forward_is_right_and_nothing_is_lost(name: str, tiny_model: Any, tmp_path: Path) -> None:
    folder = tiny_model("llama")
    low, high = adapted(folder, name, "bfloat16"), adapted(folder, name, "float32")
    assert {weight.dtype for weight in trained(low).values()} == {torch.float32}
    torch.manual_seed(1)
    for key, weight in trained(low).items():
        weight.data += 0.05 * torch.randn_like(weight)
        trained(high)[key].data.copy_(weight)
    gradients = []
    for model, precision in ((low, "bfloat16"), (high, "float32")):
        loss_of(model, precision).backward()
        gradients.append(torch.cat([torch.as_tensor(weight.grad).flatten() for weight in trained(model).values()]))
    assert loss_of(low, "bfloat16").item() == pytest.approx(loss_of(high).item(), abs=5e-3)
    assert functional.cosine_similarity(*gradients, dim=0).item() > 0.999
    losses = train(low, "bfloat16")
    assert losses[-1] < losses[0]
    save_weights(low, tmp_path)
    again = with_adapter(loaded(folder, "bfloat16"), tmp_path)
    torch.testing.assert_close(logits_of(again), logits_of(low), atol=0, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_checkpointing_changes_nothing(name: str, tiny_model: Any) -> None:
    assert METHODS[name].checkpointing
    plain, again = (adapted(tiny_model("llama"), name).train() for _ in range(2))
    again.get_base_model().activation_checkpointing_enable({"use_reentrant": False})
    assert train(again) == pytest.approx(train(plain), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_trained_is_counted_by_layer(name: str, tiny_model: Any) -> None:
    folder = tiny_model("llama")
    counted = trainable_by_layer(adapted(folder, name))
    assert set(counted) == {layer.rpartition(".")[2] for layer in checked(folder, name)}


@pytest.mark.parametrize("name", NAMES)
def test_going_on_puts_the_weights_back(name: str, tiny_model: Any, tmp_path: Path) -> None:
    model = adapted(tiny_model("llama"), name, "bfloat16")
    train(model, "bfloat16", steps=2)
    save_weights(model, tmp_path)
    again = adapted(tiny_model("llama"), name, "bfloat16")
    load_weights(again, tmp_path)
    assert all(torch.equal(weight, trained(again)[key]) for key, weight in trained(model).items())


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_peft_s_own_and_every_other_key_is_refused(name: str) -> None:
    method = METHODS[name]
    fields = library_fields(method)
    assert method.settings.model_fields.keys() <= fields.keys()
    assert method.refused.keys() <= fields.keys()
    assert set(method.aliases.values()) <= fields.keys()
    others = fields.keys() - method.settings.model_fields.keys()
    assert "fan_in_fan_out" in others or name == "LN_TUNING"
    with pytest.raises(ConfigError) as caught:
        settings_of(name, **{key: ["something"] for key in others})
    assert {problem.field for problem in caught.value.problems} == others


@pytest.mark.parametrize("name", NAMES)
def test_wrong_names_are_told_with_the_right_ones(name: str, tiny_model: Any) -> None:
    text = str(refusal(tiny_model("llama"), name, target_modules=["q_prj"], modules_to_save=["hed"]))
    assert "`q_prj`" in text
    assert "`hed`" in text
    shared = refusal(tiny_model("qwen2"), name, modules_to_save=["lm_head"]).problems[0]
    assert shared.code == "tied_module"
    assert "ensure_weight_tying: true" not in shared.fix


@pytest.mark.parametrize("name", ["IA3", "VERA", "BOFT"])
def test_an_embedding_is_no_linear_layer(name: str, tiny_model: Any) -> None:
    assert refusal(tiny_model("llama"), name, target_modules=["embed_tokens"]).problems[0].code == "unsupported_module"


@pytest.mark.parametrize(("architecture", "expected"), IA3_LAYERS.items())
def test_ia3_scales_keys_values_and_the_end_of_the_feed_forward(
    architecture: str, expected: set[str], tiny_model: Any
) -> None:
    folder = tiny_model(architecture)
    assert {name.rpartition(".")[2] for name in checked(folder, "IA3")} == expected
    last = {"down_proj", "fc2", "dense_4h_to_h"}
    for key, weight in trained(adapted(folder, "IA3")).items():
        layer = key.partition(".ia3_l")[0]
        scales_inputs = layer.rpartition(".")[2] in last or layer.endswith("mlp.c_proj")
        assert (weight.shape[0] == 1) is scales_inputs, key


def test_ia3_takes_the_feed_forward_that_is_named(tiny_model: Any) -> None:
    folder = tiny_model("llama")
    named = adapted(folder, "IA3", target_modules=["k_proj", "gate_proj"], feedforward_modules=["gate_proj"])
    assert {tuple(weight.shape) for weight in trained(named).values()} == {(32, 1), (1, 64)}
    nothing = adapted(folder, "IA3", feedforward_modules=[])
    assert all(weight.shape[1] == 1 for weight in trained(nothing).values())
    assert len(checked(folder, "IA3", target_modules="all-linear")) == 14
    with pytest.raises(ConfigError, match="feedforward_modules"):
        settings_of("IA3", target_modules=["k_proj"], feedforward_modules=["down_proj"])
    assert "`nothing`" in str(refusal(folder, "IA3", target_modules="all-linear", feedforward_modules=["nothing"]))


@pytest.mark.parametrize(("architecture", "expected"), NORMALISATIONS.items())
def test_ln_tuning_finds_every_normalisation_layer(architecture: str, expected: set[str], tiny_model: Any) -> None:
    assert {name.rpartition(".")[2] for name in checked(tiny_model(architecture), "LN_TUNING")} == expected


def test_ln_tuning_takes_nothing_else(tiny_model: Any) -> None:
    problem = refusal(tiny_model("llama"), "LN_TUNING", target_modules=["q_proj"]).problems[0]
    assert problem.code == "unsupported_module"
    assert "input_layernorm" in problem.fix
    assert checked(tiny_model("llama"), "LN_TUNING", target_modules=["norm"]) == ("model.norm",)
    assert "model.norm" not in checked(tiny_model("llama"), "LN_TUNING", exclude_modules=["norm"])


@pytest.mark.parametrize("saves", [True, False])
def test_vera_loads_exactly_with_and_without_its_matrices(saves: bool, tiny_model: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = tiny_model("gpt2")
    model = adapted(folder, "VERA", target_modules="all-linear", r=16, projection_prng_key=7, save_projection=saves)
    assert model.base_model.vera_A["default"].shape == (16, 256)
    assert model.base_model.vera_B["default"].shape == (256, 16)
    train(model)
    save_weights(model, tmp_path)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    assert ("base_model.vera_A" in saved) is saves
    torch.testing.assert_close(logits_of(with_peft_alone(folder, tmp_path)), logits_of(model), atol=0, rtol=0)
    again = adapted(folder, "VERA", target_modules="all-linear", r=16, projection_prng_key=7, save_projection=saves)
    load_weights(again, tmp_path)
    torch.testing.assert_close(logits_of(again), logits_of(model), atol=0, rtol=0)


def test_vera_draws_its_matrices_from_its_key(tiny_model: Any) -> None:
    drawn = [
        adapted(tiny_model("llama"), "VERA", r=4, projection_prng_key=key).base_model.vera_A["default"]
        for key in (0, 0, 1)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_vera_says_that_plain_transformers_cannot_read_it(tiny_model: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = adapted(tiny_model("llama"), "VERA", r=4)
    told = METHODS["VERA"].told
    assert told is not None
    assert "AutoModelForCausalLM cannot" in told(model, settings_of("VERA"))[0]
    save_weights(model, tmp_path)
    with pytest.raises(ValueError, match="VERA"):
        AutoModelForCausalLM.from_pretrained(tmp_path)


def test_vera_does_not_begin_where_no_gradient_passes() -> None:
    with pytest.raises(ConfigError, match="d_initial"):
        settings_of("VERA", d_initial=0)


@pytest.mark.parametrize(
    ("name", "keys", "field", "numbers"),
    [
        ("OFT", {"oft_block_size": 48}, "oft_block_size", ["48", "`q_proj` (64)", "2, 4, 8, 16, 32, 64"]),
        ("OFT", {"r": 64, "oft_block_size": 0}, "r", ["64", "1, 2, 4, 8, 16, 32"]),
        ("OFT", {"oft_block_size": 128, "target_modules": "all-linear"}, "oft_block_size", ["128", "`q_proj` (64)"]),
        ("BOFT", {"boft_block_size": 7}, "boft_block_size", ["7", "`q_proj` (64)", "2, 4, 8, 16, 32, 64"]),
        ("BOFT", {"boft_block_num": 3, "boft_block_size": 0}, "boft_block_num", ["3", "1, 2, 4, 8, 16, 32"]),
    ],
)
def test_blocks_that_do_not_fill_a_layer(
    name: str, keys: dict[str, Any], field: str, numbers: list[str], tiny_model: Any
) -> None:
    problem = refusal(tiny_model("llama"), name, **keys).problems[0]
    assert (problem.code, problem.field) == ("blocks_do_not_fit", field)
    assert all(number in str(problem) for number in numbers)


@pytest.mark.parametrize(
    ("name", "keys", "says"),
    [
        ("OFT", {"r": 8}, "`oft_block_size: 0` beside it"),
        ("OFT", {"oft_block_size": 0}, "`r` above 0"),
        ("OFT", {"oft_block_size": 1}, "at least 2"),
        ("OFT", {"module_dropout": 0.1}, "never uses it"),
        ("OFT", {"num_cayley_neumann_terms": 1}, "num_cayley_neumann_terms"),
        ("BOFT", {"boft_block_num": 8}, "`boft_block_size: 0` beside it"),
        ("BOFT", {"boft_n_butterfly_factor": 2}, "CUDA"),
        ("BOFT", {"init_weights": False}, "init_weights"),
        ("VERA", {"init_weights": False}, "init_weights"),
        ("IA3", {"init_ia3_weights": False}, "init_ia3_weights"),
        ("VERA", {"layers_to_transform": 1, "target_modules": "all-linear"}, "layers_to_transform"),
        ("VERA", {"exclude_modules": ["q_proj"]}, "exclude_modules"),
        ("IA3", {"target_modules": []}, "at least one"),
        ("LN_TUNING", {"target_modules": "("}, "regular expression"),
    ],
)
def test_values_that_peft_would_ignore_or_break_with(name: str, keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(name, **keys)
    assert says in str(caught.value)


def test_blocks_by_size_or_by_number_are_the_same(tiny_model: Any) -> None:
    folder = tiny_model("llama")
    by_number = trainable_parameters(adapted(folder, "OFT", r=8, oft_block_size=0))[0]
    assert by_number == trainable_parameters(adapted(folder, "OFT", oft_block_size=8))[0] == 4 * 8 * (8 * 7 // 2)
    assert trainable_parameters(adapted(folder, "OFT", oft_block_size=8, block_share=True))[0] == 4 * (8 * 7 // 2)
    boft = trainable_parameters(adapted(folder, "BOFT", boft_block_num=16, boft_block_size=0))[0]
    assert boft == trainable_parameters(adapted(folder, "BOFT"))[0]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("OFT", {"use_cayley_neumann": False, "bias": "oft_only"}),
        ("OFT", {"coft": True, "eps": 1.0, "target_modules": "all-linear", "exclude_modules": ["o_proj"]}),
        ("BOFT", {"boft_dropout": 0.3, "bias": "all"}),
        ("VERA", {"vera_dropout": 0.1, "bias": "vera_only"}),
        ("VERA", {"target_modules": ["q_proj", "down_proj"], "layers_to_transform": 1}),
        ("IA3", {"target_modules": r".*\.(k_proj|up_proj|down_proj)", "exclude_modules": r".*\.0\..*"}),
    ],
)
def test_the_other_keys_train_save_load_and_merge(
    name: str, keys: dict[str, Any], tiny_model: Any, tmp_path: Path
) -> None:
    folder = tiny_model("qwen2")
    model = adapted(folder, name, **keys).train()
    start = loss_of(model.eval()).item()
    train(model.train())
    assert loss_of(model.eval()).item() < start
    after = logits_of(model)
    save_weights(model, tmp_path)
    torch.testing.assert_close(logits_of(with_peft_alone(folder, tmp_path)), after, atol=1e-6, rtol=0)
    torch.testing.assert_close(logits_of(model.merge_and_unload(safe_merge=True)), after, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "bias"), [("VERA", "vera_only"), ("OFT", "oft_only"), ("BOFT", "all")])
def test_biases_are_not_trained_beside_bfloat16(name: str, bias: str, tiny_model: Any) -> None:
    with pytest.raises(ModelError, match="bias"):
        adapted(tiny_model("qwen2"), name, "bfloat16", bias=bias)


def test_boft_compiles_nothing(tiny_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from peft.tuners.boft import layer

    def compiled(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("a compiler was started")

    # In place of the module itself: importing that imports setuptools, which replaces distutils for all later tests.
    compiler = ModuleType("torch.utils.cpp_extension")
    monkeypatch.setattr(compiler, "load", compiled, raising=False)
    monkeypatch.setitem(sys.modules, compiler.__name__, compiler)
    monkeypatch.setattr(layer, "_FBD_CUDA", None)
    save_weights(adapted(tiny_model("llama"), "BOFT"), tmp_path)
    assert layer.get_fbd_cuda() is False
    monkeypatch.setattr(layer, "_FBD_CUDA", None)
    with_adapter(loaded(tiny_model("llama")), tmp_path)
    assert layer.get_fbd_cuda() is False
