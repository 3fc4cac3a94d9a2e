"""Added tokens get ids, and rows where there are none; the rows start at a mean, the same each time."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from llm_finetune.errors import ConfigError
from llm_finetune.model.added_tokens import as_added, require_addable
from llm_finetune.model.load import load_config, load_model, load_tokenizer, new_rows
from llm_finetune.model.resolve import Base, resolve_base
from llm_finetune.model.settings import ModelSettings

KNOWN = 300
"""Tokens of the tiny tokenizer; the tiny models have 320 rows."""
ADDED = as_added(["<note>", "</note>"])
MANY = as_added([f"<{number}>" for number in range(22)])


def base_of(folder: Path, tokens: Any = ADDED) -> Base:
    return Base("tiny", str(folder), None, "folder", None, tokens)


def ends_of(model: Any) -> tuple[torch.Tensor, torch.Tensor]:
    return model.get_input_embeddings().weight, model.get_output_embeddings().weight


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gpt2", "falcon"])
def test_tokens_get_rows_at_the_mean(tiny_model: Any, architecture: str) -> None:
    folder = tiny_model(architecture)
    plain, grown = load_model(base_of(folder, ()), "float32"), load_model(base_of(folder, MANY), "float32")
    rows = new_rows(base_of(folder, MANY))
    assert rows is not None
    assert list(rows.ids.values()) == list(range(KNOWN, 322))
    assert load_config(base_of(folder, MANY)).vocab_size == grown.config.vocab_size == 322
    for before, after in zip(ends_of(plain), ends_of(grown), strict=True):
        torch.testing.assert_close(after[:KNOWN], before[:KNOWN], atol=0, rtol=0)
        torch.testing.assert_close(after[KNOWN:], before[:KNOWN].mean(0).expand(22, -1))
    assert (ends_of(grown)[0] is ends_of(grown)[1]) is (ends_of(plain)[0] is ends_of(plain)[1])


def test_rows_to_spare_are_used(tiny_model_folder: Path) -> None:
    """Field case A04, second model: more rows than tokens; nothing is shrunk, with tokens added or without."""
    untouched = load_model(base_of(tiny_model_folder, ()), "float32").get_input_embeddings().weight
    model = load_model(base_of(tiny_model_folder), "float32")
    weight = model.get_input_embeddings().weight
    assert len(untouched) == len(weight) == model.config.vocab_size == 320
    assert load_config(base_of(tiny_model_folder)).vocab_size == 320
    torch.testing.assert_close(weight[KNOWN : KNOWN + 2], untouched[:KNOWN].mean(0).expand(2, -1))
    torch.testing.assert_close(weight[KNOWN + 2 :], untouched[KNOWN + 2 :], atol=0, rtol=0)


def test_a_description_is_a_start(tiny_model_folder: Path) -> None:
    base = base_of(tiny_model_folder, as_added({"<note>": "hello morning", "</note>": ""}))
    weight = load_model(base, "float32").get_input_embeddings().weight
    described = load_tokenizer(replace(base, added_tokens=())).encode("hello morning", add_special_tokens=False)
    torch.testing.assert_close(weight[KNOWN], weight[described].mean(0))
    torch.testing.assert_close(weight[KNOWN + 1], weight[:KNOWN].mean(0))


def test_tokens_are_plain_ones(tiny_model_folder: Path) -> None:
    """They are found inside words, read back as they are, and not left out of answers."""
    tokenizer = load_tokenizer(base_of(tiny_model_folder))
    ids = tokenizer.encode("a<note>b c</note>", add_special_tokens=False)
    assert ids.count(KNOWN) == ids.count(KNOWN + 1) == 1
    assert tokenizer.decode(ids, skip_special_tokens=True) == "a<note>b c</note>"
    assert not {"<note>", "</note>"} & set(tokenizer.all_special_tokens)


def test_a_folder_that_has_them_is_left_alone(tiny_model_folder: Path, tmp_path: Path) -> None:
    base = base_of(tiny_model_folder)
    model = load_model(base, "float32")
    with torch.no_grad():
        model.get_input_embeddings().weight[KNOWN] = 3.0
    model.save_pretrained(tmp_path)
    load_tokenizer(base).save_pretrained(tmp_path)
    again = replace(base, path=str(tmp_path))
    assert new_rows(again) is None
    torch.testing.assert_close(ends_of(load_model(again, "float32"))[0], ends_of(model)[0], atol=0, rtol=0)


@pytest.mark.parametrize("tokens", [["<|im_end|>"], ["Ġ"], ["é"]])
def test_tokens_that_cannot_be_added(tiny_model_folder: Path, tokens: list[str]) -> None:
    base = base_of(tiny_model_folder, ())
    with pytest.raises(ConfigError) as caught:
        require_addable(load_tokenizer(base), as_added([*tokens, "<note>"]))
    assert len(caught.value.problems) == 1
    assert tokens[0] in caught.value.problems[0].message
    require_addable(load_tokenizer(base), as_added(["<note>", "【筆記】"]))


@pytest.mark.parametrize("tokens", [[" <note>"], [""], ["a", "a"], {"<note>": 3}])
def test_spellings_that_are_refused(tokens: Any) -> None:
    with pytest.raises(ValidationError):
        ModelSettings(added_tokens=tokens)


def test_they_come_from_the_settings(tiny_model_folder: Path, tmp_path: Path) -> None:
    settings = ModelSettings(name=str(tiny_model_folder), added_tokens=["<note>", "</note>"])
    assert resolve_base(settings, tmp_path).added_tokens == ADDED
