"""Which rows are held out."""

import pytest

from llm_finetune.data.rows import Conversation
from llm_finetune.data.split import split
from llm_finetune.errors import DataError


def conversations(count: int) -> list[Conversation]:
    return [
        Conversation(({"role": "user", "content": str(n)}, {"role": "assistant", "content": "x"}), "a", n + 1)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "share", "held_out"), [(2, 0.1, 1), (3, 0.1, 1), (10, 0.1, 1), (100, 0.2, 20), (2, 0.9, 1)]
)
def test_sizes(count: int, share: float, held_out: int) -> None:
    train, validation = split(conversations(count), share, seed=1)
    assert (len(train), len(validation)) == (count - held_out, held_out)
    assert sorted(row.line for row in (*train, *validation)) == list(range(1, count + 1))
    assert [row.line for row in train] == sorted(row.line for row in train)


def test_seed_decides() -> None:
    rows = conversations(50)
    assert split(rows, 0.2, 1) == split(rows, 0.2, 1)
    assert split(rows, 0.2, 1) != split(rows, 0.2, 2)


def test_order_of_the_file_does_not_decide() -> None:
    rows = conversations(50)
    one, other = split(rows, 0.2, 1), split(rows[::-1], 0.2, 1)
    assert {row.line for row in one[1]} == {row.line for row in other[1]}


def test_one_row_is_too_few() -> None:
    with pytest.raises(DataError, match=r"data\.validation: none"):
        split(conversations(1), 0.5, 1)
