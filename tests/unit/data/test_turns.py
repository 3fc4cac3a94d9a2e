"""Roles, the order of turns, and the repairs of both."""

import pytest

from llm_finetune.data.read import Number
from llm_finetune.data.repair import answered, json_text, merged
from llm_finetune.data.turns import ROLES, Turn, order_faults, role_of

LETTERS = {"s": "system", "u": "user", "a": "assistant", "c": "assistant", "t": "tool"}
CALL = {"type": "function", "id": "1", "function": {"name": "f", "arguments": {}}}


def turns(letters: str) -> list[Turn]:
    """System, user, assistant, assistant with a call, tool: a turn for each letter."""
    made = [Turn(LETTERS[letter], f"{letter}{index}", str(index)) for index, letter in enumerate(letters)]
    for turn, letter in zip(made, letters, strict=True):
        turn.calls = [CALL] if letter == "c" else []
    return made


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("user", "user"), ("Human", "user"), ("prompter", "user"), ("GPT", "assistant"), ("bot", "assistant"),
        ("chatgpt", "assistant"), ("Model", "assistant"), (" Assistant ", "assistant"), ("SYSTEM", "system"),
        ("developer", "system"), ("tool", "tool"), ("function", "tool"), ("observation", "tool"),
        ("function_response", "tool"), ("function_call", "function_call"),
        ("narrator", None), ("", None), (None, None), (7, None), (["user"], None),
    ],
)  # fmt: skip
def test_roles(name: object, role: str | None) -> None:
    assert role_of(name) == role
    assert set(ROLES.values()) == {"system", "user", "assistant", "tool", "function_call"}


@pytest.mark.parametrize("letters", ["ua", "sua", "uaua", "suaua", "uct", "uc", "ucta", "ucttaua", "suctcta"])
def test_order_that_is_right(letters: str) -> None:
    faults = [(fault.code, fault.turn) for fault in order_faults(turns(letters))]
    assert faults == ([("trailing_turn", len(letters) - 1)] if letters.endswith("t") else [])


@pytest.mark.parametrize(
    ("letters", "faults"),
    [
        ("aua", [("starts_with_assistant", 0)]),
        ("saua", [("starts_with_assistant", 1)]),
        ("uua", [("repeated_role", 1)]),
        ("uaa", [("repeated_role", 2)]),
        ("uuua", [("repeated_role", 1), ("repeated_role", 2)]),
        ("usa", [("system_not_first", 1)]),
        ("ssua", [("system_not_first", 1)]),
        ("uau", [("trailing_turn", 2)]),
        ("uas", [("system_not_first", 2), ("trailing_turn", 2)]),
        ("u", [("example_missing_assistant_message", None)]),
        ("s", [("example_missing_assistant_message", None)]),
        ("", [("example_missing_assistant_message", None)]),
        ("ta", [("tool_result_without_call", 0)]),
        ("uta", [("tool_result_without_call", 1)]),
        ("uata", [("tool_result_without_call", 2)]),
        ("ucua", [("tool_call_without_result", 2)]),
        ("uca", [("tool_call_without_result", 2)]),
        ("ucc", [("tool_call_without_result", 2)]),
        ("uctua", [("tool_result_without_answer", 3)]),
        ("uct", [("trailing_turn", 2)]),
        ("auu", [("starts_with_assistant", 0), ("repeated_role", 2), ("trailing_turn", 2)]),
    ],
)
def test_order_that_is_wrong(letters: str, faults: list[tuple[str, int | None]]) -> None:
    assert [(fault.code, fault.turn) for fault in order_faults(turns(letters))] == faults


def test_a_result_names_a_call_that_was_made() -> None:
    made = turns("ucta")
    made[2].call_id = "1"
    assert list(order_faults(made)) == []
    made[2].call_id = "2"
    assert [(fault.code, fault.turn) for fault in order_faults(made)] == [("unknown_tool_call_id", 2)]
    made[1].calls = [{key: value for key, value in CALL.items() if key != "id"}]
    assert list(order_faults(made)) == []


@pytest.mark.parametrize(
    ("letters", "joined"),
    [
        ("uua", ["u0\n\nu1", "a2"]),
        ("suuaau", ["s0", "u1\n\nu2", "a3\n\na4", "u5"]),
        ("ssua", ["s0\n\ns1", "u2", "a3"]),
        ("usua", ["u0", "s1", "u2", "a3"]),
        ("uctta", ["u0", "c1", "t2", "t3", "a4"]),
        ("uca", ["u0", "c1", "a2"]),
        ("uacta", ["u0", "a1\n\nc2", "t3", "a4"]),
    ],
)
def test_neighbours_of_one_role_are_joined(letters: str, joined: list[str]) -> None:
    before = turns(letters)
    assert [turn.content for turn in merged(before)] == joined
    assert before == turns(letters)


def test_calls_are_joined_and_weights_keep_turns_apart() -> None:
    calls = turns("ucc")
    calls[2].content = None
    assert [(turn.content, len(turn.calls)) for turn in merged(calls)] == [("u0", 0), ("c1", 2)]
    answers = turns("uaa")
    answers[1].is_trained = False
    assert len(merged(answers)) == 3


@pytest.mark.parametrize(("letters", "left"), [("uau", "ua"), ("uauus", "ua"), ("ua", "ua"), ("u", "u"), ("uct", "uc")])
def test_turns_without_an_answer_are_dropped_from_the_end(letters: str, left: str) -> None:
    assert [turn.content for turn in answered(turns(letters))] == [turn.content for turn in turns(left)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (7, "7"),
        (2.5, "2.5"),
        (Number("3.10"), "3.10"),
        ({"item": "mug", "qty": None}, '{"item": "mug", "qty": null}'),
        (["蘋果", Number("1e5"), {"a": [Number("0.50")]}], '["蘋果", 1e5, {"a": [0.50]}]'),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_values_are_spelled_as_json(value: object, text: str) -> None:
    assert json_text(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"raw", {"a": b"raw"}, [object()]])
def test_what_json_cannot_spell_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        json_text(value)
