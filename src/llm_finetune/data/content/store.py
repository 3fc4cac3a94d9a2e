"""The folded texts of a bounded number of rows, two bytes a character, for checks that compare rows with each other.

Knows no check. Memory is bounded by rows and by characters; what does not fit is counted and left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_finetune.data.content.exact import Places
from llm_finetune.data.content.folding import Folder, numeral_table, spelled_codes
from llm_finetune.data.content.shingles import mixed
from llm_finetune.data.content.texts import prompt_and_answer
from llm_finetune.data.rows import Conversation

if TYPE_CHECKING:
    from llm_finetune.data.content.folding import Codes, Offsets
    from llm_finetune.data.content.shingles import Hashes

BATCH_ROWS = 512
END_CHARACTERS = 2000
"""Of a longer text the beginning and the end are kept, this many characters each."""
CHARACTERS = 100_000_000
"""Characters kept in all: 200 MB, which is 200,000 rows of 500 characters."""
VALIDATION_SHARE = 4
"""Validation rows have room of their own, one part in four of that for training rows."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `texts` has the offsets of prompt and answer in turn, so row n is texts 2n and 2n + 1."""

    codes: "Codes"
    texts: "Offsets"
    numerals: "Hashes"
    """A number for the numerals of each row in their order; rows with other numerals say something else."""

    @property
    def rows(self) -> "Offsets":
        """Where each row begins, and where the last one ends."""
        return self.texts[::2]


class RowStore:
    """Takes rows until it is full."""

    def __init__(self, rows: int) -> None:
        self._room = {
            "train": (rows, CHARACTERS),
            "validation": (rows // VALIDATION_SHARE, CHARACTERS // VALIDATION_SHARE),
        }
        self._folder: Folder | None = None
        self._waiting: list[str] = []
        self._batches: list[Batch] = []
        self.digests = bytearray()
        """The 8-byte hash of each row as it was before folding."""
        self.sides = bytearray()
        """1 for a validation row."""
        self.places = Places()
        self.left_out = 0
        """Rows that did not fit."""

    def __len__(self) -> int:
        return len(self.places)

    def add(self, conversation: Conversation, digest: bytes, side: str) -> None:
        """Keep a row, or count it as left out if it does not fit."""
        prompt, answer = map(_ends, prompt_and_answer(conversation))
        rows, characters = self._room[side]
        size = len(prompt) + len(answer)
        if rows <= 0 or characters < size:
            self.left_out += 1
            return
        self._room[side] = rows - 1, characters - size
        self._waiting += (prompt, answer)
        self.digests += digest
        self.sides.append(side == "validation")
        self.places.add(conversation.path, conversation.line)
        if len(self._waiting) == 2 * BATCH_ROWS:
            self._fold()

    def batches(self) -> Iterator[Batch]:
        """All rows, in order."""
        self._fold()
        yield from self._batches

    def texts(self, row: int) -> tuple[str, str]:
        """Prompt and answer of a row, folded."""
        batch, index = self._batches[row // BATCH_ROWS], 2 * (row % BATCH_ROWS)
        begin, middle, end = batch.texts[index : index + 3]
        return spelled_codes(batch.codes[begin:middle]), spelled_codes(batch.codes[middle:end])

    def _fold(self) -> None:
        if self._waiting:
            self._folder = self._folder or Folder()
            folded = self._folder.folded(self._waiting)
            self._batches.append(Batch(folded.codes, folded.offsets, numeral_hashes(folded.codes, folded.offsets[::2])))
            self._waiting = []


def numeral_hashes(codes: "Codes", rows: "Offsets") -> "Hashes":
    """A number for the numerals of each row: which, in which order, and where each run of them begins; 0 for none."""
    import numpy

    places = numpy.flatnonzero(numeral_table()[codes])
    result = numpy.zeros(len(rows) - 1, dtype=numpy.uint64)
    if not len(places):
        return result
    row_of = numpy.searchsorted(rows, places, side="right") - 1
    firsts = numpy.flatnonzero(numpy.concatenate(([True], row_of[1:] != row_of[:-1])))
    begins_run = numpy.concatenate(([True], numpy.diff(places) != 1))
    number_in_row = numpy.arange(len(places)) - numpy.repeat(firsts, numpy.diff([*firsts, len(places)]))
    values = codes[places] | begins_run.astype(numpy.uint64) << numpy.uint64(16)
    values |= number_in_row.astype(numpy.uint64) << numpy.uint64(20)
    result[row_of[firsts]] = numpy.add.reduceat(mixed(values.astype(numpy.uint64)), firsts)
    return result


def _ends(text: str) -> str:
    if len(text) <= 2 * END_CHARACTERS:
        return text
    return f"{text[:END_CHARACTERS]}\n{text[-END_CHARACTERS:]}"
