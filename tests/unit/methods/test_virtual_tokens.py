"""What the three methods with virtual tokens must all keep: loss, formats, saving, room."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from llm_finetune.config.read import Document
from llm_finetune.engine.batch import NOT_TRAINED, collate
from llm_finetune.engine.loss import computing_in, mean_token_loss, summed_loss
from llm_finetune.errors import ConfigError, FinetuneError, ModelError
from llm_finetune.methods import read_method
from llm_finetune.methods.virtual_tokens import encoder_of, virtual_tokens_in
from llm_finetune.methods.weights import with_adapter
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

KINDS: dict[str, dict[str, Any]] = {
    "prompt": {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 5},
    "mlp": {"peft_type": "P_TUNING", "num_virtual_tokens": 5, "encoder_hidden_size": 24},
    "lstm": {"peft_type": "P_TUNING", "encoder_reparameterization_type": "LSTM", "encoder_dropout": 0.4},
    "prefix": {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 5},
    "projected": {"peft_type": "PREFIX_TUNING", "prefix_projection": True, "encoder_hidden_size": 24},
}
ARCHITECTURES = ["llama", "gpt2", "falcon", "mistral", "qwen2", "gemma2"]


@dataclass(frozen=True)
class Row:
    input_ids: list[int]
    labels: list[int]


ROWS = [Row([*range(5, 5 + length)], [*[NOT_TRAINED] * 3, *range(8, 5 + length)]) for length in (6, 19, 11)]
TRAINED = sum(len(row.labels) - 3 for row in ROWS)


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


def made(folder: Path, kind: str, dtype: str = "float32", **more: Any) -> tuple[Any, Any, Any]:
    """A method, its settings, and a model under it whose virtual tokens change something."""
    method, settings = read_method(Document("adapter.json", {**KINDS[kind], **more}))
    torch.manual_seed(3)
    model = method.apply(load_model(base_of(folder), dtype), settings, 1).eval()
    with torch.no_grad():
        for parameter in encoder_of(model).parameters():
            parameter.mul_(2)
    return method, settings, model


def by_hand(model: Any, row: Row) -> torch.Tensor:
    """Summed loss of a row alone, the virtual tokens put in front step by step and no help of PEFT."""
    from transformers import DynamicCache

    base, config, encoder = model.get_base_model(), model.active_peft_config, encoder_of(model)
    number = config.num_virtual_tokens
    ids, given = torch.tensor([row.input_ids]), encoder(torch.arange(number)[None])
    if config.peft_type != "PREFIX_TUNING":
        embedded = torch.cat([given, base.get_input_embeddings()(ids)], dim=1)
        logits = base(inputs_embeds=embedded, use_cache=False).logits[0, number:]
    else:
        heads, cache = config.num_attention_heads, DynamicCache(config=base.config)
        parts = given.view(number, config.num_layers * 2, heads, -1).permute(1, 2, 0, 3)[:, None]
        for layer in range(config.num_layers):
            cache.update(parts[2 * layer], parts[2 * layer + 1], layer)
        logits = base(input_ids=ids, cache=cache).logits[0]
    labels = torch.tensor(row.labels)[1:]
    return functional.cross_entropy(logits[:-1], labels, ignore_index=NOT_TRAINED, reduction="sum")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("kind", ["prompt", "mlp", "prefix"])
def test_the_loss_is_that_of_each_row_behind_its_virtual_tokens(tiny_model: Any, kind: str, architecture: str) -> None:
    _, _, model = made(tiny_model(architecture), kind)
    total, tokens = summed_loss(model, collate(ROWS, 2))
    assert tokens.item() == TRAINED
    expected = sum(by_hand(model, row) for row in ROWS)
    torch.testing.assert_close(total, expected, rtol=1e-5, atol=0)
    plain, _ = summed_loss(model.get_base_model(), collate(ROWS, 2))
    assert abs(plain.item() - total.item()) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_only_float32_virtual_tokens_are_trained_over_a_bfloat16_base(tiny_model_folder: Path, kind: str) -> None:
    _, _, model = made(tiny_model_folder, kind, "bfloat16")
    model.train()
    with computing_in("bfloat16", "cpu"):
        total, tokens = summed_loss(model, collate(ROWS, 2))
        given = encoder_of(model)(torch.arange(3)[None])
    (total / tokens).backward()
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert all(name.startswith("prompt_encoder.") for name in trained)
    assert all(weight.dtype == torch.float32 and weight.grad.abs().sum() > 0 for weight in trained.values())
    assert {weight.dtype for weight in model.get_base_model().parameters()} == {torch.bfloat16}
    assert given.dtype == torch.float32


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_steps_lower_the_loss_and_what_is_saved_has_learned_it(
    tiny_model_folder: Path, tmp_path: Path, kind: str
) -> None:
    method, settings, model = made(tiny_model_folder, kind, "bfloat16")
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=0.03)
    before = mean_token_loss(model, ROWS, batch_size=2, pad_id=2, precision="bfloat16")
    model.train()
    for _ in range(8):
        with computing_in("bfloat16", "cpu"):
            total, tokens = summed_loss(model, collate(ROWS, 2))
        (total / tokens).backward()
        optimizer.step()
        optimizer.zero_grad()
    after = mean_token_loss(model, ROWS, batch_size=2, pad_id=2, precision="bfloat16")
    assert after < before - 0.02
    save = method.in_training(model, settings, 8).save_weights
    assert save is not None
    save(tmp_path)
    assert model.training
    again = with_adapter(load_model(base_of(tiny_model_folder), "bfloat16"), tmp_path)
    assert mean_token_loss(again, ROWS, batch_size=2, pad_id=2, precision="bfloat16") == pytest.approx(after, rel=1e-6)


CHILD = """
import json, sys
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
for cell in json.load(open(sys.argv[1])):
    base = AutoModelForCausalLM.from_pretrained(cell["base"], dtype=torch.float32)
    model = PeftModel.from_pretrained(base, cell["adapter"]).eval()
    with torch.no_grad():
        torch.save(model(input_ids=torch.arange(4, 16)[None]).logits, cell["logits"])
"""


def test_plain_peft_loads_them_in_another_process(tiny_model: Any, tmp_path: Path) -> None:
    cells, expected = [], []
    for architecture in ("llama", "falcon", "gemma2"):
        for kind in KINDS:
            folder = tmp_path / f"{architecture}-{kind}"
            method, settings, model = made(tiny_model(architecture), kind)
            save = method.in_training(model, settings, 1).save_weights
            assert save is not None
            save(folder)
            with torch.no_grad():
                expected.append(model(input_ids=torch.arange(4, 16)[None]).logits)
            base, logits = str(tiny_model(architecture)), str(tmp_path / f"{folder.name}.pt")
            cells.append({"base": base, "adapter": str(folder), "logits": logits})
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    subprocess.run([sys.executable, "-c", CHILD, str(tmp_path / "cells.json")], check=True, timeout=240)
    assert len(cells) == 15
    for cell, logits in zip(cells, expected, strict=True):
        torch.testing.assert_close(torch.load(cell["logits"]), logits, rtol=0, atol=1e-6, msg=cell["adapter"])


@pytest.mark.parametrize("kind", KINDS)
def test_going_on_has_the_encoder_itself(tiny_model_folder: Path, tmp_path: Path, kind: str) -> None:
    method, settings, model = made(tiny_model_folder, kind)
    training = method.in_training(model, settings, 1)
    assert training.save_state is not None
    training.save_state(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["method.prompt_encoder.safetensors"]
    torch.manual_seed(8)
    fresh = method.apply(load_model(base_of(tiny_model_folder), "float32"), settings, 1)
    other = method.in_training(fresh, settings, 1)
    assert other.load_state is not None
    other.load_state(tmp_path)
    state, expected = encoder_of(fresh).state_dict(), encoder_of(model).state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in state)
    (tmp_path / "method.prompt_encoder.safetensors").unlink()
    with pytest.raises(FinetuneError, match="do not fit"):
        other.load_state(tmp_path)


@pytest.mark.parametrize("kind", ["prompt", "mlp", "prefix"])
def test_the_base_is_there_with_the_virtual_tokens_off(tiny_model_folder: Path, kind: str) -> None:
    _, _, model = made(tiny_model_folder, kind)
    plain = load_model(base_of(tiny_model_folder), "float32").eval()
    expected = mean_token_loss(plain, ROWS, batch_size=3, pad_id=2, precision="float32")
    with model.disable_adapter():
        assert mean_token_loss(model, ROWS, batch_size=3, pad_id=2, precision="float32") == expected
    assert mean_token_loss(model, ROWS, batch_size=3, pad_id=2, precision="float32") != expected


@pytest.mark.parametrize("kind", ["prompt", "mlp", "prefix"])
def test_virtual_tokens_without_room_for_a_text_are_refused(tiny_model: Any, kind: str) -> None:
    config = load_config(base_of(tiny_model("gpt2")))
    method, fits = read_method(Document("adapter.json", {**KINDS[kind], "num_virtual_tokens": 511}))
    assert method.check is not None
    assert method.check(config, fits)
    assert method.room(fits) == 511
    with pytest.raises(ModelError) as caught:
        method.check(config, fits.model_copy(update={"num_virtual_tokens": 512}))
    assert "512 positions" in str(caught.value)
    assert caught.value.problems[0].field == "num_virtual_tokens"


@pytest.mark.parametrize(
    ("key", "value"),
    [("token_dim", 64), ("num_attention_heads", 2), ("num_layers", 2), ("modules_to_save", ["lm_head"])],
)
def test_what_follows_from_the_model_is_not_set_by_hand(key: str, value: Any) -> None:
    for kind in ("prompt", "mlp", "prefix"):
        with pytest.raises(ConfigError) as caught:
            read_method(Document("adapter.json", {**KINDS[kind], key: value}, {(key,): 3}))
        assert [(problem.field, problem.line) for problem in caught.value.problems] == [(key, 3)]


def test_a_folder_tells_how_many_positions_its_adapter_takes(tiny_model_folder: Path, tmp_path: Path) -> None:
    assert virtual_tokens_in(tmp_path) == 0
    method, settings, model = made(tiny_model_folder, "prompt")
    save = method.in_training(model, settings, 1).save_weights
    assert save is not None
    save(tmp_path)
    assert virtual_tokens_in(tmp_path) == 5
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    assert virtual_tokens_in(tmp_path) == 0
