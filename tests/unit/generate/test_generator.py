"""Batched answers: padding, order, stops, modes, seeds."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import DataError, UsageError
from llm_finetune.generate.answer import Answer, Sampling
from llm_finetune.generate.decode import inference, left_padded, seeded, tuned_or_base
from llm_finetune.generate.generator import Generator

Repeats = Callable[[Any, list[int]], None]


def asked(*texts: str) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": text}] for text in texts]


PROMPTS = asked("hi", "good morning to you all, dear people", "a", "what is " * 12, "你好嗎")


def test_batches_of_any_size_give_the_same_answers_in_the_order_asked(model: Any, text_model: TextModel) -> None:
    alone = Generator(model, text_model, 1).answers(PROMPTS, max_new_tokens=12)
    for batch_size in (2, 4, 8):
        assert Generator(model, text_model, batch_size).answers(PROMPTS, max_new_tokens=12) == alone
    assert len({answer.text for answer in alone}) > 1


@pytest.mark.parametrize("architecture", ["gpt2", "falcon", "mistral", "qwen2", "qwen3", "gemma2"])
def test_padding_changes_no_answer_on_any_architecture(
    tiny_model: Callable[[str], Path], text_model: TextModel, architecture: str
) -> None:
    from transformers import AutoModelForCausalLM

    other = AutoModelForCausalLM.from_pretrained(tiny_model(architecture), dtype=torch.float32)
    alone = Generator(other, text_model, 1).answers(PROMPTS, max_new_tokens=10)
    assert Generator(other, text_model, 5).answers(PROMPTS, max_new_tokens=10) == alone


def test_the_answers_are_those_of_a_plain_greedy_loop(model: Any, text_model: TextModel) -> None:
    answers = Generator(model, text_model, 4).answers(PROMPTS, max_new_tokens=8)
    for messages, answer in zip(PROMPTS, answers, strict=True):
        ids = text_model.prompt_ids(messages)
        new: list[int] = []
        while len(new) < 8 and not set(new) & text_model.end_ids:
            with torch.no_grad():
                logits = model(torch.tensor([ids + new])).logits
            new.append(int(logits[0, -1].argmax()))
        assert answer.text == text_model.decode([token for token in new if token not in text_model.end_ids])


def test_the_tokenizers_padding_side_is_never_touched(model: Any, text_model: TextModel) -> None:
    before = text_model.tokenizer.padding_side
    Generator(model, text_model, 4).answers(PROMPTS, max_new_tokens=2)
    assert text_model.tokenizer.padding_side == before


def test_an_answer_stops_at_any_end_token_and_shows_none(model: Any, text_model: TextModel, repeats: Repeats) -> None:
    first, second = text_model.encode("h").ids[0], text_model.encode("i").ids[0]
    other_end = text_model.tokenizer.convert_tokens_to_ids("<|endoftext|>")
    repeats(model, [first, second, other_end])
    model.generation_config.eos_token_id = sorted(text_model.end_ids)
    union = replace(text_model, end_ids=text_model.end_ids | {other_end})
    assert Generator(model, union).answers(asked("x"), max_new_tokens=9) == [Answer("hi", 3, "end")]
    assert Generator(model, text_model).answers(asked("x"), max_new_tokens=5) == [Answer("hihi", 5, "length")]


def test_it_tells_progress(model: Any, text_model: TextModel) -> None:
    seen: list[tuple[int, int]] = []
    Generator(model, text_model, 2).answers(
        PROMPTS, max_new_tokens=1, observer=lambda done, total: seen.append((done, total))
    )
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_no_prompts_no_answers(model: Any, text_model: TextModel) -> None:
    assert Generator(model, text_model).answers([], max_new_tokens=4) == []


def test_every_prompt_without_room_is_named_with_its_numbers(model: Any, text_model: TextModel) -> None:
    short = replace(text_model, limit=40)
    with pytest.raises(DataError) as caught:
        Generator(model, short).answers(asked("word " * 60, "hi", "more " * 70), max_new_tokens=4)
    first, second = caught.value.problems
    assert "prompt 1" in first.message
    assert "prompt 3" in second.message
    assert str(len(text_model.prompt_ids(asked("word " * 60)[0]))) in first.message
    assert "40" in first.message


def test_the_room_that_a_prompt_leaves_is_used_and_no_more(model: Any, text_model: TextModel) -> None:
    prompts = asked("word " * 10, "hi")
    longest = len(text_model.prompt_ids(prompts[0]))
    never_ends = replace(text_model, end_ids=frozenset({10_000}), limit=longest + 3)
    long, short = Generator(model, never_ends, 4).answers(prompts, max_new_tokens=9)
    assert (long.token_count, long.stopped_by) == (3, "length")
    assert (short.token_count, short.stopped_by) == (9, "length")


def test_a_template_that_refuses_is_told(model: Any, text_model: TextModel) -> None:
    strict = replace(text_model, chat_template="{{ raise_exception('no system turn') }}")
    with pytest.raises(DataError, match="no system turn"):
        Generator(model, strict).answers(asked("hi"), max_new_tokens=2)


def test_the_same_seed_draws_the_same_and_leaves_the_global_stream_alone(model: Any, text_model: TextModel) -> None:
    generator = Generator(model, text_model, 2)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    drawn = generator.answers(PROMPTS, max_new_tokens=8, temperature=2.0, seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert generator.answers(PROMPTS, max_new_tokens=8, temperature=2.0, seed=1) == drawn
    assert generator.answers(PROMPTS, max_new_tokens=8, temperature=2.0, seed=2) != drawn
    assert generator.answers(PROMPTS, max_new_tokens=8) != drawn


def test_greedy_answers_take_no_random_numbers(model: Any, text_model: TextModel) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Generator(model, text_model).answers(PROMPTS, max_new_tokens=3)
    assert torch.equal(torch.rand(3), expected)


def test_a_tiny_top_p_is_greedy(model: Any, text_model: TextModel) -> None:
    generator = Generator(model, text_model)
    drawn = generator.answers(PROMPTS, max_new_tokens=6, temperature=1.0, top_p=1e-6, seed=3)
    assert drawn == generator.answers(PROMPTS, max_new_tokens=6)


def test_values_out_of_bounds_are_refused_together(model: Any, text_model: TextModel) -> None:
    with pytest.raises(UsageError) as caught:
        Generator(model, text_model).answers(PROMPTS, max_new_tokens=1, temperature=-1, top_p=2, seed=-3)
    assert [problem.field for problem in caught.value.problems] == ["--temperature", "--top-p", "--seed"]


def test_nothing_warns_and_the_models_own_defaults_do_not_count(
    model: Any, text_model: TextModel, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = Generator(model, text_model, 2).answers(PROMPTS, max_new_tokens=6)
    model.generation_config.temperature = 0.6
    model.generation_config.top_k = 3
    model.generation_config.repetition_penalty = 1.9
    mine = model.generation_config
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Generator(model, text_model, 2).answers(PROMPTS, max_new_tokens=6) == plain
        Generator(model, text_model, 2).answers(PROMPTS, max_new_tokens=2, temperature=0.7, top_p=0.9, seed=1)
    assert model.generation_config is mine
    assert not caplog.records
    output = capsys.readouterr()
    assert output.err + output.out == ""


def test_modes_and_cache_setting_are_put_back(adapted: Any, text_model: TextModel) -> None:
    adapted.train()
    adapted.config.use_cache = False
    part = adapted.get_base_model().model.layers[0].mlp
    part.eval()
    before = [module.training for module in adapted.modules()]
    Generator(adapted, text_model).answers(PROMPTS, max_new_tokens=2)
    assert [module.training for module in adapted.modules()] == before
    assert adapted.config.use_cache is False
    with inference(adapted, "float32"):
        assert not any(module.training for module in adapted.modules())
    assert [module.training for module in adapted.modules()] == before


def test_modes_and_defaults_are_put_back_when_generation_fails(adapted: Any, text_model: TextModel) -> None:
    adapted.train()
    mine = adapted.get_base_model().generation_config
    generator = Generator(adapted, text_model)

    def fail(_ids: list[int]) -> None:
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        generator.stream(generator.prompts(PROMPTS, 4)[0], Sampling(), fail)
    assert adapted.training
    assert adapted.get_base_model().generation_config is mine


def test_training_goes_on_after_a_sample(adapted: Any, text_model: TextModel) -> None:
    Generator(adapted, text_model, precision="bfloat16").answers(PROMPTS, max_new_tokens=2)
    Generator(adapted, text_model, tuned=False).answers(PROMPTS, max_new_tokens=2)
    ids = torch.tensor([text_model.prompt_ids(PROMPTS[0])])
    adapted.train()
    adapted(input_ids=ids, labels=ids).loss.backward()
    trained = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    assert trained
    assert all(parameter.grad is not None for parameter in trained)


def test_the_base_answers_with_the_adapter_switched_off(
    model: Any, text_model: TextModel, tiny_model_folder: Any
) -> None:
    from peft import LoraConfig, get_peft_model

    base = Generator(model, text_model).answers(PROMPTS, max_new_tokens=8)
    settings = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear", init_lora_weights=False)
    torch.manual_seed(1)
    adapted = get_peft_model(model, settings)
    tuned = Generator(adapted, text_model).answers(PROMPTS, max_new_tokens=8)
    assert tuned != base
    assert Generator(adapted, text_model, tuned=False).answers(PROMPTS, max_new_tokens=8) == base
    assert Generator(adapted, text_model).answers(PROMPTS, max_new_tokens=8) == tuned


def test_without_an_adapter_the_model_is_its_own_base(model: Any) -> None:
    with tuned_or_base(model, tuned=False):
        assert model(torch.tensor([[1]])).logits.isfinite().all()


def test_bfloat16_base_with_float32_adapter_runs_as_in_training(adapted: Any, text_model: TextModel) -> None:
    adapted.get_base_model().to(torch.bfloat16)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()
    answers = Generator(adapted, text_model, 4, precision="bfloat16").answers(PROMPTS, max_new_tokens=4)
    assert len(answers) == len(PROMPTS)


def test_padding_is_in_front_and_masked() -> None:
    ids, mask = left_padded([[5, 6, 7], [8]], pad_id=0)
    assert ids.tolist() == [[5, 6, 7], [0, 0, 8]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_without_a_seed_the_global_stream_is_used() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    with seeded(None, torch.device("cpu")):
        assert torch.equal(torch.rand(1), expected)
