"""Rows whose fields are texts: `alpaca`, `completion` and `text`; which keys are which format."""

from typing import Any

import pytest

from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Converted
from llm_finetune.data.read import Number
from llm_finetune.data.rows import Row


def converted(row: dict[str, Any], *repairs: str) -> Converted:
    """What a row becomes in the first format that recognises it."""
    layout = next(layout for layout in FORMATS.values() if layout.recognises(row.keys()))
    return layout.convert(Row(row, "a.jsonl", 1), frozenset(repairs))


def contents(row: dict[str, Any], *repairs: str) -> list[str]:
    result = converted(row, *repairs)
    assert result.conversation is not None, result.problems
    return [turn["content"] for turn in result.conversation.messages]


def places(row: dict[str, Any], *repairs: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in converted(row, *repairs).problems]


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("instruction input output", "alpaca"), ("instruction", "alpaca"), ("output", "alpaca"),
        ("input output", "alpaca"), ("instruction output prompt text", "alpaca"),
        ("instruction output response", "alpaca"),
        ("instruction output chosen", "alpaca"), ("instruction output label", "alpaca"), ("instruction text", "alpaca"),
        ("instruction response", "completion"), ("instruction context response category", "completion"),
        ("prompt completion", "completion"), ("prompt response", "completion"), ("prompt output", "completion"),
        ("question answer", "completion"), ("query response", "completion"), ("question sql", "completion"),
        ("answer", "completion"), ("prompt", "completion"), ("text answer", "completion"),
        ("input answer", "completion"),
        ("prompt text", "text"), ("text label", "text"), ("text chosen", "text"),
        ("messages", "messages"), ("prompt prompt_id messages", "messages"), ("messages conversations", "messages"),
        ("conversations", "sharegpt"), ("conversations tools", "sharegpt"), ("text conversations", "sharegpt"),
        ("prompt chosen rejected", "preference"), ("chosen rejected", "preference"), ("prompt chosen", "preference"),
        ("rejected", "preference"), ("prompt chosen rejected messages", "preference"),
        ("instruction output chosen rejected", "preference"), ("chosen_messages rejected_messages", "preference"),
        ("input preferred_output non_preferred_output", "preference"), ("messages label", "preference"),
        ("conversations kto_tag", "preference"), ("instruction output kto_tag", "preference"),
        ("prompt completion label", "preference"), ("prompt label", "completion"),
        ("question answer label", "completion"),
        ("Instruction Output", None), ("input", None), ("label", None), ("input target", None), ("", None),
        ("kto_tag", None),
    ],
)  # fmt: skip
def test_which_keys_are_which_format(keys: str, name: str | None) -> None:
    there = dict.fromkeys(keys.split())
    found = next((layout.name for layout in FORMATS.values() if layout.recognises(there.keys())), None)
    assert found == name


def test_alpaca_with_everything() -> None:
    row = {
        "instruction": "And in French?", "input": "Good night", "output": "Bonne nuit", "system": "Be brief.",
        "history": [["Good morning in French?", "Bonjour"], ["Good evening?", "Bonsoir"]],
    }  # fmt: skip
    texts = [
        "Be brief.",
        "Good morning in French?",
        "Bonjour",
        "Good evening?",
        "Bonsoir",
        "And in French?\n\nGood night",
    ]
    assert contents(row) == [*texts, "Bonne nuit"]


@pytest.mark.parametrize("empty", [None, "", "  ", []])
def test_what_may_be_left_out_may_be_empty(empty: object) -> None:
    row = {"instruction": "a", "output": "b"}
    for key in ("input", "system", "history", "tools"):
        if empty == [] and key in {"input", "system"}:
            assert places({**row, key: empty}) == [("not_text", key)]
        elif empty == "  " and key == "history":
            assert places({**row, key: empty}) == [("history_pairs", key)]
        else:
            assert contents({**row, key: empty}) == ["a", "b"]
    for key in ("context", "system", "input"):
        if empty != []:
            assert contents({"prompt": "a", "completion": "b", key: empty}) == ["a", "b"]


@pytest.mark.parametrize(
    ("history", "code", "field"),
    [
        (7, "history_pairs", "history"),
        ({"a": "b"}, "history_pairs", "history"),
        (["a", "b"], "history_pairs", "history[0]"),
        ([["a"]], "history_pairs", "history[0]"),
        ([["a", "b", "c"]], "history_pairs", "history[0]"),
        ([[None, "b"]], "null_field", "history[0][0]"),
        ([["a", "b"], ["c", ""]], "empty_field", "history[1][1]"),
        ([["a", 7]], "not_text", "history[0][1]"),
        ([["a", "\ud83d"]], "lone_surrogate", "history[0][1]"),
    ],
)
def test_history_that_cannot_be_read(history: Any, code: str, field: str) -> None:
    found = places({"instruction": "a", "output": "b", "history": history})
    assert found[0] == (code, field)
    assert {place for _, place in found} == {place for _, place in found if place.startswith("history")}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "a", "completion": "b"},
        {"prompt": "a", "response": "b"},
        {"prompt": "a", "answer": "b"},
        {"prompt": "a", "output": "b"},
        {"question": "a", "answer": "b"},
        {"query": "a", "response": "b"},
        {"instruction": "a", "response": "b"},
        {"instruction": "a", "answer": "b", "context": ""},
        {"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "b"}]},
        {"prompt": [{"role": "user", "content": "a"}], "completion": "b"},
        {"prompt": "a", "completion": [{"from": "gpt", "value": "b"}]},
    ],
)
def test_pairs_of_a_prompt_and_an_answer(row: dict[str, Any]) -> None:
    assert contents(row) == ["a", "b"]
    assert contents({**row, "system": "s"}) == ["s", "a", "b"]
    assert places(row) == []


def test_context_is_appended_to_the_prompt() -> None:
    assert contents({"instruction": "a", "context": "c", "response": "b"}) == ["a\n\nc", "b"]
    assert contents({"instruction": "a", "input": "c", "response": "b"}) == ["a\n\nc", "b"]
    assert places({"question": "a", "context": [1], "answer": "b"}) == [("not_text", "context")]


def test_a_second_answer_is_told() -> None:
    row = {"question": "a", "answer": "b", "response": "Let me think: b"}
    assert contents(row) == ["a", "b"]
    assert places(row) == [("unread_key", "response")]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"prompt": "a"}, "completion"),
        ({"completion": "b"}, "prompt"),
        ({"question": "a"}, "answer"),
        ({"answer": "b"}, "question"),
        ({"query": "a"}, "response"),
        ({"response": "b"}, "prompt"),
        ({"instruction": "a"}, "output"),
        ({"output": "b"}, "instruction"),
        ({"prompt": "a", "chosen": "b"}, "rejected"),
        ({"prompt": "a", "rejected": "b"}, "chosen"),
        ({"chosen": "a", "rejected": "b"}, "prompt"),
    ],
)
def test_one_side_alone_names_the_other(row: dict[str, Any], field: str) -> None:
    assert places(row) == [("missing_field", field)]


def test_a_key_that_was_probably_meant_is_named() -> None:
    assert "'Output ' meant as 'output'" in converted({"instruction": "a", "Output ": "b"}).problems[0].fix
    assert "'promt' meant as 'prompt'" in converted({"promt": "a", "completion": "b"}).problems[0].fix
    assert "meant as" not in converted({"instruction": "a", "answers": "b"}).problems[0].fix


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"instruction": "a", "output": "b"}, "output"),
        ({"instruction": "a", "output": "b"}, "instruction"),
        ({"instruction": "a", "input": "c", "output": "b"}, "input"),
        ({"prompt": "a", "completion": "b"}, "prompt"),
        ({"prompt": "a", "completion": "b"}, "completion"),
        ({"text": "a"}, "text"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "chosen"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "prompt"),
    ],
)
def test_values_that_are_not_text(row: dict[str, Any], key: str) -> None:
    for value, text in ((Number("3.10"), "3.10"), (True, "true"), ({"qty": None}, '{"qty": null}'), (["a"], '["a"]')):
        assert places({**row, key: value}) == [("not_text", key)]
        result = converted({**row, key: value}, "text_values")
        assert result.repairs == ("text_values",)
        assert text in " ".join(contents({**row, key: value}, "text_values"))


def test_plain_text() -> None:
    result = converted({"text": "Once\n"})
    assert result.conversation is not None
    assert result.conversation.plain
    assert result.conversation.messages == ({"role": "assistant", "content": "Once\n"},)


@pytest.mark.parametrize("text", ["Café © « » ½", "\t\r\n tab", "🙂 中文　", "\ufeff", "\u00a0", "a" * 100_000])
def test_texts_that_are_fine_are_left_as_they_are(text: str) -> None:
    for row in ({"instruction": "q", "output": f"x{text}"}, {"prompt": "q", "completion": f"x{text}"}):
        assert places(row) == []
        assert contents(row) == ["q", f"x{text}"]


@pytest.mark.parametrize(
    ("text", "names"), [("\x00", "U+0000"), ("a\x7f\x1bb\x1b", "U+001B, U+007F"), ("\x85é", "U+0085")]
)
def test_control_characters_are_told_and_kept(text: str, names: str) -> None:
    row = {"instruction": f"q{text}", "output": "a"}
    assert places(row) == [("control_characters", "instruction")]
    assert f": {names}." in converted(row).problems[0].message
    assert contents(row)[0] == f"q{text}"


def test_many_control_characters_make_a_short_message() -> None:
    row = {"text": "".join(map(chr, range(32)))}
    assert len(converted(row).problems[0].message) < 140
