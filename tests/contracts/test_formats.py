"""Every data format keeps the same promises."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import check_sources
from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Converted
from llm_finetune.data.rows import Row, Source
from llm_finetune.data.settings import DataSettings

NO_REPAIR: frozenset[str] = frozenset()
ALL_REPAIRS = frozenset({"merge_turns", "drop_trailing_turn", "text_values"})
ODD_VALUES: list[Any] = [None, 7, 3.5, True, [], {}, "", "  ", [None], [[]], [{}], {"a": None}, "\ud83d", "\x00", "x"]


def converted(name: str, values: dict[str, Any], repairs: frozenset[str] = NO_REPAIR) -> Converted:
    return FORMATS[name].convert(Row(values, "a.jsonl", 3), repairs)


def keeps_its_promises(result: Converted) -> None:
    """Taken or told, with its place; whatever is taken can be written and ends with the assistant."""
    if result.conversation is None:
        assert result.problems
    else:
        assert result.conversation.messages[-1]["role"] == "assistant"
        for turn in (*result.conversation.messages, *result.conversation.rejected):
            assert turn["role"] in {"system", "user", "assistant", "tool"}
            assert isinstance(turn["content"], str) or turn["tool_calls"]
        text = json.dumps([result.conversation.messages, result.conversation.rejected], ensure_ascii=False)
        assert text.encode("utf-8")
    for problem in result.problems:
        assert (problem.path, problem.line) == ("a.jsonl", 3)
        assert problem.field
        assert problem.message


def test_there_are_six_in_order_of_precedence() -> None:
    assert list(FORMATS) == ["preference", "messages", "sharegpt", "alpaca", "completion", "text"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_promises(name: str, tmp_path: Path) -> None:
    layout = FORMATS[name]
    assert layout.name == name
    assert layout.title.endswith(".")
    assert layout.recognises(layout.sample.keys())
    assert set(layout.sample) <= set(layout.keys)
    assert len(set(layout.keys)) == len(layout.keys)
    result = converted(name, layout.sample)
    assert result.problems == ()
    assert result.conversation is not None
    keeps_its_promises(result)
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(layout.sample), encoding="utf-8")
    for wanted in ("auto", name):
        report = check_sources([Source(path, "a.jsonl")], DataSettings(format=wanted)).report
        assert (report.kept, report.formats, report.counts.get("ignored_columns")) == (1, {name: 1}, None)


def test_a_sample_is_of_one_format_only() -> None:
    """But for one thing: the prompt of a pair alone would be a question without an answer."""
    seen = {
        name: [other.name for other in FORMATS.values() if other.recognises(layout.sample.keys())]
        for name, layout in FORMATS.items()
    }
    alone = {name: [name] for name in FORMATS}
    assert seen == {**alone, "preference": ["preference", "completion"]}


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_every_field_of_the_sample_is_checked(name: str, value: object) -> None:
    """Whatever stands in a field, the row is either taken or told with its field; nothing is raised."""
    for key in FORMATS[name].sample:
        result = converted(name, {**FORMATS[name].sample, key: value})
        keeps_its_promises(result)
        for problem in result.problems:
            assert problem.field.startswith(key)


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_missing_field_is_told_by_its_name(name: str) -> None:
    needed = 0
    for key in FORMATS[name].sample:
        rest = {other: value for other, value in FORMATS[name].sample.items() if other != key}
        if not rest or not FORMATS[name].recognises(rest.keys()):
            continue
        result = converted(name, rest)
        if result.conversation is None:
            needed += 1
            assert [(problem.code, problem.field) for problem in result.problems] == [("missing_field", key)]
    assert needed == {"preference": 3, "alpaca": 2, "completion": 2}.get(name, 0)


@pytest.mark.parametrize("name", list(FORMATS))
def test_half_characters_are_told(name: str) -> None:
    """A lone surrogate can be read from JSON, and no tokenizer takes it."""
    text = json.dumps(FORMATS[name].sample).replace("Good morning", "Good \\ud83d morning")
    problems = converted(name, json.loads(text)).problems
    assert problems
    assert {problem.code for problem in problems} == {"lone_surrogate"}


@pytest.mark.parametrize("name", list(FORMATS))
def test_control_characters_are_told_and_kept(name: str) -> None:
    text = json.dumps(FORMATS[name].sample).replace("Good morning", "Good\\u0000\\t\\n\\u001b morning")
    result = converted(name, json.loads(text))
    assert result.conversation is not None
    assert result.problems
    for problem in result.problems:
        assert problem.code == "control_characters"
        assert "U+0000, U+001B" in str(problem)
        assert str(problem).isprintable()


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_blank_text_is_told_as_blank_wherever_it_stands(name: str) -> None:
    text = json.dumps(FORMATS[name].sample)
    assert "Good morning" in text
    for blank, code in (("", "empty_field"), (" \\n\\u3000 ", "blank_field")):
        row = json.loads(text.replace('"Good morning"', f'"{blank}"').replace('"Good evening"', f'"{blank}"'))
        problems = converted(name, row).problems
        assert {problem.code for problem in problems} <= {code}
        assert bool(problems) == (name not in {"text"})


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of everything inside a value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from leaves(one, (*path, key))


def mutated(sample: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The sample with one to three places replaced, removed, or given twice."""
    row = copy.deepcopy(sample)
    for _ in range(dice.randint(1, 3)):
        places = list(leaves(row))
        if not places:
            break
        *way, last = dice.choice(places)
        holder: Any = row
        for step in way:
            holder = holder[step]
        change = dice.random()
        if change < 0.5:
            holder[last] = copy.deepcopy(dice.choice([*ODD_VALUES, *EXTRA_VALUES]))
        elif change < 0.8:
            del holder[last]
        elif isinstance(holder, list):
            holder.insert(last, copy.deepcopy(holder[last]))
        else:
            holder[dice.choice(EXTRA_KEYS)] = copy.deepcopy(holder[last])
    return row


EXTRA_KEYS = [
    "tool_calls", "function_call", "weight", "name", "tool_call_id", "tools", "system", "history", "label", "chosen",
    "rejected", "role", "from", "content", "value", "input", "context", "messages", "completion", "kto_tag", "prompt",
]  # fmt: skip
EXTRA_VALUES: list[Any] = [
    "user", "tool", "function_call", "narrator", "[", '{"name": "f"}', [["a", "b"]], [{"role": "assistant"}],
    [{"type": "text", "text": "a"}], [{"type": "image_url"}], {"name": "f", "arguments": "{}"}, float("nan"), b"raw",
    [{"function": {"name": "f", "arguments": "{"}}], {"role": "user", "content": "a"}, 10**400, {"a": {"a": {"a": {}}}},
]  # fmt: skip


@pytest.mark.parametrize("name", list(FORMATS))
def test_no_mutation_of_a_sample_raises(name: str) -> None:
    dice = random.Random(7)
    taken = told = 0
    for _ in range(1500):
        row = mutated(FORMATS[name].sample, dice)
        for layout in FORMATS.values():
            if layout.recognises(row.keys()):
                result = converted(layout.name, row, dice.choice([NO_REPAIR, ALL_REPAIRS]))
                keeps_its_promises(result)
                taken, told = taken + (result.conversation is not None), told + (result.conversation is None)
    assert taken > 50
    assert told > 200


TURNS = ["system", "user", "assistant"]
SPELLINGS = {"system": "System", "user": "human", "assistant": "gpt"}


def in_every_list(roles: list[str]) -> dict[str, dict[str, Any]]:
    """One conversation in each format that holds a list of turns, whole or as a pair."""
    plain = [{"role": role, "content": f"{role} {index}"} for index, role in enumerate(roles)]
    spelled = [{"from": SPELLINGS[turn["role"]], "value": turn["content"]} for turn in plain]
    parts = [{**turn, "content": [{"type": "text", "text": turn["content"]}], "weight": None} for turn in plain]
    worse = [*plain[:-1], {**plain[-1], "content": "worse"}]
    return {
        "messages": {"messages": plain},
        "messages in parts": {"messages": parts},
        "messages as text": {"messages": json.dumps(plain)},
        "messages with a verdict": {"messages": plain, "label": True},
        "sharegpt": {"conversations": spelled},
        "completion": {"prompt": plain[:-1], "completion": plain[-1:]},
        "preference": {"chosen": plain, "rejected": worse},
    }


def test_the_same_conversation_gets_the_same_verdict_in_every_format() -> None:
    """Also whether a row takes the short way through or the long one."""
    dice = random.Random(11)
    verdicts: set[frozenset[str]] = set()
    for _ in range(400):
        roles = [dice.choice(TURNS) for _ in range(dice.randint(2, 5))]
        found = {}
        for name, row in in_every_list(roles).items():
            layout = next(layout for layout in FORMATS.values() if layout.recognises(row.keys()))
            result = converted(layout.name, row)
            turns = result.conversation.messages if result.conversation else ()
            found[name] = frozenset(problem.code for problem in result.problems), turns
        assert len({codes for codes, _ in found.values()}) == 1, (roles, found)
        assert len({repr(turns) for _, turns in found.values()}) == 1, (roles, found)
        verdicts.add(found["messages"][0])
    assert frozenset() in verdicts
    assert len(verdicts) > 8
