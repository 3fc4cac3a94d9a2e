"""Pairs of a better and a worse answer, and rows with a verdict."""

from typing import Any

import pytest

from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Converted
from llm_finetune.data.rows import Row

SYSTEM = {"role": "system", "content": "s"}
USER = {"role": "user", "content": "q"}
GOOD = {"role": "assistant", "content": "good"}
BAD = {"role": "assistant", "content": "bad"}


def converted(row: dict[str, Any], *repairs: str) -> Converted:
    assert FORMATS["preference"].recognises(row.keys())
    return FORMATS["preference"].convert(Row(row, "a.jsonl", 1), frozenset(repairs))


def places(row: dict[str, Any], *repairs: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in converted(row, *repairs).problems]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {"question": "q", "chosen": "good", "rejected": "bad"},
        {"instruction": "q", "input": "", "chosen": "good", "rejected": "bad", "history": []},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": [USER], "chosen": "good", "rejected": BAD},
        {"messages": [USER], "chosen": GOOD, "rejected": BAD},
        {
            "conversations": [{"from": "human", "value": "q"}],
            "chosen": {"from": "gpt", "value": "good"},
            "rejected": BAD,
        },
        {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"chosen_messages": [USER, GOOD], "rejected_messages": [USER, BAD]},
        {"prompt": "q", "chosen": [USER, GOOD], "rejected": [USER, BAD], "messages": [USER, GOOD]},
        {"prompt": [USER], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"messages": [USER, GOOD], "chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"input": {"messages": [USER]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
    ],
)
def test_a_pair_in_all_layouts_is_the_same(row: dict[str, Any]) -> None:
    result = converted(row)
    assert result.problems == ()
    assert result.conversation is not None
    assert result.conversation.messages == (USER, GOOD)
    assert result.conversation.rejected == (BAD,)
    led = converted({**row, "system": "s"}).conversation
    assert led is not None
    assert (led.messages, led.rejected) == ((SYSTEM, USER, GOOD), (BAD,))


def test_openai_tools_stand_in_the_input() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    row = {"input": {"messages": [USER], "tools": [tool]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]}
    result = converted(row)
    assert result.conversation is not None
    assert result.conversation.tools == (tool,)
    assert places({**row, "input": {"messages": []}}) == [("missing_messages_list", "input.messages")]
    assert places({**row, "input": {"messages": [USER], "tools": 7}}) == [("tools_list", "input.tools")]


def test_the_shared_beginning_ends_where_the_answers_part() -> None:
    more = {"role": "user", "content": "and?"}
    cases = [
        ([SYSTEM, USER, GOOD, more, GOOD], [SYSTEM, USER, GOOD, more, BAD], 4),
        ([USER, GOOD, more, GOOD], [USER, BAD, more, BAD], 1),
        ([USER, GOOD, more, GOOD], [USER, GOOD], 1),
        ([USER, GOOD], [USER, BAD, more, BAD], 1),
    ]
    for better, worse, shared in cases:
        result = converted({"chosen": better, "rejected": worse})
        assert result.conversation is not None, result.problems
        assert list(result.conversation.messages) == better
        assert list(result.conversation.rejected) == worse[shared:]


def test_a_system_turn_on_one_side_of_the_prompt_is_enough() -> None:
    row = {"prompt": "q", "chosen": [SYSTEM, USER, GOOD], "rejected": [SYSTEM, USER, BAD]}
    other = {"prompt": [SYSTEM, USER], "chosen": [USER, GOOD], "rejected": [USER, BAD]}
    only = {"prompt": [SYSTEM], "chosen": [USER, GOOD], "rejected": [USER, BAD]}
    for one in (row, other, only):
        result = converted(one)
        assert result.conversation is not None, result.problems
        assert result.conversation.messages == (SYSTEM, USER, GOOD)
    assert places({**other, "chosen": [{**SYSTEM, "content": "t"}, USER, GOOD]})[0] == ("other_prompt", "chosen")


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        ({"prompt": "q", "chosen": "a", "rejected": "a"}, [("equal_answers", "rejected")]),
        ({"chosen": [USER, GOOD], "rejected": [USER, GOOD]}, [("equal_answers", "rejected")]),
        ({"chosen": [USER, GOOD], "rejected": [{**USER, "content": "p"}, BAD]}, [("no_shared_prompt", "rejected")]),
        ({"prompt": "p", "chosen": [USER, GOOD], "rejected": [USER, BAD]}, [("other_prompt", "chosen")]),
        ({"chosen": "good", "rejected": "bad"}, [("missing_field", "prompt")]),
        ({"chosen": [GOOD], "rejected": [BAD]}, [("missing_field", "prompt")]),
        ({"prompt": None, "chosen": "a", "rejected": "b"}, [("null_field", "prompt")]),
        ({"prompt": "q", "chosen": "", "rejected": None}, [("empty_field", "chosen"), ("null_field", "rejected")]),
        ({"prompt": "q", "chosen": 7, "rejected": "b"}, [("not_text", "chosen")]),
        ({"prompt": "q", "chosen": {}, "rejected": []}, [("not_text", "chosen"), ("not_text", "rejected")]),
        ({"messages": [], "chosen": GOOD, "rejected": BAD}, [("missing_messages_list", "messages")]),
        ({"messages": [USER, GOOD], "chosen": GOOD, "rejected": BAD},
         [("repeated_role", "chosen"), ("repeated_role", "rejected")]),
        ({"messages": [USER], "chosen": {"role": "x"}, "rejected": BAD}, [("unrecognized_role", "chosen.role")]),
        ({"messages": [USER], "chosen": {"role": "assistant"}, "rejected": BAD},
         [("message_missing_key", "chosen.content")]),
        ({"prompt": [USER, USER], "chosen": "a", "rejected": "b"}, [("repeated_role", "prompt[1]")]),
        ({"chosen": [GOOD, USER, GOOD], "rejected": [GOOD, USER, BAD]},
         [("starts_with_assistant", "chosen[0]"), ("starts_with_assistant", "rejected[0]")]),
        ({"prompt": "q", "chosen": {**GOOD, "weight": 0}, "rejected": "b"}, [("no_trained_turn", "chosen")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_pair(row: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert places(row) == faults


def test_a_weight_on_the_worse_side_says_nothing() -> None:
    assert places({"prompt": "q", "chosen": GOOD, "rejected": {**BAD, "weight": 0}}) == []


def test_repairs_reach_both_sides() -> None:
    row = {"chosen": [USER, USER, GOOD, USER], "rejected": [USER, USER, BAD, USER]}
    result = converted(row, "merge_turns", "drop_trailing_turn")
    assert result.conversation is not None
    assert [turn["content"] for turn in result.conversation.messages] == ["q\n\nq", "good"]
    assert result.conversation.rejected == (BAD,)
    assert result.repairs == ("merge_turns", "drop_trailing_turn")


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [USER, GOOD], "label": True},
        {"conversations": [USER, GOOD], "kto_tag": True},
        {"prompt": "q", "completion": "good", "label": True},
        {"prompt": [USER], "completion": [GOOD], "label": True},
        {"instruction": "q", "output": "good", "kto_tag": True},
        {"question": "q", "answer": "good", "kto_tag": True},
    ],
)
def test_a_verdict_decides_whether_an_answer_is_learned(row: dict[str, Any]) -> None:
    result = converted(row)
    assert result.problems == ()
    assert result.conversation is not None
    assert (result.conversation.messages, result.conversation.rejected) == ((USER, GOOD), ())
    key = list(row)[-1]
    assert places({**row, key: False}) == [("undesirable_answer", key)]
    for other in ("spam", 0, 1, None):
        taken = converted({**row, key: other})
        assert taken.conversation == result.conversation
        assert places({**row, key: other}) == [("unread_verdict", key)]


def test_a_bad_row_with_a_verdict_is_told_like_any_other() -> None:
    assert places({"messages": [USER], "label": True}) == [("example_missing_assistant_message", "messages")]
    assert [code for code, _ in places({"messages": [USER], "label": False})] == [
        "undesirable_answer",
        "example_missing_assistant_message",
    ]
