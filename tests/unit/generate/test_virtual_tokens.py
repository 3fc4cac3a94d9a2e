"""Generation behind virtual tokens: with the cache as without it, in batches as alone."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.data.text_model import TextModel
from llm_finetune.generate.answer import Sampling
from llm_finetune.generate.decode import padding_shows
from llm_finetune.generate.generator import Generator
from llm_finetune.methods import read_method
from llm_finetune.methods.virtual_tokens import encoder_of
from llm_finetune.methods.weights import save_weights, with_adapter
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base

TinyModel = Callable[[str], Path]
METHODS = ["PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING"]
ARCHITECTURES = ["llama", "gpt2", "falcon", "mistral", "qwen2", "gemma2", "opt"]
PROMPTS = [[{"role": "user", "content": text}] for text in ("hi", "good morning to you all", "what is " * 7, "a")]
NEW_TOKENS = 6


def tuned(folder: Path, name: str) -> Any:
    method, settings = read_method(Document("adapter.json", {"peft_type": name, "num_virtual_tokens": 7}))
    torch.manual_seed(4)
    model = method.apply(load_model(Base("tiny", str(folder), None, "folder", None), "float32"), settings, 1)
    with torch.no_grad():
        for parameter in encoder_of(model).parameters():
            parameter.mul_(4)
    # A head of its own: tied to the embeddings, a random model says its last token again whatever stands in front.
    head = model.get_base_model().get_output_embeddings()
    head.weight = torch.nn.Parameter(torch.randn_like(head.weight), requires_grad=False)
    return model.eval()


def one_by_one(model: Any, ids: list[int], end_ids: frozenset[int]) -> list[int]:
    """Greedy, every token by a whole forward pass without a cache."""
    new: list[int] = []
    while len(new) < NEW_TOKENS and not set(new) & end_ids:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids + new]), use_cache=False).logits
        new.append(int(logits[0, -1].argmax()))
    return new


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", METHODS)
def test_the_cache_and_the_batch_change_no_token(
    tiny_model: TinyModel, text_model: TextModel, name: str, architecture: str
) -> None:
    model = tuned(tiny_model(architecture), name)
    answers = Generator(model, text_model, 4).answers(PROMPTS, max_new_tokens=NEW_TOKENS)
    assert Generator(model, text_model, 1).answers(PROMPTS, max_new_tokens=NEW_TOKENS) == answers
    for messages, answer in zip(PROMPTS, answers, strict=True):
        expected = one_by_one(model, text_model.prompt_ids(messages), text_model.end_ids)
        assert answer.token_count == len(expected)
        assert answer.text == text_model.decode([token for token in expected if token not in text_model.end_ids])
    base = Generator(model, text_model, 4, tuned=False).answers(PROMPTS, max_new_tokens=NEW_TOKENS)
    assert base == Generator(model.get_base_model(), text_model, 4).answers(PROMPTS, max_new_tokens=NEW_TOKENS)
    assert base != answers
    assert len({answer.text for answer in answers}) > 1


@pytest.mark.parametrize("name", METHODS)
def test_tokens_come_as_they_are_made(tiny_model: TinyModel, text_model: TextModel, name: str) -> None:
    generator = Generator(tuned(tiny_model("llama"), name), text_model)
    prompt = generator.prompts(PROMPTS, NEW_TOKENS)[1]
    seen: list[list[int]] = []
    generator.stream(prompt, Sampling(), seen.append)
    assert [token for piece in seen for token in piece] == one_by_one(generator.model, prompt.ids, text_model.end_ids)
    assert all(len(piece) == 1 for piece in seen)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_said_about_the_cache(
    tiny_model: TinyModel, text_model: TextModel, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.utils import generic

    told: list[Any] = []
    monkeypatch.setattr(generic.logger, "warning_once", told.append)
    model = tuned(tiny_model("llama"), name)
    save_weights(model, tmp_path)
    again = with_adapter(load_model(Base("tiny", str(tiny_model("llama")), None, "folder", None), "float32"), tmp_path)
    for each in (model, again):
        Generator(each, text_model).answers(PROMPTS, max_new_tokens=2)
        each(input_ids=torch.tensor([[5, 6]]))
    assert told == []
    assert logging.getLogger("transformers").level != logging.ERROR


def test_padding_is_avoided_where_a_window_would_count_it(tiny_model: TinyModel) -> None:
    sliding = tuned(tiny_model("gemma2"), "PREFIX_TUNING")
    assert sliding.config.sliding_window == 32
    assert padding_shows(sliding, 26)
    assert not padding_shows(sliding, 25)
    assert not padding_shows(tuned(tiny_model("llama"), "PREFIX_TUNING"), 500)
    assert not padding_shows(tuned(tiny_model("gemma2"), "PROMPT_TUNING"), 500)
    assert not padding_shows(sliding.get_base_model(), 500)


def test_only_prompts_of_one_length_share_a_batch_there(
    tiny_model: TinyModel, text_model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_finetune.generate import decode

    shapes: list[tuple[int, int]] = []
    whole = decode.decode

    def noting(model: Any, ids: torch.Tensor, *more: Any, **named: Any) -> torch.Tensor:
        shapes.append((ids.shape[0], ids.shape[1]))
        return whole(model, ids, *more, **named)

    monkeypatch.setattr(decode, "decode", noting)
    prompts = [PROMPTS[0], PROMPTS[3], PROMPTS[0], PROMPTS[2]]
    Generator(tuned(tiny_model("gemma2"), "PREFIX_TUNING"), text_model, 2).answers(prompts, max_new_tokens=1)
    lengths = [len(text_model.prompt_ids(prompt)) for prompt in prompts]
    assert sorted(shapes) == sorted([(2, lengths[0]), (1, lengths[1]), (1, lengths[3])]) or lengths[0] == lengths[1]
    shapes.clear()
    Generator(tuned(tiny_model("llama"), "PREFIX_TUNING"), text_model, 4).answers(prompts, max_new_tokens=1)
    assert shapes == [(4, max(lengths))]
