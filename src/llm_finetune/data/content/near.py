"""Near duplicates: rows that differ from an earlier one by a few edits. Knows no file and no message.

1. Shingles that stand in many rows (the phrases of a template) are left out.
2. rensa makes a MinHash of what is left: two rows agree in a column as often as their shingles overlap (Jaccard).
3. Rows are sorted by several columns at once, many times over; neighbours in such an order are candidates. The work is
   a fixed amount for each row, however many rows share their phrasing.
4. Of each row the most similar candidates are compared word by word (`alignment`).
Rows with other numerals are never near duplicates: another number is another fact.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from llm_finetune.data.content.alignment import few_edits
from llm_finetune.data.content.shingles import Shingles, distinct, mixed
from llm_finetune.data.content.store import BATCH_ROWS, RowStore

if TYPE_CHECKING:
    import numpy

    from llm_finetune.data.content.exact import Indices
    from llm_finetune.data.content.folding import Codes, Flags, Offsets
    from llm_finetune.data.content.shingles import Counts, Hashes

    Letters = numpy.ndarray[tuple[int, int], numpy.dtype[numpy.uint8]]
    Digests = numpy.ndarray[tuple[int, int], numpy.dtype[numpy.uint32]]

COLUMNS = 32
SEED = 20_260_101
ORDERS = 20
NEIGHBOURS = 2
LEAST_AGREEING = 12
"""Columns in which candidates must agree: a Jaccard index of about 0.25 between what is their own."""
COMPARED = 3
"""Candidates of a row that are compared word by word."""
OWN_SHARE = 0.5
"""The rarest shingles of a row are its own; the others are phrases that it shares with many."""
LEAST_OWN = 10
"""A row with fewer shingles keeps all."""
LEVELS = 80
"""Shingles are put in order by how often they were seen, four levels for each doubling: exact enough, and fast."""
LETTER_GROUPS = 64
OTHER_LETTERS, CHARACTERS_PER_OTHER_LETTER = 2, 100
"""Characters that a near duplicate may have instead of others."""
SHORTEST_CHARACTERS = 12
"""Of a shorter row one changed letter makes another row: `q → a` and `s q → a` are no copies."""
SEEN_ONCE_ROWS = 20_000
"""In a large set even a slip is made more than once: `seen once` allows one more for as many rows."""
_CHUNK_PAIRS, _CHUNK_SHINGLES = 1 << 18, 1 << 21


class NearDuplicates:
    """Searches the rows of a store."""

    def __init__(self, store: RowStore) -> None:
        self._store = store
        self._batches = list(store.batches())
        self._shingles = Shingles()

    def pairs(self) -> Iterator[tuple[int, int]]:
        """For each row that is a near duplicate: an earlier row, and the row itself."""
        import numpy

        rows = self._distinct_rows()
        if len(rows) < 2:
            return
        self._count(rows)
        numerals = numpy.concatenate([batch.numerals for batch in self._batches])[rows]
        letters = numpy.concatenate([letter_counts(batch.codes, batch.rows) for batch in self._batches])[rows]
        found = -1
        for earlier, later in closest(self._digests()[rows], numerals, letters):
            if later != found and self._is_near(int(rows[earlier]), int(rows[later])):
                found = later
                yield int(rows[earlier]), int(rows[later])

    def _distinct_rows(self) -> "Indices":
        """The first of all rows that are exactly equal; rows too short to be compared are left out."""
        import numpy

        if not self._batches:
            return numpy.zeros(0, dtype=numpy.int64)
        first = numpy.unique(numpy.frombuffer(self._store.digests, dtype=numpy.uint64), return_index=True)[1]
        lengths = numpy.concatenate([numpy.diff(batch.rows) for batch in self._batches])
        first.sort()
        return first[lengths[first] >= SHORTEST_CHARACTERS]

    def _count(self, rows: "Indices") -> None:
        """Count the shingles of these rows."""
        import numpy

        counted = numpy.zeros(len(self._store), dtype=numpy.bool_)
        counted[rows] = True
        waiting: list[Hashes] = []
        for number, batch in enumerate(self._batches):
            flags = counted[number * BATCH_ROWS :][: len(batch.numerals)]
            hashes = self._shingles.hashes(batch.codes, batch.rows)
            waiting.append(hashes[numpy.repeat(flags, numpy.diff(batch.rows))])
            # Counting passes over all buckets each time, so it pays to do it seldom.
            if sum(map(len, waiting)) > _CHUNK_SHINGLES or number == len(self._batches) - 1:
                self._shingles.count(numpy.concatenate(waiting))
                waiting = []

    def _digests(self) -> "Digests":
        """The MinHash of each row: (rows, columns)."""
        import numpy
        from rensa import RMinHash  # type: ignore[import-untyped]

        parts = []
        for batch in self._batches:
            hashes = self._shingles.hashes(batch.codes, batch.rows)
            own = rarest(self._shingles.seen(hashes), batch.rows)
            offsets = numpy.concatenate(([0], numpy.cumsum(own)))[batch.rows]
            matrix = RMinHash.digest_matrix_from_flat_token_hashes(
                hashes[own], offsets.astype(numpy.uint64), COLUMNS, SEED
            )
            parts.append(numpy.array(matrix.to_rows(), dtype=numpy.uint32).reshape(-1, COLUMNS))
        return numpy.concatenate(parts)

    def _is_near(self, earlier: int, later: int) -> bool:
        once = 1 + len(self._store) // SEEN_ONCE_ROWS
        return few_edits(self._store.texts(earlier), self._store.texts(later), self._seen, once)

    def _seen(self, text: str) -> Sequence[int]:
        """How often each whole shingle of a text was counted."""
        import numpy

        codes = numpy.frombuffer(text.encode("utf-16-le"), dtype="<u2")
        return self._shingles.seen(self._shingles.whole(codes)).tolist()


def rarest(seen: "Counts", rows: "Offsets") -> "Flags":
    """Which shingles are among the rarest of their row; more than the share where several were seen as often."""
    import numpy

    sizes, number = numpy.diff(rows), len(rows) - 1
    level = numpy.minimum(4 * numpy.log2(numpy.maximum(seen, 1).astype(numpy.float32)), LEVELS - 1).astype(numpy.int64)
    in_row = numpy.repeat(numpy.arange(number) * LEVELS, sizes)
    counts = numpy.bincount(in_row + level, minlength=number * LEVELS).reshape(number, LEVELS)
    wanted = numpy.minimum(numpy.maximum(OWN_SHARE * sizes, LEAST_OWN), sizes)
    last = (numpy.cumsum(counts, axis=1) < wanted[:, None]).sum(axis=1)
    kept: Flags = level <= numpy.repeat(last, sizes)
    return kept


def letter_counts(codes: "Codes", rows: "Offsets") -> "Letters":
    """How often each character is in each row, in 64 groups of characters: (rows, 64)."""
    import numpy

    number = len(rows) - 1
    group = numpy.repeat(numpy.arange(number) * LETTER_GROUPS, numpy.diff(rows)) + codes % LETTER_GROUPS
    counts = numpy.bincount(group, minlength=number * LETTER_GROUPS)
    return numpy.minimum(counts, 255).astype(numpy.uint8).reshape(number, LETTER_GROUPS)


def closest(digests: "Digests", numerals: "Hashes", letters: "Letters") -> Iterator[tuple[int, int]]:
    """Pairs of rows that may be near duplicates, sorted by the later row, the most similar first."""
    import numpy

    pairs = distinct(numpy.concatenate(list(_neighbours(digests, numerals))))
    earlier, later = (pairs & numpy.uint64(0xFFFFFFFF)).astype(int), (pairs >> numpy.uint64(32)).astype(int)
    likely = numpy.zeros(len(pairs), dtype=numpy.bool_)
    agreeing = numpy.zeros(len(pairs), dtype=numpy.uint8)
    for begin in range(0, len(pairs), _CHUNK_PAIRS):
        chunk = slice(begin, begin + _CHUNK_PAIRS)
        first, second = earlier[chunk], later[chunk]
        agreeing[chunk] = (digests[first] == digests[second]).sum(axis=1, dtype=numpy.uint8)
        likely[chunk] = (agreeing[chunk] >= LEAST_AGREEING) & (numerals[first] == numerals[second])
        kept = numpy.flatnonzero(likely[chunk])
        likely[chunk][kept] = _few_letters(letters[first[kept]], letters[second[kept]])
    earlier, later, agreeing = earlier[likely], later[likely], agreeing[likely]
    order = numpy.lexsort((earlier, COLUMNS - agreeing, later))
    compared, current = 0, -1
    for index in order.tolist():
        row = int(later[index])
        compared = compared + 1 if row == current else 1
        current = row
        if compared <= COMPARED:
            yield int(earlier[index]), row


def _few_letters(first: "Letters", second: "Letters") -> "Flags":
    """Whether one of two rows has hardly a character that the other lacks, as after an insertion or a slip."""
    import numpy

    more = numpy.maximum(first, second).sum(axis=1, dtype=numpy.int32)
    sizes = first.sum(axis=1, dtype=numpy.int32), second.sum(axis=1, dtype=numpy.int32)
    smaller = numpy.minimum(*sizes)
    few: Flags = more - numpy.maximum(*sizes) <= OTHER_LETTERS + smaller // CHARACTERS_PER_OTHER_LETTER
    return few


def _neighbours(digests: "Digests", numerals: "Hashes") -> Iterator["Hashes"]:
    """Rows that stand beside each other when sorted by some columns: the later row in the upper 32 bits."""
    import numpy

    mask = numpy.uint64(0xFFFF)
    number = (mixed(numerals.copy()) & mask) << numpy.uint64(48)
    for order in range(ORDERS):
        key = number.copy()
        for place, step in enumerate((0, 5, 11)):
            column = digests[:, (order + step) % COLUMNS].astype(numpy.uint64) & mask
            key |= column << numpy.uint64(32 - 16 * place)
        rows = key.argsort()
        head = key[rows] >> numpy.uint64(32)
        for distance in range(1, NEIGHBOURS + 1):
            same = head[distance:] == head[:-distance]
            first, second = rows[:-distance][same], rows[distance:][same]
            yield numpy.maximum(first, second).astype(numpy.uint64) << numpy.uint64(32) | numpy.minimum(
                first, second
            ).astype(numpy.uint64)
