"""PiSSA, OLoRA and EVA change nothing at first, are delivered as plain LoRAs, and go on exactly."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from llm_finetune.errors import ModelError
from llm_finetune.methods.in_training import InTraining
from llm_finetune.methods.lora import METHOD, LoraSettings, apply
from llm_finetune.methods.weights import save_weights, with_adapter
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 69).reshape(8, 8)
LABELS = torch.where(torch.arange(8) < 3, -100, TOKENS)
BATCH = {"input_ids": TOKENS, "attention_mask": torch.ones_like(TOKENS), "labels": LABELS, "logits_to_keep": 6}


def loaded(folder: Path, dtype: str = "float32") -> Any:
    return load_model(Base("tiny", str(folder), None, "folder", None), dtype)


def started(folder: Path, **settings: Any) -> tuple[Any, InTraining]:
    chosen = LoraSettings(**{"lora_dropout": 0.0, "r": 4, "lora_alpha": 8, **settings})
    model = apply(loaded(folder), chosen, 3)
    return model, METHOD.in_training(model, chosen, 3)


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.as_tensor(model.eval()(TOKENS).logits)


def train(model: Any, steps: int = 3) -> None:
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
    model.eval()
    for _ in range(steps):
        optimizer.zero_grad()
        model(TOKENS, labels=TOKENS).loss.backward()
        optimizer.step()


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("llama", {"init_lora_weights": "pissa"}),
        ("llama", {"init_lora_weights": "olora", "use_rslora": True, "rank_pattern": {"q_proj": 2}}),
        ("llama", {"init_lora_weights": "pissa", "use_dora": True, "alpha_pattern": {"v_proj": 3}}),
        ("llama", {"init_lora_weights": "pissa", "target_modules": ["q_proj", "embed_tokens"]}),
        ("gpt2", {"init_lora_weights": "pissa_niter_4"}),
        ("gpt2", {"init_lora_weights": "olora", "r": 80}),
        ("qwen2", {"init_lora_weights": "pissa", "trainable_token_indices": [7]}),
    ],
)
def test_starts_in_the_weights(tiny_model: Any, tmp_path: Path, architecture: str, settings: dict[str, Any]) -> None:
    folder = tiny_model(architecture)
    untouched = logits_of(loaded(folder))
    model, hooks = started(folder, **settings)
    assert hooks.initialise
    assert hooks.save_weights
    assert hooks.save_state
    assert hooks.load_state
    assert hooks.report
    hooks.initialise(())
    torch.testing.assert_close(logits_of(model), untouched, atol=1e-5, rtol=1e-5)
    with model.disable_adapter():
        assert not torch.allclose(logits_of(model), untouched, atol=1e-3)
    train(model)
    trained = logits_of(model)
    assert not torch.allclose(trained, untouched, atol=1e-2)

    hooks.save_weights(tmp_path)
    written = json.loads((tmp_path / "adapter_config.json").read_text())
    assert written["init_lora_weights"] is True
    assert written["r"] == 2 * settings.get("r", 4)
    plain = with_adapter(loaded(folder), tmp_path)
    torch.testing.assert_close(logits_of(plain), trained, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits_of(plain.merge_and_unload()), trained, atol=1e-5, rtol=1e-5)
    assert str(2 * settings.get("r", 4)) in hooks.report()["lines"][0]

    hooks.save_state(tmp_path)
    again, resumed = started(folder, **settings)
    assert resumed.load_state
    resumed.load_state(tmp_path)
    torch.testing.assert_close(logits_of(again), trained, atol=0, rtol=0)
    train(model, 2)
    train(again, 2)
    torch.testing.assert_close(logits_of(again), logits_of(model), atol=0, rtol=0)


def test_pissa_takes_the_largest_directions(tiny_model_folder: Path) -> None:
    model, hooks = started(tiny_model_folder, init_lora_weights="pissa", target_modules=["down_proj"])
    before = torch.linalg.svdvals(loaded(tiny_model_folder).model.layers[0].mlp.down_proj.weight)
    assert hooks.initialise
    hooks.initialise(())
    layer = model.base_model.model.model.layers[0].mlp.down_proj
    taken = layer.scaling["default"] * layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    torch.testing.assert_close(torch.linalg.svdvals(taken)[:4], before[:4], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(torch.linalg.svdvals(layer.base_layer.weight)[:4], before[4:8], atol=1e-5, rtol=1e-5)


def test_a_plain_tool_reads_it(tiny_model_folder: Path, tmp_path: Path) -> None:
    """`AutoModelForCausalLM` finds the base in the adapter's file and reads the adapter as a plain LoRA."""
    from transformers import AutoModelForCausalLM

    model, hooks = started(tiny_model_folder, init_lora_weights="olora")
    assert hooks.initialise
    assert hooks.save_weights
    hooks.initialise(())
    train(model)
    hooks.save_weights(tmp_path)
    read = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    torch.testing.assert_close(logits_of(read), logits_of(model), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("llama", {"eva_config": {"rho": 2.0, "tau": 0.9}}),
        ("gpt2", {"eva_config": {"rho": 1.0, "tau": 0.9, "whiten": True}}),
        ("qwen2", {"trainable_token_indices": [7], "use_rslora": True, "eva_config": {"use_label_mask": False}}),
    ],
)
def test_starts_from_inputs(tiny_model: Any, tmp_path: Path, architecture: str, settings: dict[str, Any]) -> None:
    folder = tiny_model(architecture)
    untouched = logits_of(loaded(folder))
    model, hooks = started(folder, init_lora_weights="eva", **settings)
    assert hooks.initialise
    assert hooks.save_state
    assert hooks.load_state
    assert hooks.report
    assert not hooks.save_weights
    hooks.initialise([BATCH])
    torch.testing.assert_close(logits_of(model), untouched, atol=0, rtol=0)
    report = hooks.report()
    kinds = {"llama": 14, "gpt2": 8, "qwen2": 14}
    assert sum(report["ranks"].values()) == 4 * kinds[architecture]
    is_even = settings["eva_config"].get("rho") == 1.0
    assert (set(report["ranks"].values()) == {4}) is is_even
    assert {weight.dtype for weight in model.parameters() if weight.requires_grad} == {torch.float32}

    train(model)
    trained = logits_of(model)
    save_weights(model, tmp_path)
    written = json.loads((tmp_path / "adapter_config.json").read_text())
    assert written["init_lora_weights"] is True
    assert written["eva_config"] is None
    torch.testing.assert_close(logits_of(with_adapter(loaded(folder), tmp_path)), trained, atol=1e-6, rtol=1e-6)

    hooks.save_state(tmp_path)
    again, resumed = started(folder, init_lora_weights="eva", **settings)
    assert resumed.load_state
    resumed.load_state(tmp_path)
    torch.testing.assert_close(logits_of(again), trained, atol=0, rtol=0)


def test_eva_finds_the_directions_of_the_inputs(tiny_model_folder: Path) -> None:
    """Against a singular value decomposition of all inputs at once."""
    model, hooks = started(
        tiny_model_folder, init_lora_weights="eva", target_modules=["q_proj", "k_proj"], eva_config={"rho": 1.0}
    )
    seen: list[torch.Tensor] = []
    layer = model.base_model.model.model.layers[0].self_attn.q_proj
    handle = layer.register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0][LABELS != -100]))
    with torch.no_grad():
        model.eval()(TOKENS)
    handle.remove()
    assert hooks.initialise
    hooks.initialise([BATCH])
    rows, centred = layer.lora_A["default"].weight, seen[0] - seen[0].mean(0)
    torch.testing.assert_close(rows @ rows.T, torch.eye(4), atol=1e-4, rtol=0)
    most = torch.linalg.svdvals(centred)[:4].square().sum()
    assert (centred @ rows.T).square().sum() > 0.98 * most
    assert (centred @ loaded(tiny_model_folder).model.embed_tokens.weight[:4].T).square().sum() < 0.5 * most


def test_eva_that_never_settles_ends(tiny_model_folder: Path) -> None:
    _, hooks = started(tiny_model_folder, init_lora_weights="eva", target_modules=["q_proj"], r=32)
    assert hooks.initialise
    few = {name: value[:1] if isinstance(value, torch.Tensor) else value for name, value in BATCH.items()}
    with pytest.raises(ModelError, match="settle"):
        hooks.initialise([{**few, "labels": torch.full_like(few["labels"], -100)}])


@pytest.mark.parametrize(
    "settings",
    [
        {"init_lora_weights": "pissa", "lora_dropout": 0.1},
        {"init_lora_weights": "pissa_niter_0"},
        {"init_lora_weights": "loftq"},
        {"init_lora_weights": "eva", "target_parameters": ["experts.down_proj"]},
        {"eva_config": {"rho": 2.0}},
        {"init_lora_weights": "eva", "eva_config": {"rho": 0.5}},
        {"init_lora_weights": "eva", "eva_config": {"rhoo": 1}},
        {"target_parameters": ["experts.down_proj"], "lora_dropout": 0.1},
        {"target_parameters": ["experts.down_proj"], "use_dora": True},
        {"target_modules": []},
    ],
)
def test_what_does_not_go_together(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LoraSettings(**{"lora_dropout": 0.0, **settings})


@pytest.mark.parametrize("start", ["pissa", "eva"])
def test_a_run_goes_on_exactly(make_project: Any, cli: Any, stopped_at: Any, start: str) -> None:
    from safetensors.torch import load_file

    adapter = {"init_lora_weights": start, "lora_dropout": 0.0}
    adapter |= {"eva_config": {"tau": 0.9, "use_label_mask": False}} if start == "eva" else {}
    settings = {"adapter": adapter, "data__validation": "none", "training__max_steps": 4}
    whole, parts = make_project("whole", **settings), make_project("parts", **settings)
    assert cli("train", "--project", whole).code == 0
    undo = stopped_at(2)
    assert cli("train", "--project", parts).code == 143
    undo()
    outcome = cli("train", "--project", parts)
    assert outcome.code == 0, outcome.err
    names = "checkpoints/adapter_model/adapter_model.safetensors"
    first, second = load_file(whole / names), load_file(parts / names)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert sorted(path.name for path in (whole / "checkpoints" / "adapter_model").glob("method.*")) == []
    run = json.loads((whole / "logs" / "run.json").read_text())
    assert run["method_report"]["start"] == start
    assert cli("merge", "--project", whole).code == 0
