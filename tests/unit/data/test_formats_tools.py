"""Tools, calls and results in all their spellings."""

import json
from typing import Any

import pytest

from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Converted
from llm_finetune.data.rows import Row

USER = {"role": "user", "content": "Weather in Lima?"}
ANSWER = {"role": "assistant", "content": "19 degrees."}
RESULT = {"role": "tool", "content": "19"}
SCHEMA = {"name": "weather", "description": "Of a city.", "parameters": {"type": "object", "properties": {}}}
WRAPPED = {"type": "function", "function": SCHEMA}
READ_CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Lima"}}}


def converted(turns: list[Any], *repairs: str, key: str = "messages", **beside: Any) -> Converted:
    name = {"messages": "messages", "conversations": "sharegpt"}[key]
    return FORMATS[name].convert(Row({key: turns, **beside}, "a.jsonl", 1), frozenset(repairs))


def calling(calls: Any, **more: Any) -> Converted:
    return converted([USER, {"role": "assistant", "content": None, "tool_calls": calls, **more}, RESULT, ANSWER])


def places(result: Converted) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in result.problems]


ARGUMENTS = [{"city": "Lima"}, '{"city": "Lima"}', ' {"city":"Lima"} ']
SPELLINGS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": "weather", "arguments": ARGUMENTS[0]}},
    {"function": {"name": "weather", "arguments": ARGUMENTS[1]}},
    {"type": None, "function": {"name": "weather", "arguments": ARGUMENTS[2]}},
    {"name": "weather", "arguments": ARGUMENTS[0]},
    {"name": "weather", "parameters": ARGUMENTS[1]},
]


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_call_in_all_spellings_is_the_same(spelled: dict[str, Any]) -> None:
    turns = [
        {"role": "assistant", "content": None, "tool_calls": [spelled]},
        {"role": "assistant", "content": "", "tool_calls": spelled},
        {"role": "assistant", "tool_calls": [spelled]},
        {"from": "gpt", "value": None, "tool_calls": [spelled]},
        {"role": "assistant", "content": None, "function_call": spelled},
        {"from": "function_call", "value": json.dumps(spelled)},
        {"from": "Function_Call", "value": json.dumps([spelled])},
        {"role": "tool_call", "content": [spelled]},
        {"role": "tool_call", "content": spelled},
    ]
    for key in ("messages", "conversations"):
        for turn in turns:
            result = converted([USER, turn, RESULT, ANSWER], key=key)
            assert result.conversation is not None, result.problems
            assert result.conversation.messages[1] == {"role": "assistant", "content": None, "tool_calls": [READ_CALL]}


def test_an_answer_may_hold_text_and_calls_and_marks() -> None:
    turns = [
        USER,
        {"role": "assistant", "content": "Let me see.", "tool_calls": [{"id": f"c{n}", **READ_CALL} for n in (1, 2)]},
        {"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "19"},
        {"role": "function", "tool_call_id": "c2", "content": ""},
        ANSWER,
    ]  # fmt: skip
    result = converted(turns)
    assert result.problems == ()
    assert result.conversation is not None
    assert result.conversation.messages[1] == {**turns[1], "content": "Let me see."}
    assert result.conversation.messages[2] == turns[2]
    assert result.conversation.messages[3] == {"role": "tool", "content": "", "tool_call_id": "c2"}


def test_no_arguments_are_an_empty_object() -> None:
    for arguments in ("", "  ", None, "{}", {}):
        result = calling([{"function": {"name": "now", "arguments": arguments}}])
        assert result.conversation is not None
        assert result.conversation.messages[1]["tool_calls"][0]["function"] == {"name": "now", "arguments": {}}
    assert calling([{"function": {"name": "now"}}]).conversation is not None


@pytest.mark.parametrize(
    "arguments",
    [
        "{", '{"city": }', "Lima", '["Lima"]', "7", ["Lima"], 7, True, '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 5000,
        '{"a": ' * 5000, {"a": float("nan")}, {"a": b"raw"},
    ],
)  # fmt: skip
def test_arguments_that_are_no_object(arguments: Any) -> None:
    found = calling([{"function": {"name": "weather", "arguments": arguments}}])
    assert places(found) == [("tool_call_arguments", "messages[1].tool_calls[0].function.arguments")]
    assert str(found.problems[0]).isprintable()
    assert len(str(found.problems[0])) < 300


@pytest.mark.parametrize(
    ("calls", "code", "field"),
    [
        (7, "tool_calls_list", ""),
        ("f()", "tool_calls_list", ""),
        ([7], "tool_calls_list", "[0]"),
        ([None], "tool_calls_list", "[0]"),
        ([{}], "message_missing_key", "[0].name"),
        ([{"function": {}}], "message_missing_key", "[0].function.name"),
        ([{"function": {"name": ""}}], "empty_field", "[0].function.name"),
        ([{"function": {"name": 7}}], "not_text", "[0].function.name"),
        ([{"function": {"name": "a\ud83d"}}], "lone_surrogate", "[0].function.name"),
        ([{"name": "f", "arguments": {"a": "\ud83d"}}], "lone_surrogate", "[0].arguments"),
        ([{"name": "f", "arguments": {"\ud83d": 1}}], "lone_surrogate", "[0].arguments"),
        ([{"name": "f", "arguments": '{"a": "\\ud83d"}'}], "lone_surrogate", "[0].arguments"),
        ([{"name": "f", "id": 7}], "not_text", "[0].id"),
        ([{"type": "custom", "function": {"name": "f"}}], "tool_call_type", "[0].type"),
    ],
)
def test_what_is_wrong_with_calls_is_told_with_its_place(calls: Any, code: str, field: str) -> None:
    assert places(calling(calls)) == [(code, f"messages[1].tool_calls{field}")]


@pytest.mark.parametrize("value", ["weather(Lima)", "[", "", " ", "[]", "7", 7, None, [7], '{"name": 7}', "{}"])
def test_what_is_wrong_with_a_turn_that_should_be_a_call(value: Any) -> None:
    turns = [{"from": "human", "value": "a"}, {"from": "function_call", "value": value}]
    found = converted(
        [*turns, {"from": "observation", "value": "1"}, {"from": "gpt", "value": "b"}], key="conversations"
    )
    assert found.conversation is None
    assert len(found.problems) == 1
    assert found.problems[0].field.startswith("conversations[1].value")


@pytest.mark.parametrize("key", ["messages", "conversations"])
def test_order_of_calls_and_results(key: str) -> None:
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", **READ_CALL}]}
    cases: list[tuple[list[Any], list[tuple[str, str]]]] = [
        ([USER, call], []),
        ([USER, call, RESULT, RESULT, ANSWER], []),
        ([USER, call, RESULT], [("trailing_turn", f"{key}[2]")]),
        ([USER, RESULT, ANSWER], [("tool_result_without_call", f"{key}[1]")]),
        ([USER, call, USER, ANSWER], [("tool_call_without_result", f"{key}[2]")]),
        ([USER, call, RESULT, USER, ANSWER], [("tool_result_without_answer", f"{key}[3]")]),
        ([USER, call, {**RESULT, "tool_call_id": "c2"}, ANSWER], [("unknown_tool_call_id", f"{key}[2]")]),
    ]
    for turns, faults in cases:
        assert places(converted(turns, key=key)) == faults
    dropped = converted([USER, call, RESULT], "drop_trailing_turn", key=key)
    assert dropped.conversation is not None
    assert len(dropped.conversation.messages) == 2


def test_results_are_texts() -> None:
    call = {"role": "assistant", "tool_calls": [READ_CALL]}
    for content, code in ((None, "null_field"), ({"temp": 19}, "not_text"), (19, "not_text")):
        found = converted([USER, call, {"role": "tool", "content": content}, ANSWER])
        assert places(found) == [(code, "messages[2].content")]
    repaired = converted([USER, call, {"role": "tool", "content": {"temp": 19}}, ANSWER], "text_values")
    assert repaired.conversation is not None
    assert repaired.conversation.messages[2]["content"] == '{"temp": 19}'
    for mark in ("name", "tool_call_id"):
        assert places(converted([USER, call, {**RESULT, mark: 7}, ANSWER])) == [("not_text", f"messages[2].{mark}")]


@pytest.mark.parametrize(
    "tools",
    [
        [SCHEMA],
        [WRAPPED],
        json.dumps([SCHEMA]),
        json.dumps([WRAPPED]),
        SCHEMA,
        json.dumps(SCHEMA),
        [json.dumps(WRAPPED)],
    ],
)
def test_tools_in_all_spellings_are_the_same(tools: Any) -> None:
    for key in ("messages", "conversations"):
        result = converted([USER, ANSWER], key=key, tools=tools, parallel_tool_calls=True)
        assert result.conversation is not None
        assert result.conversation.tools == (WRAPPED,)
    for name, row in {
        "alpaca": {"instruction": "a", "output": "b"},
        "completion": {"prompt": "a", "completion": "b"},
        "preference": {"prompt": "a", "chosen": "b", "rejected": "c"},
    }.items():
        result = FORMATS[name].convert(Row({**row, "tools": tools}, "a.jsonl", 1), frozenset())
        assert result.conversation is not None
        assert result.conversation.tools == (WRAPPED,)


def test_no_tools() -> None:
    for tools in (None, "", " ", [], "[]", "null"):
        result = converted([USER, ANSWER], tools=tools)
        assert result.conversation is not None
        assert result.conversation.tools == ()
    assert (
        converted([USER, ANSWER], functions=[SCHEMA]).conversation
        == converted([USER, ANSWER], tools=[SCHEMA]).conversation
    )


@pytest.mark.parametrize(
    ("tools", "code", "field"),
    [
        (7, "tools_list", "tools"),
        ("[", "tools_list", "tools"),
        ("weather", "tools_list", "tools"),
        ([7], "tools_list", "tools[0]"),
        (["{"], "tools_list", "tools[0]"),
        ([[]], "tools_list", "tools[0]"),
        ([{}], "null_field", "tools[0].name"),
        ([{"function": {"name": ""}}], "empty_field", "tools[0].function.name"),
        ([{**SCHEMA, "description": "\ud83d"}], "lone_surrogate", "tools[0]"),
        ([{**SCHEMA, "default": float("inf")}], "tools_list", "tools[0]"),
    ],
)
def test_what_is_wrong_with_tools(tools: Any, code: str, field: str) -> None:
    assert places(converted([USER, ANSWER], tools=tools)) == [(code, field)]


def test_parallel_calls_written_as_neighbours_are_joined_on_request() -> None:
    calls = [{"from": "function_call", "value": json.dumps({"name": name, "arguments": {}})} for name in ("a", "b")]
    turns = [
        {"from": "human", "value": "q"},
        *calls,
        {"from": "observation", "value": "1"},
        {"from": "gpt", "value": "z"},
    ]
    assert places(converted(turns, key="conversations")) == [("tool_call_without_result", "conversations[2]")]
    result = converted(turns, "merge_turns", key="conversations")
    assert result.conversation is not None
    assert [call["function"]["name"] for call in result.conversation.messages[1]["tool_calls"]] == ["a", "b"]
