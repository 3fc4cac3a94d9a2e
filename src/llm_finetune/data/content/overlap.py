"""Validation rows that are among the training rows, by their hashes. Knows nothing of rows that are only similar."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_finetune.data.content.exact import ExactDuplicates, Place
from llm_finetune.data.findings import KEPT_OF_A_KIND

if TYPE_CHECKING:
    from llm_finetune.data.content.exact import Indices, Numbers
    from llm_finetune.data.content.folding import Flags


@dataclass(frozen=True, slots=True)
class Overlap:
    """Validation rows that training sees."""

    rows: int
    """Validation rows that are equal to a training row."""
    prompts: int
    """Further validation rows whose prompt is trained on, with another answer."""
    examples: tuple[tuple[Place, Place], ...]
    """The first of them all: the training row, and the validation row."""
    equal: tuple[bool, ...]
    """For each example whether the rows are equal."""


def overlap(train: ExactDuplicates, validation: ExactDuplicates) -> Overlap:
    """Which rows of `validation` are among those of `train`."""
    import numpy

    if not len(train.places) or not len(validation.places):
        return Overlap(0, 0, (), ())
    same, row_at = _found(train.rows, validation.rows)
    asked, prompt_at = _found(train.prompts, validation.prompts)
    asked &= (validation.prompts != 0) & ~same
    first = numpy.flatnonzero(same | asked)[:KEPT_OF_A_KIND].tolist()
    examples = tuple(
        (train.places.at(int(row_at[row] if same[row] else prompt_at[row])), validation.places.at(row)) for row in first
    )
    return Overlap(int(same.sum()), int(asked.sum()), examples, tuple(bool(same[row]) for row in first))


def _found(known: "Numbers", asked: "Numbers") -> tuple["Flags", "Indices"]:
    """Which numbers are known, and where each is first."""
    import numpy

    order = known.argsort(kind="stable")
    place = numpy.minimum(numpy.searchsorted(known, asked, sorter=order), len(known) - 1)
    at = order[place]
    return known[at] == asked, at
