"""Which rows are held out, and which stay together."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.rows import Conversation
from llm_finetune.data.split import Split, hold_out, write_split
from llm_finetune.errors import DataError

SEEDS = range(20)


def row(prompt: str, answer: str = "x", line: int = 1, **more: Any) -> Conversation:
    messages = ({"role": "user", "content": prompt}, {"role": "assistant", "content": answer})
    return Conversation(messages, "a", line, **more)


def rows(count: int) -> list[Conversation]:
    return [row(f"question {n}", line=n + 1) for n in range(count)]


def sides(split: Split) -> dict[int, str]:
    """The side of each row, by its line."""
    return {
        **{conversation.line: "train" for conversation in split.train},
        **{conversation.line: "validation" for conversation in split.validation},
    }


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("count", [2, 3, 10, 100])
def test_both_sides_have_rows_in_the_order_of_the_file(count: int, share: float) -> None:
    for seed in SEEDS:
        split = hold_out(rows(count), share, seed)
        assert split.train
        assert split.validation
        assert sorted(sides(split)) == list(range(1, count + 1))
        for side in (split.train, split.validation):
            assert [conversation.line for conversation in side] == sorted(conversation.line for conversation in side)


def test_the_share_is_met_on_average() -> None:
    many = rows(5000)
    held_out = [len(hold_out(many, 0.1, seed).validation) for seed in range(8)]
    # A binomial of 5000 rows has a standard deviation of 21.2; 5 of them are passed once in 1.7 million draws.
    assert all(abs(count - 500) < 5 * 21.2 for count in held_out)
    assert abs(sum(held_out) / len(held_out) - 500) < 5 * 21.2 / 8**0.5
    assert len(set(held_out)) > 1


def test_seed_decides() -> None:
    assert hold_out(rows(50), 0.2, 1) == hold_out(rows(50), 0.2, 1)
    assert hold_out(rows(50), 0.2, 1) != hold_out(rows(50), 0.2, 2)


def test_place_decides_nothing() -> None:
    some = rows(50)
    assert sides(hold_out(some, 0.2, 1)) == sides(hold_out(some[::-1], 0.2, 1))
    elsewhere = [Conversation(one.messages, "b", one.line) for one in some]
    assert sides(hold_out(some, 0.2, 1)) == sides(hold_out(elsewhere, 0.2, 1))


def test_adding_and_removing_rows_moves_no_other() -> None:
    many = rows(300)
    for seed in SEEDS:
        some, all_of_them = sides(hold_out(many[::2], 0.2, seed)), sides(hold_out(many, 0.2, seed))
        assert some == {line: all_of_them[line] for line in some}


def test_another_answer_to_a_prompt_follows_it_and_moves_nothing() -> None:
    many = rows(100)
    for seed in SEEDS:
        before = sides(hold_out(many, 0.3, seed))
        more = [row(f"Question  {n} ", f"another {seed}", line=1000 + n) for n in range(100)]
        after = sides(hold_out([*more, *many], 0.3, seed))
        assert {line: after[line] for line in before} == before
        assert all(after[1000 + n] == before[n + 1] for n in range(100))


def test_what_belongs_together_is_on_one_side() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    families = [
        [row("same", "same", 1), row("same", "same", 2)],
        [row("Capital of  Spain?", "Madrid", 3), row("capital of spain? ", "It is Madrid", 4)],
        [row("A", line=5, group="g"), row("B", line=6, group="g")],
        [row("C", "c", 7, tools=(tool,)), row("C", "d", 8)],
        # A chain: one group with the first, a prompt with the second.
        [
            row("D", line=9, group="h"),
            row("E", line=10, group="h"),
            row("e", "y", 11, group="i"),
            row("F", line=12, group="i"),
        ],
    ]
    everything = [one for family in families for one in family] + [row(f"other {n}", line=100 + n) for n in range(20)]
    seen = set()
    for seed in SEEDS:
        split = hold_out(everything, 0.3, seed)
        found = sides(split)
        for family in families:
            assert len({found[one.line] for one in family}) == 1
        assert split.groups == len(families) + 20
        assert split.largest_group == 4
        seen.update(found[family[0].line] for family in families)
    assert seen == {"train", "validation"}


def test_rows_that_share_only_a_system_prompt_or_no_prompt_are_free() -> None:
    system = {"role": "system", "content": "Be brief."}
    texts = [Conversation(({"role": "assistant", "content": f"text {n}"},), "a", n, plain=True) for n in range(1, 20)]
    spoken = [Conversation((system, *one.messages), "a", 20 + one.line) for one in texts]
    assert hold_out([*texts, *spoken], 0.5, 1).groups == 38


def test_conversations_with_the_same_turns_before_the_last_answer() -> None:
    def talk(middle: str, last: str, line: int) -> Conversation:
        turns = ("user", "Hi"), ("assistant", middle), ("user", "And?"), ("assistant", last)
        return Conversation(tuple({"role": role, "content": text} for role, text in turns), "a", line)

    together = hold_out([talk("a", "b", 1), talk("A", "c", 2), row("z", line=3)], 0.5, 1)
    apart = hold_out([talk("a", "b", 1), talk("other", "b", 2), row("z", line=3)], 0.5, 1)
    assert (together.groups, apart.groups) == (2, 3)


def test_turns_without_text_are_compared_by_their_calls() -> None:
    def talk(argument: str, line: int) -> Conversation:
        call = {"type": "function", "function": {"name": "f", "arguments": {"x": argument}}}
        turns = [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "1"},
            {"role": "assistant", "content": "one"},
        ]
        return Conversation(tuple(turns), "a", line)

    assert hold_out([talk("a", 1), talk("a", 2), row("z", line=3)], 0.5, 1).groups == 2
    assert hold_out([talk("a", 1), talk("b", 2), row("z", line=3)], 0.5, 1).groups == 3


@pytest.mark.parametrize("count", [0, 1])
def test_one_row_is_too_few(count: int) -> None:
    with pytest.raises(DataError, match=r"data\.validation: none") as raised:
        hold_out(rows(count), 0.5, 1)
    assert [problem.code for problem in raised.value.problems] == ["too_few_to_split"]


def test_one_group_is_too_few_and_is_told_as_such() -> None:
    with pytest.raises(DataError, match="all 3 rows belong together") as raised:
        hold_out([row("a", str(n), n) for n in (1, 2, 3)], 0.5, 1)
    assert [problem.code for problem in raised.value.problems] == ["too_few_to_split"]


def test_the_facts() -> None:
    split = hold_out([*rows(9), row("question 0", "y", 10)], 0.2, 1)
    facts = split.as_dict()
    assert facts["train"] + facts["validation"] == 10
    assert (facts["groups"], facts["largest_group"], facts["asked_share"]) == (9, 2, 0.2)
    assert facts["share"] == len(split.validation) / 10


def test_references_are_written_and_name_content(tmp_path: Path) -> None:
    some = rows(10)
    split = hold_out(some, 0.3, 1)
    write_split(tmp_path / "splits", split.train, split.validation)
    written = {}
    for name, side in (("train", split.train), ("validation", split.validation)):
        lines = (tmp_path / "splits" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        written[name] = [json.loads(line) for line in lines]
        assert [(one["path"], one["line"]) for one in written[name]] == [(one.path, one.line) for one in side]
    hashes = [one["sha256"] for side in written.values() for one in side]
    assert len(set(hashes)) == 10
    again = hold_out([Conversation(one.messages, "b", one.line + 5) for one in some], 0.3, 1)
    write_split(tmp_path / "again", again.train, again.validation)
    moved = [json.loads(line) for line in (tmp_path / "again" / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [one["sha256"] for one in moved] == [one["sha256"] for one in written["train"]]
    assert sorted(path.name for path in (tmp_path / "splits").iterdir()) == ["train.jsonl", "validation.jsonl"]
