"""Lists of turns: `messages` and `conversations`, their spellings, weights, parts, and everything that is wrong."""

import json
from typing import Any

import pytest

from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Converted
from llm_finetune.data.read import Number
from llm_finetune.data.rows import Row

USER = {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": "Hello!"}


def converted(turns: Any, *repairs: str, **beside: Any) -> Converted:
    return FORMATS["messages"].convert(Row({"messages": turns, **beside}, "a.jsonl", 1), frozenset(repairs))


def both(turns: list[dict[str, Any]], **beside: Any) -> list[Converted]:
    """The same turns under both names, with both spellings of the keys."""
    respelled = [
        {{"role": "from", "content": "value"}.get(key, key): value for key, value in turn.items()} for turn in turns
    ]
    rows = [
        (name, {key: value, **beside})
        for name, key in (("messages", "messages"), ("sharegpt", "conversations"))
        for value in (turns, respelled)
    ]
    return [FORMATS[name].convert(Row(row, "a.jsonl", 1), frozenset()) for name, row in rows]


def places(result: Converted) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in result.problems]


def test_both_names_and_both_spellings_are_one_conversation() -> None:
    results = both(
        [{"role": "System", "content": "Be brief."}, {"role": "Human", "content": "Hi"}, {**ASSISTANT, "role": "GPT"}]
    )
    assert len(results) == 4
    for result in results:
        assert result == results[0]
        assert result.conversation is not None
        assert [turn["role"] for turn in result.conversation.messages] == ["system", "user", "assistant"]


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "assistant", "content": "Hello!", "name": "Ann", "tool_calls": None, "function_call": None},
        {"role": None, "from": "bot", "value": "Hello!"},
        {"from": "chatgpt", "content": None, "value": "Hello!"},
        {"user": "assistant", "text": "Hello!"},
        {"role": "assistant", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo!"}]},
        {"role": "assistant", "content": [{"type": "text", "value": "Hello!"}], "loss_weight": 1.0},
        {"role": "assistant", "content": "Hello!", "weight": 1, "timestamp": 12},
    ],
)
def test_spellings_of_one_turn(turn: dict[str, Any]) -> None:
    result = converted([USER, turn])
    assert result == converted([USER, ASSISTANT])
    assert result.problems == ()


def test_a_list_may_be_json_text() -> None:
    assert converted(json.dumps([USER, ASSISTANT])) == converted([USER, ASSISTANT])
    for text in ("[", "[]", "hello", '{"role": "user"}', "", " "):
        assert places(converted(text)) == [("missing_messages_list", "messages")]


@pytest.mark.parametrize("turns", [None, [], {}, 7, "hello", True])
def test_no_list_of_turns(turns: object) -> None:
    assert places(converted(turns)) == [("missing_messages_list", "messages")]


@pytest.mark.parametrize(
    ("turn", "code", "field"),
    [
        (None, "data_type", "[1]"),
        ("Hello!", "data_type", "[1]"),
        ([], "data_type", "[1]"),
        ({}, "message_missing_key", "[1].role"),
        ({"content": "a"}, "message_missing_key", "[1].role"),
        ({"value": "a"}, "message_missing_key", "[1].from"),
        ({"user": "Hi", "assistant": "Hello"}, "message_missing_key", "[1].role"),
        ({"role": "narrator", "content": "a"}, "unrecognized_role", "[1].role"),
        ({"from": None, "value": "a"}, "unrecognized_role", "[1].from"),
        ({"role": 7, "content": "a"}, "unrecognized_role", "[1].role"),
        ({"role": "assistant"}, "message_missing_key", "[1].content"),
        ({"from": "gpt"}, "message_missing_key", "[1].value"),
        ({"role": "assistant", "content": None}, "null_field", "[1].content"),
        ({"from": "gpt", "value": ""}, "empty_field", "[1].value"),
        ({"role": "assistant", "content": "\u3000\n"}, "blank_field", "[1].content"),
        ({"role": "assistant", "content": 3.5}, "not_text", "[1].content"),
        ({"role": "assistant", "content": ["Hello"]}, "not_text", "[1].content"),
        ({"role": "assistant", "content": []}, "not_text", "[1].content"),
        ({"role": "assistant", "content": "\udc00"}, "lone_surrogate", "[1].content"),
        ({"role": "assistant", "content": [{"type": "image_url"}]}, "content_part", "[1].content[0].type"),
        ({"role": "assistant", "content": [{"type": None}]}, "content_part", "[1].content[0].type"),
        ({"role": "assistant", "content": [{"type": "text"}]}, "message_missing_key", "[1].content[0].text"),
        ({"role": "assistant", "content": [{"type": "text", "text": 7}]}, "not_text", "[1].content[0].text"),
        ({"role": "assistant", "content": [{"type": "text", "text": ""}]}, "empty_field", "[1].content"),
        ({"role": "assistant", "content": "a", "weight": 2}, "bad_weight", "[1].weight"),
        ({"role": "assistant", "content": "a", "weight": "0"}, "bad_weight", "[1].weight"),
        ({"role": "assistant", "content": "a", "loss_weight": 0.5}, "bad_weight", "[1].loss_weight"),
        ({"role": "assistant", "content": "a", "weight": []}, "bad_weight", "[1].weight"),
    ],
)
def test_what_is_wrong_with_a_turn_is_told_with_its_number(turn: Any, code: str, field: str) -> None:
    assert places(converted([USER, turn])) == [(code, f"messages{field}")]


def test_all_problems_of_a_row_are_told_at_once() -> None:
    found = places(converted([{"role": "user", "content": ""}, {"role": "user", "content": 7}, ASSISTANT, USER]))
    assert found == [
        ("empty_field", "messages[0].content"),
        ("not_text", "messages[1].content"),
        ("repeated_role", "messages[1]"),
        ("trailing_turn", "messages[3]"),
    ]


def test_an_unknown_role_is_told_with_the_nearest_one_and_nothing_that_moves_the_cursor() -> None:
    message = str(converted([USER, {"role": "asistant", "content": "a"}]).problems[0])
    assert "'asistant'" in message
    assert "meant as 'assistant'" in message
    assert "function_call" in message
    message = str(converted([USER, {"role": "\x1b[2J\u202e" + "x" * 500, "content": "a"}]).problems[0])
    assert message.isprintable()
    assert len(message) < 400


def test_weights() -> None:
    turns = [USER, {**ASSISTANT, "weight": 0}, {**USER, "weight": 0}, {**ASSISTANT, "weight": 1}, USER, ASSISTANT]
    for result in both(turns):
        assert result.conversation is not None
        assert result.conversation.untrained == {1}
        assert result.problems == ()
    assert places(converted([USER, {**ASSISTANT, "weight": 0.0}])) == [("no_trained_turn", "messages")]
    told = converted([{**USER, "weight": 1}, ASSISTANT])
    assert places(told) == [("ignored_weight", "messages[0].weight")]
    assert told.conversation is not None


def test_keys_that_would_be_learned_elsewhere_are_told() -> None:
    told = converted([USER, {**ASSISTANT, "reasoning_content": "Hm.", "refusal": None, "thinking": ""}])
    assert told.conversation is not None
    assert places(told) == [("unread_key", "messages[1].reasoning_content")]


def test_a_system_text_may_stand_beside_the_turns() -> None:
    within = converted([{"role": "system", "content": "Be brief."}, USER, ASSISTANT])
    assert converted([USER, ASSISTANT], system="Be brief.") == within
    assert converted([{"role": "system", "content": "Be brief."}, USER, ASSISTANT], system="Be brief.") == within
    for empty in (None, "", "  "):
        assert converted([USER, ASSISTANT], system=empty) == converted([USER, ASSISTANT])
    two = converted([{"role": "system", "content": "Be kind."}, USER, ASSISTANT], system="Be brief.")
    assert places(two) == [("system_not_first", "messages[0]")]
    assert places(converted([USER, ASSISTANT], system=7)) == [("not_text", "system")]


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), ({"a": None}, '{"a": null}'), ([1, "b"], '[1, "b"]'), (Number("3.10"), "3.10")]
)
def test_values_become_text_where_that_is_allowed(value: Any, text: str) -> None:
    result = converted([USER, {"role": "assistant", "content": value}], "text_values")
    assert result.conversation is not None
    assert (result.conversation.messages[1]["content"], result.repairs) == (text, ("text_values",))
    assert places(converted([USER, {"role": "assistant", "content": value}])) == [("not_text", "messages[1].content")]


def test_null_and_blank_are_never_put_right() -> None:
    for value in (None, "", " "):
        every = ("text_values", "merge_turns", "drop_trailing_turn")
        assert converted([USER, {"role": "assistant", "content": value}], *every).conversation is None


def test_repairs_are_done_only_where_needed_and_named() -> None:
    turns = [USER, USER, ASSISTANT, USER]
    result = converted(turns, "merge_turns", "drop_trailing_turn")
    assert result.conversation is not None
    assert result.conversation.messages == ({"role": "user", "content": "Hi\n\nHi"}, ASSISTANT)
    assert result.repairs == ("merge_turns", "drop_trailing_turn")
    assert places(converted(turns, "merge_turns")) == [("trailing_turn", "messages[3]")]
    assert converted([USER, ASSISTANT], "merge_turns", "drop_trailing_turn", "text_values").repairs == ()
    assert "merge_turns" in converted(turns).problems[0].fix
    assert "drop_trailing_turn" in converted(turns).problems[1].fix


def test_weights_stay_with_their_turns_when_turns_are_joined() -> None:
    result = converted([USER, USER, {**ASSISTANT, "weight": 0}, USER, ASSISTANT], "merge_turns")
    assert result.conversation is not None
    assert result.conversation.untrained == {1}
