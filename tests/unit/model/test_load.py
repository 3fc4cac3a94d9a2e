"""Configuration, tokenizer and weights are loaded whole and quietly, or refused in one sentence."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.errors import ModelError
from llm_finetune.model.load import (
    end_token_ids,
    load_config,
    load_model,
    load_tokenizer,
    position_limit,
    position_limit_of,
)
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


@pytest.fixture
def copied(tiny_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


def change_json(path: Path, **changes: Any) -> None:
    kept = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in kept.items() if value is not ...}))


def refusal(load: Any, *given: Any) -> str:
    with pytest.raises(ModelError) as caught:
        load(*given)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value.problems[0].code


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_weights_in_the_format_asked(tiny_model_folder: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    model = load_model(base_of(tiny_model_folder), name)
    assert {parameter.dtype for parameter in model.parameters()} == {getattr(torch, name)}
    assert model.config._attn_implementation == "sdpa"
    assert model.name_or_path == str(tiny_model_folder)
    assert capfd.readouterr() == ("", "")


def test_exact_attention_where_sdpa_is_not(tiny_model: Any) -> None:
    assert load_model(base_of(tiny_model("gemma2")), "float32").config._attn_implementation == "eager"


def test_nothing_is_asked_of_the_network(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    base = base_of(tiny_model_folder)
    assert end_token_ids(load_tokenizer(base), base.path)
    assert load_model(base, "float32").num_parameters() > 0


def test_damaged_weights(copied: Path) -> None:
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert refusal(load_model, base_of(copied), "float32") == "cannot_load"


def test_weights_of_another_size(copied: Path) -> None:
    change_json(copied / "config.json", hidden_size=32, head_dim=...)
    assert refusal(load_model, base_of(copied), "float32") == "cannot_load"


def test_missing_weights_are_not_made_up(copied: Path) -> None:
    change_json(copied / "config.json", num_hidden_layers=3, layer_types=...)
    assert refusal(load_model, base_of(copied), "float32") == "missing_weights"


def test_unknown_architecture(copied: Path) -> None:
    change_json(copied / "config.json", model_type="of-tomorrow")
    assert refusal(load_config, base_of(copied)) == "cannot_load_config"
    assert refusal(load_model, base_of(copied), "float32") == "cannot_load_config"


def test_missing_tokenizer(copied: Path) -> None:
    for path in copied.glob("tokenizer*"):
        path.unlink()
    assert refusal(load_tokenizer, base_of(copied)) == "cannot_load_tokenizer"


def test_template_of_the_user_wins(tiny_model_folder: Path) -> None:
    assert load_tokenizer(base_of(tiny_model_folder), "{{ messages }}").chat_template == "{{ messages }}"


def test_padding_token_is_made_sure_of(copied: Path) -> None:
    change_json(copied / "tokenizer_config.json", pad_token=...)
    assert load_tokenizer(base_of(copied)).pad_token == "<|im_end|>"
    change_json(copied / "tokenizer_config.json", eos_token=...)
    assert refusal(load_tokenizer, base_of(copied)) == "no_end_token"


@pytest.mark.parametrize("named", ["Qwen2Tokenizer", "TokenizersBackend"])
def test_tokens_are_those_of_the_file(
    tiny_model: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, named: str
) -> None:
    """Qwen2's class brings its own pre-tokenizer; the file's, which every other tool reads, is kept.

    It is told where the folder names that class, and nothing is to be told where it names none.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    folder = Path(shutil.copytree(tiny_model("qwen2"), tmp_path / "qwen2"))
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=310, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(["it's\n\n  x 12345"] * 9, trainer)
    made.save(str(folder / "tokenizer.json"))
    change_json(folder / "tokenizer_config.json", tokenizer_class=named)
    text = "it's\n\n  x 12345"
    tokenizer = load_tokenizer(base_of(folder))
    assert tokenizer.encode(text, add_special_tokens=False) == made.encode(text).ids
    assert ("tokenizer.json is used" in caplog.text) == (named == "Qwen2Tokenizer")


def test_a_tokenizer_of_no_class_is_what_the_library_makes_of_it(tiny_model_folder: Path) -> None:
    from transformers import AutoTokenizer

    ours, theirs = load_tokenizer(base_of(tiny_model_folder)), AutoTokenizer.from_pretrained(tiny_model_folder)
    assert type(ours) is type(theirs)
    assert ours.backend_tokenizer.to_str() == theirs.backend_tokenizer.to_str()
    assert ours.special_tokens_map == theirs.special_tokens_map
    assert ours.chat_template == theirs.chat_template


def test_the_limit_in_the_file_is_that_of_the_configuration(tiny_model: Any) -> None:
    for architecture in ("llama", "gpt2", "falcon", "gemma2"):
        base = base_of(tiny_model(architecture))
        assert position_limit_of(base) == position_limit(load_config(base))


def test_every_end_token_is_known(tiny_model_folder: Path) -> None:
    from transformers import GenerationConfig

    tokenizer = load_tokenizer(base_of(tiny_model_folder))
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert end_token_ids(tokenizer) == {end}
    assert end_token_ids(tokenizer, tiny_model_folder) >= {end}
    assert end_token_ids(tokenizer, GenerationConfig(eos_token_id=[7, 9])) == {7, 9, end}
    assert end_token_ids(tokenizer, tiny_model_folder / "nothing") == {end}


def test_end_of_turn_comes_from_the_template(tiny_model_folder: Path) -> None:
    tokenizer = load_tokenizer(base_of(tiny_model_folder))
    turn = tokenizer.convert_tokens_to_ids("<|im_end|>")
    tokenizer.eos_token = "<|endoftext|>"
    assert end_token_ids(tokenizer) == {turn, tokenizer.eos_token_id}
    tokenizer.chat_template = "{{ raise_exception('no such conversation') }}"
    assert end_token_ids(tokenizer) == {tokenizer.eos_token_id}
    tokenizer.chat_template = None
    assert end_token_ids(tokenizer) == {tokenizer.eos_token_id}


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "falcon", "gemma2"])
def test_position_limit(tiny_model: Any, architecture: str) -> None:
    config = load_config(base_of(tiny_model(architecture)))
    assert position_limit(config) == config.max_position_embeddings


def test_quiet_puts_everything_back() -> None:
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled
    from transformers.utils import logging

    def state() -> tuple[object, ...]:
        return logging.get_verbosity(), logging.is_progress_bar_enabled(), are_progress_bars_disabled()

    before = state()
    with quiet_libraries():
        assert not logging.is_progress_bar_enabled()
        assert are_progress_bars_disabled()
    assert state() == before
