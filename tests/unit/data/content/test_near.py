"""Near duplicates: recall and false alarms on generated rows, and the single steps."""

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_finetune.data.content.alignment import few_edits
from llm_finetune.data.content.exact import digests
from llm_finetune.data.content.folding import Folder, spelled_codes
from llm_finetune.data.content.near import NearDuplicates
from llm_finetune.data.content.shingles import Shingles, distinct
from llm_finetune.data.content.store import BATCH_ROWS, END_CHARACTERS, RowStore
from llm_finetune.data.rows import Conversation

Make = Callable[..., Conversation]


def pairs(rows: list[Conversation], limit: int = 100_000) -> list[tuple[int, int]]:
    store = RowStore(limit)
    for row in rows:
        store.add(row, digests(row)[0], "train")
    return list(NearDuplicates(store).pairs())


def folded(*texts: str) -> list[str]:
    result = Folder().folded(texts)
    return [
        spelled_codes(result.codes[begin:end]).rstrip()
        for begin, end in zip(result.offsets, result.offsets[1:], strict=False)
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_recall_and_false_alarms(make_planted: Callable[..., Any], language: str) -> None:
    planted = make_planted(language, 2000, 300, 7)
    later = {second for _, second in pairs(planted.rows)}
    found = later & planted.near.keys()
    assert len(planted.near) > 250
    assert len(found) >= 0.95 * len(planted.near)
    assert len(later - planted.near.keys()) <= 0.01 * 2000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_small_set(make_planted: Callable[..., Any], language: str) -> None:
    planted = make_planted(language, 60, 20, 3)
    later = {second for _, second in pairs(planted.rows)}
    assert len(later & planted.near.keys()) >= 0.9 * len(planted.near)
    assert not later - planted.near.keys()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Capital of Spain?", "capital of  Spain? "),
        ("How do I reset my password?", "How do I reset my pasword?"),
        ("How do I reset my password?", "How do I quickly reset my password?"),
        ("How do I reset my password?", "How do I my reset password?"),
        ("請問台北車站怎麼走", "請問，台北車站怎麼走？"),
        ("請問台北車站要怎麼走才快", "請問台北車占要怎麼走才快"),
        ("我想查詢台北 101 的營業時間", "我想查詢台北101的營業時間"),
        ("ＡＢＣ　ｓｔｏｒｅ", "abc store"),
        ("Where is the café open today", "Where is the cafe\u0301 open today"),
    ],
)
def test_found(make_row: Make, first: str, second: str) -> None:
    rows = [make_row(first, "The answer to it.", 1), make_row("Best pet?", "A cat.", 2)]
    rows.append(make_row(second, "The answer to it.", 3))
    assert pairs(rows) == [(0, 2)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Capital of Spain?", "Madrid."), ("Capital of Japan?", "Tokyo.")),
        (("What is 3 + 4?", "7 it is."), ("What is 3 + 5?", "8 it is.")),
        (("Set an alarm for 7 am", "ok then"), ("Set an alarm for 8 am", "ok then")),
        (("幫我訂三個人的位子", "訂餐廳"), ("幫我訂五個人的位子", "訂餐廳")),
        (
            ("Passage: a long text about Rome. Who built it?", "Romulus."),
            ("Passage: a long text about Rome. Who built it?", "Nobody knows."),
        ),
        (("fly from Paris to Rome tomorrow", "flight"), ("fly from Rome to Paris tomorrow", "flight")),
        (("Is it good?", "Yes."), ("Is it good?", "No.")),
    ],
)
def test_other_facts_are_no_duplicates(make_row: Make, first: tuple[str, str], second: tuple[str, str]) -> None:
    assert pairs([make_row(*first, 1), make_row(*second, 2)]) == []


def test_equal_rows_are_left_to_the_exact_search(make_row: Make) -> None:
    rows = [make_row("How do I reset it", "Like this.", line) for line in (1, 2, 3)]
    assert pairs([*rows, make_row("How do I reset it?", "Like this.", 4)]) == [(0, 3)]


def test_nothing_and_empty_texts(make_row: Make) -> None:
    assert pairs([]) == []
    assert pairs([make_row("?", "!", 1)]) == []
    assert pairs([make_row("?", "!", 1), make_row("…", "。", 2), make_row("👍", "ok", 3)]) == []


def test_the_same_phrase_in_many_rows_hides_no_copy(make_row: Make) -> None:
    preface = "Below is an instruction that describes a task. Write a response that completes the request. "
    rows = [
        make_row(f"{preface}Tell me of the word {name} please", f"About {name}.", line)
        for line, name in enumerate(
            [f"{first}{second}{third}" for first in "bdfgkl" for second in "aeiou" for third in ("mno", "rst", "zaq")],
            1,
        )
    ]
    rows.append(make_row(f"{preface}Tell me of the word bamno, please!", "About bamno.", 200))
    assert pairs(rows) == [(0, len(rows) - 1)]


def test_long_texts_keep_their_ends(make_row: Make) -> None:
    words = [f"w{number}x" for number in range(3000)]
    text = " ".join(words).replace("w1500x", "inner")
    store = RowStore(10)
    row = make_row(text, "yes")
    store.add(row, digests(row)[0], "train")
    list(store.batches())
    assert len(store.texts(0)[0]) <= 2 * END_CHARACTERS + 2
    assert store.texts(0)[0].startswith("w0x w1x")
    assert store.texts(0)[0].endswith("w2999x ")


def test_the_store_counts_what_does_not_fit(make_row: Make) -> None:
    store = RowStore(4)
    for line, side in enumerate(["train"] * 6 + ["validation"] * 3, 1):
        store.add(make_row(f"q{line}", "a", line), bytes([line] * 8), side)
    assert (len(store), store.left_out, list(store.sides)) == (5, 4, [0, 0, 0, 0, 1])
    assert store.places.at(4) == ("train.jsonl", 7)


def test_texts_of_every_batch(make_row: Make) -> None:
    store = RowStore(2000)
    for line in range(BATCH_ROWS + 3):
        store.add(make_row(f"question {line}", f"answer {line}", line), line.to_bytes(8, "little"), "train")
    assert sum(len(batch.numerals) for batch in store.batches()) == BATCH_ROWS + 3
    assert store.texts(BATCH_ROWS + 1) == (f"question {BATCH_ROWS + 1} ", f"answer {BATCH_ROWS + 1} ")


def test_folding() -> None:
    texts = {
        "Straße ①  ＡＢ-c": "strase 1 ab c",
        "…": "",
        "台 北, 101 ok": "台北101 ok",
        "a\u200bb\u00ad": "ab",
        "한국 어": "한국 어",
        "\ud83d x": "x",
        "é e\u0301": "e e",
        "がか\u3099": "がか\u3099",
    }
    assert folded(*texts) == list(texts.values())
    assert folded("👍 👍🏽")[0][0] == folded("👍")[0]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_text_folds_the_same_in_any_company(texts: list[str]) -> None:
    assert folded(*texts) == [folded(text)[0] for text in texts]


@given(st.lists(st.text("ab 台北c1", max_size=12), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_shingles_stop_at_the_end_of_a_row(texts: list[str]) -> None:
    shingles = Shingles()
    together = Folder().folded(texts)
    alone = [Folder().folded([text]) for text in texts]
    expected = [shingles.hashes(each.codes, each.offsets) for each in alone]
    assert (shingles.hashes(together.codes, together.offsets) == numpy.concatenate(expected)).all()


def test_distinct_numbers() -> None:
    numbers = numpy.array([3, 1, 3, 2, 1], dtype=numpy.uint64)
    assert distinct(numbers).tolist() == [1, 2, 3]
    assert distinct(numbers[:0]).tolist() == []


@pytest.mark.parametrize(
    ("first", "second", "seen", "near"),
    [
        ("see iran at dawn today", "see iraq at dawn today", 5, False),
        ("see irann at dawn today", "see iran at dawn today", 1, True),
        ("see the cat at dawn", "see the car at dawn", 1, False),
        ("a b c d", "b a c d", 9, True),
        ("an ice cream for two of us", "an icecream for two of us", 9, True),
        ("yes", "yes sir", 1, False),
        ("one two three four five six", "one two three four five six seven eight nine", 1, False),
    ],
)
def test_few_edits(first: str, second: str, seen: int, near: bool) -> None:
    assert few_edits((first, "same"), (second, "same"), lambda text: [seen]) is near
    assert few_edits((second, "same"), (first, "same"), lambda text: [seen]) is near


def test_rows_of_a_few_letters_are_no_copies_of_each_other(make_row: Make) -> None:
    assert pairs([make_row("s1\n\ns2", "a", 1), make_row("q", "a", 2), make_row("q b", "a", 3)]) == []
