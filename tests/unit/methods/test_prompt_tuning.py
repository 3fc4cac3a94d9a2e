"""Where prompt tuning begins, and what its file may say."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.errors import ConfigError, ModelError
from llm_finetune.methods import METHODS, read_method
from llm_finetune.methods.prompt_tuning import PromptTuningSettings, apply, told
from llm_finetune.methods.virtual_tokens import encoder_of
from llm_finetune.methods.weights import save_weights, with_adapter
from llm_finetune.model.load import load_model, load_tokenizer
from llm_finetune.model.resolve import Base

TEXT = "good morning, hello value"


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


def begun(folder: Path, dtype: str = "float32", **settings: Any) -> tuple[Any, PromptTuningSettings]:
    chosen = PromptTuningSettings(**settings)
    torch.manual_seed(0)
    return apply(load_model(base_of(folder), dtype), chosen, 1), chosen


def refused(**values: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_method(Document("adapter.json", {"peft_type": "PROMPT_TUNING", **values}))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("count", "said"), [(3, "first 3 of the"), (40, "repeated"), (None, None)])
def test_a_text_is_where_the_virtual_tokens_begin(tiny_model_folder: Path, count: int | None, said: str | None) -> None:
    base = base_of(tiny_model_folder)
    ids = load_tokenizer(base)(TEXT, add_special_tokens=False)["input_ids"]
    count = count or len(ids)
    model, settings = begun(
        tiny_model_folder,
        "bfloat16",
        prompt_tuning_init="TEXT",
        prompt_tuning_init_text=TEXT,
        num_virtual_tokens=count,
    )
    embeddings = model.get_base_model().get_input_embeddings().weight
    weight = encoder_of(model).embedding.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, embeddings[(ids * 40)[:count]].float())
    lines = told(model, settings)
    assert len(lines) == (said is not None)
    assert all(said in line for line in lines if said)


def test_a_token_that_begins_every_text_is_not_repeated(
    tmp_path: Path, tiny_model_folder: Path, make_spelled_tokenizer: Any
) -> None:
    load_model(base_of(tiny_model_folder), "float32").save_pretrained(tmp_path)
    tokenizer = make_spelled_tokenizer(["<s>"], eos="</s>", bos="<s>")
    tokenizer.save_pretrained(tmp_path)
    model, _ = begun(tmp_path, prompt_tuning_init="TEXT", prompt_tuning_init_text="the", num_virtual_tokens=6)
    ids = tokenizer("the", add_special_tokens=False)["input_ids"]
    assert tokenizer("the")["input_ids"][0] == tokenizer.bos_token_id != ids[0]
    expected = model.get_base_model().get_input_embeddings().weight[(ids * 6)[:6]]
    assert torch.equal(encoder_of(model).embedding.weight, expected)


def test_the_saved_file_names_no_place_and_needs_no_tokenizer(tiny_model_folder: Path, tmp_path: Path) -> None:
    model, _ = begun(tiny_model_folder, prompt_tuning_init="TEXT", prompt_tuning_init_text=TEXT)
    save_weights(model, tmp_path)
    saved = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (saved["prompt_tuning_init"], saved["prompt_tuning_init_text"]) == ("TEXT", TEXT)
    assert saved["tokenizer_name_or_path"] == tiny_model_folder.name
    assert saved["num_virtual_tokens"] == 20
    again = with_adapter(load_model(base_of(tiny_model_folder), "float32"), tmp_path)
    assert torch.equal(encoder_of(again).embedding.weight, encoder_of(model).embedding.weight)


def test_a_text_without_tokens_is_refused(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_finetune.model import load

    monkeypatch.setattr(load, "load_tokenizer", lambda _base: lambda _text, **_more: {"input_ids": []})
    with pytest.raises(ModelError) as caught:
        begun(tiny_model_folder, prompt_tuning_init="TEXT", prompt_tuning_init_text="\u200b")
    assert caught.value.problems[0].field == "prompt_tuning_init_text"


def test_sampled_tokens_are_tokens_and_the_seed_decides(tiny_model_folder: Path) -> None:
    model, _ = begun(tiny_model_folder, prompt_tuning_init="SAMPLE_VOCAB")
    rows = model.get_base_model().get_input_embeddings().weight
    weight = encoder_of(model).embedding.weight
    assert (weight[:, None] == rows).all(dim=2).any(dim=1).all()
    again, _ = begun(tiny_model_folder, prompt_tuning_init="SAMPLE_VOCAB")
    assert torch.equal(encoder_of(again).embedding.weight, weight)
    noise, _ = begun(tiny_model_folder, prompt_tuning_init="RANDOM")
    assert torch.cdist(encoder_of(noise).embedding.weight, rows).min() > 1


def test_text_and_start_go_together() -> None:
    (problem,) = refused(prompt_tuning_init="TEXT")
    assert "prompt_tuning_init_text" in problem
    (problem,) = refused(prompt_tuning_init="TEXT", prompt_tuning_init_text="  ")
    assert "prompt_tuning_init_text" in problem
    (problem,) = refused(prompt_tuning_init_text="Answer briefly.")
    assert "`prompt_tuning_init: TEXT`" in problem


def test_the_tokenizer_is_the_bases_own() -> None:
    (problem,) = refused(tokenizer_name_or_path="gpt2")
    assert "own tokenizer" in problem


def test_keys_of_other_tools_are_translated() -> None:
    assert "`num_virtual_tokens`" in refused(prompt_length=8)[0]
    assert "`prompt_tuning_init_text`" in refused(init_text="x")[0]


@pytest.mark.parametrize("count", [0, -1, 5000, 2.0, "20", True])
def test_the_number_of_virtual_tokens_is_a_small_whole_number(count: Any) -> None:
    assert "num_virtual_tokens" in refused(num_virtual_tokens=count)[0]


def test_it_is_known_not_to_merge() -> None:
    for name in ("PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING"):
        assert not METHODS[name].mergeable
        assert METHODS[name].checkpointing is (name != "PREFIX_TUNING")
