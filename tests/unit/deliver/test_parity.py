"""Comparing logits."""

import math

import pytest
import torch

from llm_finetune.deliver.parity import MAX_ROW_TOKENS, largest_difference, mean_divergence, probe_rows


def test_the_divergence_of_equal_models_is_0_and_a_shift_is_none() -> None:
    logits = torch.randn(4, 9)
    assert mean_divergence([logits], [logits]) == 0
    assert mean_divergence([logits], [logits + 3]) == pytest.approx(0, abs=1e-7)


def test_the_divergence_is_a_mean_over_positions_of_all_rows() -> None:
    even, tilted = torch.zeros(1, 2), torch.tensor([[math.log(3.0), 0.0]])
    one = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert mean_divergence([even], [tilted]) == pytest.approx(one)
    assert mean_divergence([even, even.repeat(3, 1)], [tilted, even.repeat(3, 1)]) == pytest.approx(one / 4)


def test_the_largest_difference_is_over_all_rows_and_sees_what_is_no_number() -> None:
    zeros = torch.zeros(2, 3)
    assert largest_difference([zeros, zeros], [zeros, zeros - 0.5]) == 0.5
    assert largest_difference([zeros], [torch.full((2, 3), float("nan"))]) == math.inf
    assert largest_difference([zeros, zeros], [torch.full((2, 3), float("nan")), zeros]) == math.inf


def test_rows_are_cut_and_counted_by_the_memory_of_their_logits() -> None:
    rows = [[1] * 500, [2], [3] * 50]
    assert [len(row) for row in probe_rows(rows, 100)] == [MAX_ROW_TOKENS, 1, 50]
    assert [len(row) for row in probe_rows(rows, 500_000)] == [MAX_ROW_TOKENS]
    assert [len(row) for row in probe_rows(rows, 10**9)] == [MAX_ROW_TOKENS]


def test_without_rows_there_is_nothing_to_compare_on() -> None:
    with pytest.raises(ValueError, match="no rows"):
        probe_rows([[]], 10)
