"""Texts reduced to what makes them the same to a reader: width, case, blanks and punctuation do not count.

Every character becomes one 16-bit number, a whole batch of texts at a time. Knows no rows.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

    Codes = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint16]]
    Flags = numpy.ndarray[tuple[int], numpy.dtype[numpy.bool_]]
    Offsets = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]

BLANK = 32
_DROPPED = 0
_OUTSIDE_FIRST, _OUTSIDE_NUMBER = 0xE000, 0x1900
"""Characters beyond 16 bits (emoji, rare Han) share the 6,400 numbers of the private area."""
_ATTACHED_MARK = 200
"""Combining classes from here on are accents above and below letters, which a near duplicate may lack."""
NUMERALS = "0123456789二三四五六七八九十百千萬万兩两"
"""Characters whose change makes another fact. `一` is not here: 一下, 一起 and the like are no numbers."""
_UNSPACED = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xE000, 0xFAFF))
"""Kana, Han, and what stands for characters beyond 16 bits: written without blanks, so these do not count there."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Some folded texts, one behind the other."""

    codes: "Codes"
    offsets: "Offsets"
    """Where each text begins, and at the end where the last one ends."""


class Folder:
    """Folds batches of texts; learns each character the first time it appears."""

    def __init__(self) -> None:
        import numpy

        self._table = numpy.zeros(0x110000, dtype=numpy.uint16)
        self._known = numpy.zeros(0x110000, dtype=numpy.bool_)
        self._unspaced = unspaced_table()

    def folded(self, texts: Sequence[str]) -> Folded:
        """The folded form of some texts."""
        import numpy

        # The line break ends a text in a blank, so that what follows begins without one.
        raw = numpy.frombuffer("".join([text + "\n" for text in texts]).encode("utf-32-le", "surrogatepass"), "<u4")
        ends = numpy.cumsum([0, *(len(text) + 1 for text in texts)])
        self._learn(raw)
        codes = self._table[raw]
        if not codes.all():
            codes, ends = _kept(codes, ends, codes != _DROPPED)
        blank = codes == BLANK
        codes, ends = _kept(codes, ends, ~(blank & numpy.concatenate(([True], blank[:-1]))))
        unspaced = self._unspaced[codes]
        if unspaced.any():
            ahead = numpy.concatenate((unspaced[1:], [False]))
            ahead[ends[ends > 0] - 1] = False  # The next text is no neighbour.
            beside = numpy.concatenate(([False], unspaced[:-1])) | ahead
            codes, ends = _kept(codes, ends, ~((codes == BLANK) & beside))
        return Folded(codes, ends)

    def _learn(self, raw: "numpy.ndarray[tuple[int], numpy.dtype[numpy.uint32]]") -> None:
        import numpy

        new = raw[~self._known[raw]]
        for code in numpy.unique(new).tolist() if len(new) else ():
            self._table[code] = fold(chr(code))
            self._known[code] = True


def fold(character: str) -> int:
    """The number of a character: 0 is left out, 32 separates."""
    category = unicodedata.category(character)
    if category == "Cf" or unicodedata.combining(character) >= _ATTACHED_MARK:
        return _DROPPED
    if category[0] in "PZC":
        return BLANK
    decomposed = unicodedata.normalize("NFKD", character)
    accents = all(unicodedata.combining(mark) >= _ATTACHED_MARK for mark in decomposed[1:])
    plain = decomposed if accents else unicodedata.normalize("NFKC", character)
    code = ord((plain.casefold() or character)[0])
    return code if code <= 0xFFFF else _OUTSIDE_FIRST + code % _OUTSIDE_NUMBER


def unspaced_table() -> "Flags":
    """Which folded characters are words of their own."""
    import numpy

    table = numpy.zeros(0x10000, dtype=numpy.bool_)
    for first, last in _UNSPACED:
        table[first : last + 1] = True
    return table


def numeral_table() -> "Flags":
    """Which folded characters are numerals."""
    import numpy

    table = numpy.zeros(0x10000, dtype=numpy.bool_)
    table[[ord(numeral) for numeral in NUMERALS]] = True
    return table


def _kept(codes: "Codes", offsets: "Offsets", kept: "Flags") -> tuple["Codes", "Offsets"]:
    """The codes that are kept, and where the texts begin then."""
    import numpy

    before = numpy.concatenate(([0], numpy.cumsum(kept)))
    return codes[kept], before[offsets]


def spelled_codes(codes: "Codes") -> str:
    """Folded codes as a text to split and compare; private numbers stay what they are."""
    return codes.astype("<u2").tobytes().decode("utf-16-le")
