"""Overlapping pieces of folded texts as numbers: two characters where they are Han or kana, four elsewhere.

A text has as many shingles as characters: windows that reach over its end are filled with zeros.
"""

from typing import TYPE_CHECKING

from llm_finetune.data.content.folding import unspaced_table

if TYPE_CHECKING:
    import numpy

    from llm_finetune.data.content.folding import Codes, Offsets

    Hashes = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]]
    Counts = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]

LETTERS, HAN_CHARACTERS = 4, 2
"""Characters of a shingle. Measured on generated rows: shorter ones are shared by unrelated texts, longer ones lose a
short text to one typing error."""
BUCKET_BITS = 21
"""Shingles are counted in 2 million buckets (8 MiB), whatever the number of rows."""


class Shingles:
    """Makes shingles, and counts how often each was seen."""

    def __init__(self) -> None:
        import numpy

        self._unspaced = unspaced_table()
        self._counts = numpy.zeros(1 << BUCKET_BITS, dtype=numpy.int32)

    def hashes(self, codes: "Codes", offsets: "Offsets") -> "Hashes":
        """One number for each character of the texts between the offsets: what begins there."""
        import numpy

        wide = codes.astype(numpy.uint64)
        packed, unspaced = wide << numpy.uint64(48), self._unspaced[codes]
        for step in range(1, LETTERS):
            ahead = numpy.zeros_like(wide)
            ahead[:-step] = wide[step:]
            over = (offsets[1:, None] - numpy.arange(1, step + 1)).ravel()
            ahead[over[over >= 0]] = 0
            if step >= HAN_CHARACTERS:
                ahead[unspaced] = 0
            packed |= ahead << numpy.uint64(48 - 16 * step)
        return mixed(packed)

    def whole(self, codes: "Codes") -> "Hashes":
        """The shingles of one text that do not reach over its end."""
        import numpy

        places = numpy.arange(len(codes))
        sizes = numpy.where(self._unspaced[codes], HAN_CHARACTERS, LETTERS)
        return self.hashes(codes, numpy.array([0, len(codes)]))[places + sizes <= len(codes)]

    def count(self, hashes: "Hashes") -> None:
        """Count these shingles once more."""
        import numpy

        self._counts += numpy.bincount(_buckets(hashes), minlength=1 << BUCKET_BITS).astype(numpy.int32)

    def seen(self, hashes: "Hashes") -> "Counts":
        """How often each of these shingles was counted (at least)."""
        import numpy

        return self._counts[_buckets(hashes)].astype(numpy.int64)


def mixed(numbers: "Hashes") -> "Hashes":
    """Numbers whose bits depend on all bits of those given (the finaliser of MurmurHash3, A. Appleby)."""
    import numpy

    numbers = numbers ^ (numbers >> numpy.uint64(33))
    numbers *= numpy.uint64(0xFF51AFD7ED558CCD)
    numbers ^= numbers >> numpy.uint64(33)
    numbers *= numpy.uint64(0xC4CEB9FE1A85EC53)
    numbers ^= numbers >> numpy.uint64(33)
    return numbers


def distinct(numbers: "Hashes") -> "Hashes":
    """Each number once, sorted; ten times as fast as `numpy.unique` of numpy 2.4, which hashes."""
    import numpy

    numbers = numpy.sort(numbers)
    return numbers[numpy.concatenate(([True], numbers[1:] != numbers[:-1]))] if len(numbers) else numbers


def _buckets(hashes: "Hashes") -> "Counts":
    import numpy

    return (hashes >> numpy.uint64(64 - BUCKET_BITS)).astype(numpy.int64)
