"""Field cases D04, D05, D07, D08, D12 as far as structure goes: values, roles, order of turns, tool calls.

Each fault of one format is tried in all formats that can hold it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import Checked, check_sources
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings

Input = Callable[[str], Path]
Rows = list[dict[str, Any]]
REPAIRS = ["merge_turns", "drop_trailing_turn", "text_values"]


def checked(path: Path, **settings: Any) -> Checked:
    found = check_sources([Source(path, path.name)], DataSettings(**settings))
    report = found.report
    assert report.read == report.kept + report.dropped
    assert sum(report.dropped_by.values()) == report.dropped
    assert report.kept == len(found.conversations)
    return found


def places(found: Checked) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.field, problem.code) for problem in found.report.errors]


def rows_of(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def rewritten(field_input: Input, tmp_path: Path) -> Callable[[str, Callable[[dict[str, Any]], dict[str, Any]]], Path]:
    """A field case whose rows are changed into another format."""

    def write(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(change(row)) + "\n" for row in rows_of(field_input(name))), encoding="utf-8")
        return path

    return write


def renamed(names: dict[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {names.get(key, key): value for key, value in row.items()}


def as_messages(row: dict[str, Any]) -> dict[str, Any]:
    answer = {"role": "assistant", **({"content": row["output"]} if "output" in row else {})}
    return {"messages": [{"role": "user", "content": row["instruction"]}, answer]}


def as_sharegpt(row: dict[str, Any]) -> dict[str, Any]:
    names = {"role": "from", "content": "value"}
    turns = as_messages(row)["messages"] if "messages" not in row else row["messages"]
    return {"conversations": [renamed(names)(turn) for turn in turns]}


VALUE_FORMATS: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str, str]] = {
    # How a row of D04 or D05 is written in a format, and where its question and answer stand there.
    "completion": (renamed({"instruction": "prompt", "output": "completion"}), "prompt", "completion"),
    "questions": (renamed({"instruction": "question", "output": "answer"}), "question", "answer"),
    "preference": (
        lambda row: {**renamed({"instruction": "prompt", "output": "chosen"})(row), "rejected": "no"},
        "prompt",
        "chosen",
    ),
    "messages": (as_messages, "messages[0].content", "messages[1].content"),
    "sharegpt": (as_sharegpt, "conversations[0].value", "conversations[1].value"),
}


@pytest.mark.parametrize("name", list(VALUE_FORMATS))
def test_d04_in_every_format(rewritten: Any, name: str) -> None:
    change, _, answer = VALUE_FORMATS[name]
    found = checked(rewritten("D04.jsonl", change))
    assert places(found) == [(line, answer, "not_text") for line in (1, 2, 3, 4, 5)]
    kinds = ("number", "boolean", "number", "object", "array")
    assert all(kind in problem.message for kind, problem in zip(kinds, found.report.errors, strict=True))
    assert all("text_values" in problem.fix for problem in found.report.errors)


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_d04_values_are_written_as_json_on_request(field_input: Input, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"D04.{suffix}"
    lines = field_input("D04.jsonl").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines) if suffix == "jsonl" else f"[{','.join(lines)}]", encoding="utf-8")
    found = checked(path, repair=["text_values"])
    answers = [conversation.reference for conversation in found.conversations]
    assert answers == ["42", "true", "3.10", '{"item": "mug", "qty": null}', '["apple", "pear"]', "hi"]
    assert (found.report.repaired, found.report.errors) == ({"text_values": 5}, ())


@pytest.mark.parametrize("name", list(VALUE_FORMATS))
def test_d05_in_every_format(rewritten: Any, name: str) -> None:
    change, question, answer = VALUE_FORMATS[name]
    found = checked(rewritten("D05.jsonl", change))
    missing = "message_missing_key" if "[" in answer else "missing_field"
    assert places(found) == [
        (2, answer, "null_field"),
        (3, answer, missing),
        (4, answer, "empty_field"),
        (5, answer, "blank_field"),
        (6, question, "null_field"),
    ]
    assert [conversation.line for conversation in found.conversations] == [1, 7]
    assert not any("None" in str(turn["content"]) for row in found.conversations for turn in row.messages)


def test_d05_null_is_not_put_right(field_input: Input) -> None:
    assert places(checked(field_input("D05.jsonl"), repair=REPAIRS)) == places(checked(field_input("D05.jsonl")))


def test_d05m_null_and_missing_content(field_input: Input, rewritten: Any) -> None:
    for key, path in (("messages", field_input("D05m.jsonl")), ("conversations", rewritten("D05m.jsonl", as_sharegpt))):
        content = "content" if key == "messages" else "value"
        assert places(checked(path)) == [
            (1, f"{key}[1].{content}", "null_field"),
            (2, f"{key}[1].{'value' if key == 'conversations' else 'content'}", "message_missing_key"),
        ]


def test_d06_mapped_columns_make_misnamed_ones_right(field_input: Input) -> None:
    found = checked(field_input("D06c.jsonl"), columns={"instruction": "Instruction", "output": "Output"})
    assert [conversation.line for conversation in found.conversations] == [1, 3]


@pytest.mark.parametrize("key", ["conversations", "messages"])
def test_d07_role_names(rewritten: Any, key: str) -> None:
    found = checked(rewritten("D07.jsonl", renamed({"conversations": key})))
    roles = [[turn["role"] for turn in conversation.messages] for conversation in found.conversations]
    pair = ["user", "assistant"]
    assert roles == [pair, pair, pair, ["system", *pair], pair]
    assert [conversation.line for conversation in found.conversations] == [1, 2, 3, 4, 6]
    assert places(found) == [(5, f"{key}[1].from", "unrecognized_role")]
    fault = str(found.report.errors[0])
    assert "'narrator'" in fault
    assert all(name in fault for name in ("assistant", "user", "system", "tool", "human", "gpt", "bot"))


D08 = [
    (2, "[0]", "starts_with_assistant"),
    (3, "[1]", "repeated_role"),
    (4, "[2]", "trailing_turn"),
    (5, "[1]", "system_not_first"),
    (6, "", "example_missing_assistant_message"),
    (7, "", "missing_messages_list"),
]


def test_d08_turn_order(field_input: Input, rewritten: Any) -> None:
    assert places(checked(field_input("D08.jsonl"))) == [(line, f"messages{turn}", code) for line, turn, code in D08]
    assert places(checked(rewritten("D08.jsonl", as_sharegpt))) == [
        (line, f"conversations{turn}", code) for line, turn, code in D08
    ]


def test_d08_in_pairs(rewritten: Any) -> None:
    """The last row's sides are empty lists, which is no text either."""

    def pair(row: dict[str, Any]) -> dict[str, Any]:
        turns = row["messages"]
        return {"chosen": turns, "rejected": [*turns[:-1], *({**turn, "content": "no"} for turn in turns[-1:])]}

    found = checked(rewritten("D08.jsonl", pair))
    chosen = [(line, field, code) for line, field, code in places(found) if field.startswith("chosen")]
    assert chosen == [
        *((line, f"chosen{turn}", code) for line, turn, code in D08[:-1]),
        (7, "chosen", "not_text"),
    ]


def test_d08_repairs_are_counted_and_nothing_else_is_changed(field_input: Input) -> None:
    path = field_input("D08.jsonl")
    found = checked(path, repair=REPAIRS, on_bad_rows="drop")
    assert found.report.repaired == {"merge_turns": 2, "drop_trailing_turn": 1}
    assert found.report.dropped_by == {
        "starts_with_assistant": 1,
        "example_missing_assistant_message": 1,
        "missing_messages_list": 1,
    }
    texts = {row.line: [turn["content"] for turn in row.messages] for row in found.conversations}
    assert texts == {
        1: ["a?", "A.", "b?", "B."],
        3: ["a?\n\nand b?", "A and B."],
        4: ["a?", "A."],
        5: ["Be brief.\n\nBe kind.", "a?", "A."],
    }
    assert checked(path, repair=["merge_turns"]).report.repaired == {"merge_turns": 2}


def test_d12_arguments_as_text_and_as_object_are_the_same(field_input: Input) -> None:
    found = checked(field_input("D12.jsonl"))
    assert (found.report.kept, found.report.counts) == (2, {})
    first, second = found.conversations
    assert first.messages == second.messages
    call = {"name": "get_weather", "arguments": {"city": "Lima"}}
    assert first.messages[1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": call}],
    }
    assert first.messages[2] == {"role": "tool", "content": '{"temp": 19}', "tool_call_id": "c1"}


def test_d12_as_sharegpt(rewritten: Any) -> None:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        question, calling, result, answer = row["messages"]
        return {
            "conversations": [
                {"from": "human", "value": question["content"]},
                {"from": "function_call", "value": json.dumps(calling["tool_calls"][0]["function"])},
                {"from": "observation", "value": result["content"]},
                {"from": "gpt", "value": answer["content"]},
            ]
        }

    found = checked(rewritten("D12.jsonl", change))
    assert found.report.kept == 2
    for conversation in found.conversations:
        call = conversation.messages[1]["tool_calls"][0]["function"]
        assert call == {"name": "get_weather", "arguments": {"city": "Lima"}}
        assert [turn["role"] for turn in conversation.messages] == ["user", "assistant", "tool", "assistant"]


def test_d12_broken_calls_are_told(rewritten: Any) -> None:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        row["messages"][1]["tool_calls"][0]["function"]["arguments"] = '{"city": "Lima"'
        return row

    place = "messages[1].tool_calls[0].function.arguments"
    assert places(checked(rewritten("D12.jsonl", change))) == [(n, place, "tool_call_arguments") for n in (1, 2)]
