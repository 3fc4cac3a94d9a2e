"""How sources of different weights are repeated and mixed."""

from collections import Counter
from itertools import pairwise

import pytest

from llm_finetune.data.blend import blend
from llm_finetune.data.encode import Example


def examples(path: str, count: int) -> list[Example]:
    return [Example([ord(path[0]), n], [-100, n], path, n + 1) for n in range(count)]


A, B = examples("a", 40), examples("b", 10)


def lines(blended: tuple[Example, ...], path: str) -> Counter[int]:
    return Counter(example.line for example in blended if example.path == path)


@pytest.mark.parametrize("weights", [{}, {"a": 1.0}, {"a": 1.0, "b": 1.0}, {"elsewhere": 3.0}])
def test_equal_weights_change_nothing(weights: dict[str, float]) -> None:
    assert blend([*A, *B], weights, 1) == (*A, *B)
    assert blend([], {"a": 2.0}, 1) == ()


@pytest.mark.parametrize(
    ("weight", "count"), [(2, 80), (1.5, 60), (0.5, 20), (2.25, 90), (0.1, 4), (1.1, 44), (0.001, 1), (1.001, 40)]
)
def test_a_weight_is_whole_copies_and_a_share(weight: float, count: int) -> None:
    blended = blend([*A, *B], {"a": weight}, 1)
    found = lines(blended, "a")
    assert sum(found.values()) == count
    assert set(found.values()) <= {int(weight), int(weight) + 1}
    assert lines(blended, "b") == Counter(range(1, 11))


def test_a_larger_share_holds_the_smaller_and_the_seed_decides() -> None:
    def taken(weight: float, seed: int) -> set[int]:
        return set(lines(blend([*A, *B], {"a": weight}, seed), "a"))

    for seed in range(5):
        nested = [taken(weight / 20, seed) for weight in range(1, 20)]
        assert all(one <= other for one, other in pairwise(nested))
    assert taken(0.5, 1) == taken(0.5, 1)
    assert taken(0.5, 1) != taken(0.5, 2)


def test_rows_added_to_a_source_leave_the_order_of_the_others() -> None:
    fewer = lines(blend(A[:39], {"a": 0.5}, 1), "a")
    more = lines(blend(A, {"a": 0.5}, 1), "a")
    assert len(set(fewer) - set(more)) <= 1


def test_every_stretch_holds_the_sources_in_proportion() -> None:
    blended = blend([*A, *B], {"a": 1.5, "b": 3.0}, 1)  # 60 of one, 30 of the other
    assert len(blended) == 90
    for start in range(len(blended) - 9):
        assert 5 <= sum(example.path == "a" for example in blended[start : start + 9]) <= 7
    assert blend([*A, *B], {"a": 1.5, "b": 3.0}, 1) == blended
    copies = [example.line for example in blended if example.path == "b"]
    assert copies == [*range(1, 11)] * 3
