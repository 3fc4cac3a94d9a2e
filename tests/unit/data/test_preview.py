"""What is previewed is what is trained: the same tokens, the same labels, every character once."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_finetune.data.check import RowChecker
from llm_finetune.data.encode import NOT_TRAINED, encode_conversations
from llm_finetune.data.preview import PreviewRow, preview_conversation, preview_refused, preview_rows
from llm_finetune.data.rows import Conversation, Row
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import Problem

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FORGETFUL = (
    # Keeps the thoughts of the last answer only, as reasoning models' templates do.
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{{ m['content'] if loop.last else m['content'].split('</think>')[-1] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(["user assistant system hello good morning value item"] * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|im_end|>", unk_token="<|endoftext|>"
    )
    fast.chat_template = CHATML
    return fast


@pytest.fixture(scope="module")
def text_model() -> TextModel:
    return TextModel(tokenizer(), CHATML, frozenset({2}), 512)


def conversation(*contents: str, system: str | None = None, line: int = 7, **more: Any) -> Conversation:
    roles = ("user", "assistant") * len(contents)
    messages = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=False)]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    return Conversation(tuple(messages), "rows.jsonl", line, **more)


def assert_shows_what_is_trained(rows: Sequence[PreviewRow], text_model: TextModel) -> None:
    """Pieces give the text, tokens give the ids, and trained pieces give the labels, each in order and once."""
    for row in rows:
        assert "".join(piece.text for piece in row.pieces) == row.text
        assert [token for piece in row.pieces for segment in piece.segments for token in segment.ids] == list(
            row.input_ids
        )
        shown = [token for segment in row.segments if segment.trained for token in segment.ids]
        assert shown == [label for label in row.labels if label != NOT_TRAINED]
        fates = [label != NOT_TRAINED for label in row.labels]
        assert [segment.trained for segment in row.segments for _ in segment.ids] == fates


CONTENT = st.text(min_size=1, max_size=30).filter(str.strip)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(CONTENT, min_size=2, max_size=6).filter(lambda contents: len(contents) % 2 == 0),
    system=st.none() | CONTENT,
    overlong=st.sampled_from(["stop", "drop", "truncate_left_turns", "truncate"]),
    train_on=st.sampled_from(["assistant", "last_assistant", "all"]),
    max_length=st.integers(8, 150),
    forgetful=st.booleans(),
)
def test_whatever_is_trained_is_shown(
    text_model: TextModel,
    *,
    contents: list[str],
    system: str | None,
    overlong: Any,
    train_on: Any,
    max_length: int,
    forgetful: bool,
) -> None:
    model = replace(text_model, chat_template=FORGETFUL) if forgetful else text_model
    if forgetful:
        contents = [f"<think>{text}</think>{text}" if index % 2 else text for index, text in enumerate(contents)]
    row = conversation(*contents, system=system)
    options = DataSettings(overlong=overlong, train_on=train_on, max_length=max_length)
    encoded = encode_conversations([row], model, options)
    shown = preview_conversation(row, model, options)
    usable = [(list(entry.input_ids), list(entry.labels)) for entry in shown if entry.is_usable]
    assert usable == [(list(example.input_ids), list(example.labels)) for example in encoded.examples]
    assert_shows_what_is_trained(shown, model)
    assert shown
    assert bool(encoded.errors or encoded.notes) == bool(shown[0].problems)


def test_turns_are_counted_with_their_end_token(text_model: TextModel) -> None:
    (row,) = preview_conversation(
        conversation("hello", "good", "hello", "morning", system="x"), text_model, DataSettings()
    )
    assert [turn.role for turn in row.turns] == ["system", "user", "assistant", "user", "assistant"]
    ids = [len(text_model.encode(text).ids) for text in ("x", "hello", "good", "hello", "morning")]
    assert [turn.tokens for turn in row.turns] == ids
    assert [turn.trained for turn in row.turns] == [0, 0, ids[2] + 1, 0, ids[4] + 1]
    assert row.template_tokens == len(row.input_ids) - sum(ids)
    assert row.trained_tokens == sum(turn.trained for turn in row.turns)


def test_a_cut_row_shows_both_parts(text_model: TextModel) -> None:
    whole = conversation("hello", "value " * 30)
    (full,) = preview_conversation(whole, text_model, DataSettings())
    (row,) = preview_conversation(whole, text_model, DataSettings(max_length=30, overlong="truncate"))
    assert len(row.input_ids) == 30
    assert row.text + "".join(segment.text for segment in row.cut) == full.text
    assert row.cut_tokens == len(full.input_ids) - 30
    assert (row.is_usable, row.cut_at_start, row.limit) == (True, False, 30)
    assert [problem.code for problem in row.problems] == ["truncated"]


def test_turns_that_are_left_out_are_shown_as_cut(text_model: TextModel) -> None:
    whole = conversation("item " * 20, "value " * 20, "hello", "good", system="Be brief.")
    settings = DataSettings(max_length=60, overlong="truncate_left_turns")
    (row,) = preview_conversation(whole, text_model, settings)
    assert row.is_usable
    assert row.cut_at_start
    assert "Be brief." in row.text
    assert "item" not in row.text
    cut = "".join(segment.text for segment in row.cut)
    assert "item item" in cut
    assert "value value" in cut
    assert row.trained == ["good<|im_end|>"]


def test_a_refused_row_is_shown_with_its_reason(text_model: TextModel) -> None:
    whole = conversation("hello", "value " * 30)
    (row,) = preview_conversation(whole, text_model, DataSettings(max_length=30))
    assert not row.is_usable
    assert [problem.code for problem in row.problems] == ["overlong"]
    assert len(row.input_ids) == 30
    assert row.cut
    rows, problems = preview_rows([whole, conversation("hello", "good")], text_model, DataSettings(max_length=30))
    assert [entry.is_usable for entry in rows] == [False, True]
    assert [problem.code for problem in problems] == ["overlong"]


def test_a_row_that_the_template_refuses_is_shown_as_it_was_read(text_model: TextModel) -> None:
    picky = "{{ raise_exception('no ‘hello’ here') }}"
    (row,) = preview_conversation(
        conversation("hello", "good"), replace(text_model, chat_template=picky), DataSettings()
    )
    assert not row.is_usable
    assert "hello" in row.record
    assert row.segments == ()
    assert row.problems[0].code == "template_refuses"


def test_one_example_an_answer_is_shown_as_such(text_model: TextModel) -> None:
    thinking = replace(text_model, chat_template=FORGETFUL)
    whole = conversation("hello", "<think>a</think>good", "hello", "<think>b</think>morning")
    rows = preview_conversation(whole, thinking, DataSettings())
    assert [row.part for row in rows] == [(1, 2), (2, 2)]
    assert [row.trained for row in rows] == [["<think>a</think>good<|im_end|>"], ["<think>b</think>morning<|im_end|>"]]
    assert_shows_what_is_trained(rows, thinking)


def test_the_worse_answer_of_a_pair_is_shown_and_not_trained(text_model: TextModel) -> None:
    pair = conversation("hello", "good", rejected=({"role": "assistant", "content": "morning"},))
    (row,) = preview_conversation(pair, text_model, DataSettings())
    assert row.trained == ["good<|im_end|>"]
    assert "".join(segment.text for segment in row.rejected) == "morning<|im_end|>\n"
    assert not any(segment.trained for segment in row.rejected)
    assert "morning" not in row.text


def test_plain_text_is_shown_as_it_is(text_model: TextModel) -> None:
    text = Conversation(({"role": "assistant", "content": "hello good morning"},), "rows.jsonl", 1, plain=True)
    (row,) = preview_conversation(text, text_model, DataSettings())
    assert row.is_plain
    assert row.text.startswith("hello good morning")
    assert "<|im_start|>" not in row.text
    assert_shows_what_is_trained([row], text_model)


def test_what_looks_like_a_control_token_is_no_special_piece(text_model: TextModel) -> None:
    (row,) = preview_conversation(conversation("say <|im_end|> now", "good"), text_model, DataSettings())
    special = [piece.text for piece in row.pieces if piece.special]
    assert special == ["<|im_start|>", "<|im_end|>"] * 2
    assert_shows_what_is_trained([row], text_model)


def test_a_row_that_became_no_conversation() -> None:
    problem = Problem("null_field", "the value is null.", "", "rows.jsonl", 3, "output")
    row = preview_refused(Row({"instruction": "x", "output": None}, "rows.jsonl", 3), [problem])
    assert (row.place, row.is_usable, row.text) == ("rows.jsonl:3", False, "")
    assert json.loads(row.record) == {"instruction": "x", "output": None}
    assert preview_refused(None, [problem]).record == ""


def test_as_dict_is_plain_json(text_model: TextModel) -> None:
    (row,) = preview_conversation(conversation("hello 😊", "good"), text_model, DataSettings())
    written = json.loads(json.dumps(row.as_dict()))
    assert written["trained"] == ["good<|im_end|>"]
    assert len(written["input_ids"]) == len(written["labels"]) == len(row.input_ids)
    assert written["turns"][1]["role"] == "assistant"
    assert written["usable"] is True


def test_notes_of_the_row_itself_are_kept(text_model: TextModel) -> None:
    note = Problem("duplicate_key", "twice.", "", "rows.jsonl", 7)
    (row,) = preview_conversation(conversation("hello", "good"), text_model, DataSettings(), [note])
    assert row.problems == (note,)
    assert row.is_usable


def test_rows_of_a_file_are_checked_one_at_a_time(tmp_path: Any) -> None:
    from llm_finetune.data.rows import Source

    path = tmp_path / "rows.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\n' * 3 + "not json\n", encoding="utf-8")
    found = RowChecker(DataSettings()).rows([Source(path, "rows.jsonl")])
    first, converted = next(iter(found))
    assert first is not None
    assert first.line == 1
    assert converted.conversation is not None


def test_what_is_learned_before_an_answer_is_counted_with_the_answer(text_model: TextModel) -> None:
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}value {% endif %}"
        "{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    leading = replace(text_model, chat_template=template)
    tool = {"role": "tool", "content": "item"}
    whole = conversation("hello", "good", "hello", "morning")
    whole = replace(whole, messages=(*whole.messages[:2], tool, *whole.messages[3:]))
    (row,) = preview_conversation(whole, leading, DataSettings())
    assert row.trained == ["value good<|im_end|>", "value morning<|im_end|>"]
    assert [(turn.role, turn.trained > 0) for turn in row.turns] == [
        ("user", False),
        ("assistant", True),
        ("tool", False),
        ("assistant", True),
    ]
    assert sum(turn.trained for turn in row.turns) == row.trained_tokens


def test_blanks_an_answer_begins_with_are_shown_as_trained(text_model: TextModel) -> None:
    for train_on in ("assistant", "last_assistant", "all"):
        settings = DataSettings(train_on=train_on)
        rows = preview_conversation(conversation("hello", "\n\n good", "hello", "  morning"), text_model, settings)
        assert_shows_what_is_trained(rows, text_model)
        assert rows[0].turns
        assert rows[0].trained[-1].endswith("  morning<|im_end|>" + ("\n" if train_on == "all" else ""))
