"""Field cases T01, T03, T05: what is trained, and that everybody reads the same prompt."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import check_sources
from llm_finetune.data.encode import NOT_TRAINED, encode_conversations
from llm_finetune.data.preview import preview_rows
from llm_finetune.data.rows import Conversation, Source
from llm_finetune.data.settings import DataSettings

Input = Callable[[str], Path]


def conversations(path: Path, **settings: Any) -> tuple[Conversation, ...]:
    return check_sources([Source(path, path.name)], DataSettings(**settings)).conversations


def test_t01_the_end_of_turn_is_trained_and_padding_is_not(field_input: Input, real_text_model: Any) -> None:
    from llm_finetune.engine.batch import collate

    rows = conversations(field_input("T01.jsonl"))
    examples = encode_conversations(rows, real_text_model, DataSettings()).examples
    batch = collate(examples, real_text_model.tokenizer.pad_token_id)
    end = real_text_model.tokenizer.eos_token_id
    assert real_text_model.tokenizer.pad_token_id == end
    for row, example in enumerate(examples):
        labels = batch["labels"][row]
        assert labels[labels != NOT_TRAINED][-1] == end
        assert (labels[example.length :] == NOT_TRAINED).all()


def test_t03_exactly_the_answers_are_trained(field_input: Input, real_text_model: Any) -> None:
    rows, problems = preview_rows(conversations(field_input("T03.jsonl")), real_text_model, DataSettings())
    assert problems == []
    assert rows[0].trained == ["ANSWER ONE<|im_end|>", "ANSWER TWO<|im_end|>"]


def test_t03_with_a_template_that_glues_turns(field_input: Input, real_text_model: Any) -> None:
    strict = replace(real_text_model, chat_template=field_input("D09-strict.jinja").read_text(encoding="utf-8"))
    (row,) = conversations(field_input("T03.jsonl"))
    without_system = replace(row, messages=row.messages[1:])
    rows, problems = preview_rows([without_system], strict, DataSettings())
    assert problems == []
    assert rows[0].trained == [" ANSWER ONE<|im_end|>", " ANSWER TWO<|im_end|>"]


def test_t03_a_template_that_refuses_a_row_names_it(field_input: Input, real_text_model: Any) -> None:
    strict = replace(real_text_model, chat_template=field_input("D09-strict.jinja").read_text(encoding="utf-8"))
    encoded = encode_conversations(conversations(field_input("T03.jsonl")), strict, DataSettings())
    assert [problem.code for problem in encoded.errors] == ["template_refuses_system"]
    assert "role system is not supported here" in str(encoded.errors[0])


def test_t03_a_run_that_would_train_nothing_is_refused(make_project: Any, cli: Any) -> None:
    template = "{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}{% endfor %}"
    project = make_project(model__chat_template="empty.jinja")
    (project / "empty.jinja").write_text(template, encoding="utf-8")
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "data/train.jsonl:1:" in outcome.err
    assert not (project / "checkpoints").exists()


@pytest.mark.parametrize("system", [None, "Be brief."])
def test_t05_training_and_asking_read_the_same_prompt(
    field_input: Input, real_text_model: Any, system: str | None
) -> None:
    asking = replace(real_text_model, system=system)
    for row in conversations(field_input("T01.jsonl"), system=system):
        (example,) = encode_conversations([row], asking, DataSettings()).examples
        prompt = [token for token, label in zip(example.input_ids, example.labels, strict=True) if label == NOT_TRAINED]
        prompt_length = next(i for i, label in enumerate(example.labels) if label != NOT_TRAINED)
        only_user = [turn for turn in row.prompt if turn["role"] != "system"]
        assert asking.prompt_ids(row.prompt) == list(example.input_ids[:prompt_length]) == prompt[:prompt_length]
        assert asking.prompt_ids(only_user) == list(example.input_ids[:prompt_length])


def test_t05_the_default_system_text_is_visible(field_input: Input, real_text_model: Any) -> None:
    rows, _ = preview_rows(conversations(field_input("T01.jsonl")), real_text_model, DataSettings())
    assert "You are a helpful AI assistant named SmolLM" in rows[0].text


@pytest.mark.parametrize(
    ("train_on", "trained"),
    [
        ("assistant", ["ANSWER ONE<|im_end|>", "ANSWER TWO<|im_end|>"]),
        ("last_assistant", ["ANSWER TWO<|im_end|>"]),
    ],
)
def test_train_on(field_input: Input, real_text_model: Any, train_on: str, trained: list[str]) -> None:
    settings = DataSettings(train_on=train_on)
    rows, _ = preview_rows(conversations(field_input("T03.jsonl")), real_text_model, settings)
    assert rows[0].trained == trained


def test_train_on_all_trains_every_character(field_input: Input, real_text_model: Any) -> None:
    rows, _ = preview_rows(conversations(field_input("T03.jsonl")), real_text_model, DataSettings(train_on="all"))
    assert "".join(rows[0].trained) == rows[0].text


def test_what_is_cut_in_training_is_cut_in_preview(field_input: Input, real_text_model: Any) -> None:
    settings = DataSettings(max_length=35, overlong="truncate")
    rows = conversations(field_input("T01.jsonl"))
    encoded = encode_conversations(rows, real_text_model, settings)
    assert encoded.errors == ()
    shown, _ = preview_rows(rows, real_text_model, settings)
    for row, example in zip(shown, encoded.examples, strict=True):
        assert list(row.input_ids) == list(example.input_ids)
        assert list(row.labels) == list(example.labels)
        assert "".join(piece.text for piece in row.pieces) == row.text
        assert real_text_model.encode(row.text).ids == list(example.input_ids)
    assert any(example.truncated for example in encoded.examples)
