"""Simplified characters in a set that is mostly Traditional Chinese. Only counts; converts nothing.

A character is Simplified only if OpenCC writes it otherwise in Traditional Chinese and Taiwan's Big5 (cp950) lacks it,
or it is one of a few that Big5 has and nobody writes: 台, 里, 后, 只 and the like are right in both scripts.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_finetune.data.content.exact import Place
from llm_finetune.data.findings import KEPT_OF_A_KIND

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

    from llm_finetune.data.content.exact import Indices
    from llm_finetune.data.content.folding import Flags

    Classes = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint8]]

BATCH_ROWS = 512
TRADITIONAL, SIMPLIFIED = 1, 2
HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF))
HAN_CODES = 0xA000
KANA = (0x3041, 0x30FA)
"""A text with kana is Japanese, which has simplified characters of its own."""
IN_BIG5_BUT_SIMPLIFIED = frozenset("万与优价体党听坏复异怀怜扑扰据机极构柜气洁痒种离胜腊虫触适蚕茧荐网执亚")
MOSTLY = 0.8
"""Share of Traditional among the characters that differ, from which a set is meant to be Traditional."""


@dataclass(frozen=True, slots=True)
class ScriptReport:
    """What was counted. Characters that are the same in both scripts do not count."""

    traditional: int
    simplified: int
    rows: int
    """Rows with a Simplified character."""
    first: tuple[Place, ...]
    unchecked: bool
    """Whether there is Chinese text that could not be looked at, because OpenCC is not installed."""

    @property
    def share(self) -> float:
        """Simplified characters among those that differ between the scripts."""
        return self.simplified / max(1, self.simplified + self.traditional)

    @property
    def is_mixed(self) -> bool:
        """Whether a set that is mostly Traditional holds Simplified characters."""
        return 0 < self.share <= 1 - MOSTLY


class ScriptCheck:
    """Counts the characters of rows, a batch at a time."""

    def __init__(self) -> None:
        self._classes: Classes | None = None
        self._waiting: list[str] = []
        self._places: list[Place] = []
        self._traditional = self._simplified = self._rows = 0
        self._first: list[Place] = []
        self._unchecked = False

    def add(self, text: str, path: str, line: int) -> None:
        """Count a text that may hold Chinese."""
        self._waiting.append(text)
        self._places.append((path, line))
        if len(self._waiting) >= BATCH_ROWS:
            self._count()

    def report(self) -> ScriptReport:
        """What was counted so far."""
        self._count()
        return ScriptReport(self._traditional, self._simplified, self._rows, tuple(self._first), self._unchecked)

    def _count(self) -> None:
        import numpy

        waiting, places = self._waiting, self._places
        self._waiting, self._places = [], []
        codes = numpy.frombuffer("".join(waiting).encode("utf-32-le", "surrogatepass"), "<u4")
        codes = numpy.where(codes < HAN_CODES, codes, 0)
        if self._unchecked or not (codes >= HAN[0][0]).any():
            return
        if self._classes is None:
            try:
                self._classes = script_classes()
            except ImportError:
                self._unchecked = True
                return
        starts = numpy.cumsum([0, *map(len, waiting)])
        is_chinese = _counts((codes >= KANA[0]) & (codes <= KANA[1]), starts) == 0
        classes = self._classes[codes]
        simplified = _counts(classes == SIMPLIFIED, starts) * is_chinese
        self._traditional += int((_counts(classes == TRADITIONAL, starts) * is_chinese).sum())
        self._simplified += int(simplified.sum())
        self._keep(numpy.flatnonzero(simplified).tolist(), places)

    def _keep(self, rows: "Sequence[int]", places: "Sequence[Place]") -> None:
        self._rows += len(rows)
        self._first += [places[row] for row in rows[: KEPT_OF_A_KIND - len(self._first)]]


def _counts(flags: "Flags", starts: "Indices") -> "Indices":
    """How many flags are set between neighbouring starts."""
    import numpy

    return numpy.diff(numpy.concatenate(([0], numpy.cumsum(flags)))[starts])


def script_classes() -> "Classes":
    """For each character below U+A000 whether it is only Traditional, only Simplified, or neither.

    Raises: ImportError if OpenCC is not installed.
    """
    import numpy
    from opencc import OpenCC

    # One a line: OpenCC converts words, and neighbours in the code chart may make one.
    characters = [chr(code) for first, last in HAN for code in range(first, last + 1)]
    both = "\n".join(characters)
    traditional, simplified = (OpenCC(name).convert(both).split("\n") for name in ("s2t", "t2s"))
    classes = numpy.zeros(HAN_CODES, dtype=numpy.uint8)
    for character, as_traditional, as_simplified in zip(characters, traditional, simplified, strict=True):
        if character != as_traditional and (character in IN_BIG5_BUT_SIMPLIFIED or not _in_big5(character)):
            classes[ord(character)] = SIMPLIFIED
        elif character != as_simplified:
            classes[ord(character)] = TRADITIONAL
    return classes


def _in_big5(character: str) -> bool:
    try:
        character.encode("cp950")
    except UnicodeEncodeError:
        return False
    return True
