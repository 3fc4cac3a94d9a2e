"""Batches of row numbers become steps, tokens and shapes."""

from dataclasses import dataclass
from typing import Any

from llm_finetune.engine.batch import collate
from llm_finetune.plan.steps import (
    BatchShape,
    PlannedBatch,
    RowSize,
    Steps,
    count_steps,
    evaluation_shapes,
    evenly,
    shape_of,
)


@dataclass
class Row:
    input_ids: list[int]
    labels: list[int]


def row(length: int, first: int) -> Row:
    return Row([1] * length, [-100] * first + [1] * (length - first))


ROWS = [row(5, 3), row(9, 2), row(7, 6), row(4, 0), row(12, 11), row(6, 4), row(8, 8)]
SIZES = [RowSize.of(each) for each in ROWS]


def test_shapes_are_those_of_the_real_batches() -> None:
    for members in ([0], [1, 4], [2, 3, 5], [6, 0], list(range(7))):
        batch: dict[str, Any] = collate([ROWS[index] for index in members], 0)
        shape = shape_of([SIZES[index] for index in members])
        assert (shape.rows, shape.length) == tuple(batch["input_ids"].shape)
        assert shape.kept == batch["logits_to_keep"]


def test_tokens_and_padding_are_counted_as_often_as_rows_are_seen() -> None:
    epochs = [[[0, 1], [2, 3], [4]], [[4, 3], [2, 1], [0]]]
    made = count_steps(SIZES[:5], epochs, 6, 1)
    assert made.tokens == 2 * sum(len(each.input_ids) for each in ROWS[:5])
    assert made.trained == 2 * (2 + 7 + 1 + 3 + 1)
    assert made.padding == (4 + 3 + 0) + (8 + 2 + 0)
    assert (made.steps, made.epochs) == (6, 2.0)


def test_a_run_ends_after_its_steps_and_an_epoch_with_a_short_one() -> None:
    epochs = [[[0], [1], [2]], [[2], [1], [0]]]
    made = count_steps(SIZES[:3], epochs, 3, 2)
    assert [batch.members for batch in made.batches] == [(0,), (1,), (2,), (2,), (1,)]
    assert made.epochs == 5 / 3


def test_the_largest_batch_is_found_by_tokens_or_by_logits() -> None:
    long, many = PlannedBatch((0,), BatchShape(2, 100, 10)), PlannedBatch((1,), BatchShape(2, 90, 80))
    made = Steps(2, 1.0, (many, long), 0, 0, 0)
    assert made.longest is long
    assert made.most_by(1, 1) is many
    assert made.most_by(1, 0) is long


def test_held_out_rows_share_batches_by_length() -> None:
    shapes = evaluation_shapes(SIZES, 3)
    assert [(shape.rows, shape.length) for shape in shapes] == [(3, 12), (3, 7), (1, 4)]


def test_a_choice_of_batches_comes_from_all_sizes() -> None:
    batches = [PlannedBatch((), BatchShape(1, length, 1)) for length in (9, 1, 5, 3, 7, 2, 8, 4)]
    assert [batch.shape.length for batch in evenly(batches, 4)] == [2, 4, 7, 9]
    assert len(evenly(batches[:2], 4)) == 2
