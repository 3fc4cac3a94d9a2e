"""Statistics of rows: quantiles, bins, padding, and a collector that keeps only numbers."""

import json
from array import array
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_finetune.data.encode import NOT_TRAINED, Example
from llm_finetune.data.lengths import (
    MOST_BINS,
    Histogram,
    LengthStats,
    padding_of_random_batches,
    padding_of_sorted_batches,
)
from llm_finetune.data.rows import Conversation
from llm_finetune.data.stats import MANY_TURNS, Limits, StatsCollector
from llm_finetune.data.tokens import TOKEN_TYPE

LENGTHS = st.lists(st.integers(1, 100_000), min_size=1, max_size=200).map(sorted)


def test_quantiles_are_values_that_occur() -> None:
    assert LengthStats.of(range(1, 101)) == LengthStats(50.5, 1, 50, 90, 99, 100)
    assert LengthStats.of([7]) == LengthStats(7.0, 7, 7, 7, 7, 7)
    assert LengthStats.of([1, 2]).p50 == 1


@given(LENGTHS)
def test_bins_hold_every_row_once(lengths: list[int]) -> None:
    bins: Any = Histogram.of(lengths).as_dict()["bins"]
    assert 1 <= len(bins) <= MOST_BINS + 1
    assert sum(entry["rows"] for entry in bins) == len(lengths)
    for entry in bins:
        assert entry["rows"] == sum(entry["from"] <= length <= entry["to"] for length in lengths)
    assert [entry["to"] + 1 for entry in bins[:-1]] == [entry["from"] for entry in bins[1:]]


def test_bins_double_where_a_few_rows_are_far_out() -> None:
    assert Histogram.of([20, 30, 40]).scale == "linear"
    assert Histogram.of([*range(20, 60), 30_000]).scale == "log"


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
def test_padding_of_random_batches_is_the_mean_over_all_batches(batch_size: int) -> None:
    lengths = sorted([3, 8, 9, 20, 21, 55])
    batches = list(combinations(lengths, batch_size))
    longest = sum(max(batch) for batch in batches) / len(batches)
    expected = 1 - (sum(lengths) / len(lengths)) / longest
    assert padding_of_random_batches(lengths, batch_size) == pytest.approx(expected, abs=1e-4)


@given(LENGTHS, st.integers(1, 16))
def test_sorting_pads_less(lengths: list[int], batch_size: int) -> None:
    assert 0 <= padding_of_sorted_batches(lengths, batch_size) < 1
    whole = lengths[: len(lengths) // batch_size * batch_size]
    if whole:
        by_length = padding_of_sorted_batches(whole, batch_size)
        assert by_length <= padding_of_random_batches(whole, batch_size) + 1e-3


def test_padding_of_sorted_batches_by_hand() -> None:
    # [9, 8] is padded to 18, [3] to 3: 1 - 20 / 21.
    assert padding_of_sorted_batches([3, 8, 9], 2) == pytest.approx(1 - 20 / 21, abs=1e-4)


def example(length: int, trained: int, line: int = 1) -> Example:
    ids = array(TOKEN_TYPE, range(100, 100 + length))
    labels = array(TOKEN_TYPE, [NOT_TRAINED] * (length - trained)) + ids[length - trained :]
    return Example(ids, labels, "rows.jsonl", line)


def conversation(*roles: str, line: int = 1, plain: bool = False) -> Conversation:
    return Conversation(tuple({"role": role, "content": "x"} for role in roles), "rows.jsonl", line, plain=plain)


def collector(max_length: int = 50, limit: int | None = None, **more: Any) -> StatsCollector:
    return StatsCollector(
        Limits(max_length, limit, min(max_length, limit or max_length)), batch_size=2, vocabulary=1000, **more
    )


def test_report_of_no_rows() -> None:
    assert collector().report() == {"rows": 0}


def test_report() -> None:
    stats = collector(max_length=50, limit=20, unknown_id=101)
    stats.add(example(10, 4, 1), conversation("user", "assistant", line=1))
    stats.add(example(30, 20, 2), conversation("system", "user", "assistant", line=2))
    stats.add(example(60, 5, 3), conversation("user", "assistant", line=3))
    report = stats.report()
    assert json.loads(json.dumps(report)) == report
    assert (report["rows"], report["tokens"], report["trained_tokens"]) == (3, 100, 29)
    assert report["trained_share"] == 0.29
    assert report["length"]["max"] == 60
    assert report["limits"] == {
        "max_length": 50,
        "position_limit": 20,
        "rows_over_max_length": 1,
        "rows_over_position_limit": 2,
        "prompts_over_limit": 1,
        "rows_without_trained_tokens": 0,
    }
    assert report["longest"][0] == {"path": "rows.jsonl", "line": 3, "tokens": 60}
    assert [row["line"] for row in report["longest"]] == [3, 2, 1]
    assert report["roles"] == {"user": 3, "assistant": 3, "system": 1}
    assert report["turns"] == {"2": 2, "3": 1}
    assert report["vocabulary"] == {"size": 1000, "used": 60, "unknown_tokens": 3, "rows_with_unknown": 3}
    assert report["batches"]["size"] == 2


def test_the_first_token_is_never_counted_as_trained() -> None:
    stats = collector()
    stats.add(example(5, 5), conversation("assistant", plain=True))
    stats.add(example(1, 1), conversation("assistant", plain=True))
    stats.add(example(3, 0), conversation("assistant", plain=True))
    report = stats.report()
    assert report["trained_tokens"] == 4
    assert report["limits"]["rows_without_trained_tokens"] == 2
    assert report["roles"] == {}


def test_only_the_ten_longest_are_kept_and_ties_go_by_place() -> None:
    stats = collector()
    for line in range(1, 101):
        stats.add(example(7 if line % 2 else 5, 2, line), conversation("user", "assistant", line=line))
    longest = stats.report()["longest"]
    assert [row["line"] for row in longest] == list(range(1, 20, 2))
    assert {row["tokens"] for row in longest} == {7}


def test_long_conversations_are_counted_together() -> None:
    stats = collector()
    for turns in (MANY_TURNS, MANY_TURNS + 5):
        stats.add(example(5, 2), conversation(*["user", "assistant"] * turns))
    assert stats.report()["turns"] == {f"{MANY_TURNS}+": 2}
