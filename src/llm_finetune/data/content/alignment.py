"""Whether two folded texts differ by a few edits only: a slip of the pen, a word more or less, two words exchanged.

Rows made from one template differ by a word as well (`Rome` for `Oslo`). What tells them apart: a slip makes something
that stands nowhere else, so at least one side of a replacement must hold a piece that was seen only once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

Seen = Callable[[str], Sequence[int]]
"""How often each whole piece of a text stands in all rows."""

_HAN = "\u3040-\u30ff\u3400-\u9fff\ue000-\ufaff"
_TOKEN = re.compile(f"[{_HAN}]|[^{_HAN} ]+")
_IS_HAN = re.compile(f"[{_HAN}]")
HAN_WEIGHT = 0.5
"""A Han character counts as half a word."""
WORDS_PER_EDIT = 6
"""One edit is allowed for as many words, and one in any row of `SHORTEST_EDITED`."""
SHORTEST_EDITED = 3
WORDS_PER_REPLACEMENT = 80
"""A long text may have one word replaced by another for as many words."""
HAN_PER_INSERTION = 3
LONGEST_EXCHANGE, LONGEST_SHUFFLE = 8, 4
SHORTEST_SLIP = 4
"""Letters of a word that may be misspelt; of a shorter one, another letter makes another word."""
LONG_WORD = 8
"""Letters from which a word may hold two slips side by side."""
RARER = 20
"""A misspelling is so many times rarer than the word, at least."""


def few_edits(first: Sequence[str], second: Sequence[str], seen: Seen, once: int = 1) -> bool:
    """Whether two rows, given as their folded texts, are near duplicates.

    `once` is how often a piece may be seen that still counts as standing nowhere else.
    """
    edits, weight = 0, 0.0
    for old, new in zip(first, second, strict=True):
        before = _TOKEN.findall(old)
        after = before if old == new else _TOKEN.findall(new)
        shorter = min(before, after, key=len)
        words = len(shorter) if old.isascii() else _weight(shorter)
        weight += words
        for change in _changes(before, after) if old != new else ():
            cost = change.edits(seen, once)
            if not cost and change.words > words // WORDS_PER_REPLACEMENT:
                return False
            edits += cost or change.words
    return edits <= (max(1, weight // WORDS_PER_EDIT) if weight >= SHORTEST_EDITED else 0)


def _weight(tokens: Sequence[str]) -> float:
    return sum(HAN_WEIGHT if len(token) == 1 and _IS_HAN.match(token) else 1 for token in tokens)


class _Stretch:
    """Some tokens of a text that are not the same in the other text."""

    def __init__(self, tokens: Sequence[str], begin: int, end: int) -> None:
        self.tokens = tokens[begin:end]
        self.joined = "".join(self.tokens)
        self.is_han = _IS_HAN.match(self.joined) is not None
        self._neighbours = (tokens[begin - 1] if begin else "", tokens[end] if end < len(tokens) else "")

    @property
    def words(self) -> int:
        """How many words it is; up to three Han characters are one."""
        return -(-len(self.tokens) // HAN_PER_INSERTION) if self.is_han else len(self.tokens)

    @property
    def in_context(self) -> str:
        """Its characters with what touches them."""
        if not self.is_han:
            return f" {' '.join(self.tokens)} "
        before, after = self._neighbours
        return f"{before[-1:]}{self.joined}{after[:1]}"


class _Change:
    """A stretch of one text and what stands in its place in the other."""

    def __init__(self, old: _Stretch, new: _Stretch) -> None:
        self.old, self.new = old, new

    @property
    def words(self) -> int:
        """How many words differ."""
        return max(self.old.words, self.new.words)

    def edits(self, seen: Seen, once: int) -> int:
        """How many edits it is, or 0 where one thing was replaced by another."""
        old, new = self.old, self.new
        if not old.tokens or not new.tokens:
            return self.words
        if old.joined == new.joined or _exchanged(old, new):
            return 1
        if old.is_han or new.is_han:
            return int(len(old.joined) == len(new.joined) == 1 and _unattested(old, new, seen, once, max))
        return int(_alike(old.joined, new.joined) and _unattested(old, new, seen, once, min))


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[_Change]:
    """Where two texts differ; places one word apart are one."""
    start, end = _common_ends(before, after)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if min(len(old), len(new)) <= 1:
        yield _Change(_Stretch(before, start, start + len(old)), _Stretch(after, start, start + len(new)))
        return
    places: list[list[int]] = []
    for kind, *bounds in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if places and _weight(before[start + places[-1][1] : start + bounds[0]]) <= 1:
            places[-1][1], places[-1][3] = bounds[1], bounds[3]
        else:
            places.append(bounds)
    for a, b, c, d in places:
        yield _Change(_Stretch(before, start + a, start + b), _Stretch(after, start + c, start + d))


def _exchanged(old: _Stretch, new: _Stretch) -> bool:
    """Whether two neighbouring parts changed places."""
    first, second = old.tokens, new.tokens
    if len(first) != len(second) or len(first) > LONGEST_EXCHANGE:
        return False
    if old.is_han and len(first) <= LONGEST_SHUFFLE and sorted(first) == sorted(second):
        return True  # Parts that share a character: only some of what was exchanged shows.
    return any([*first[split:], *first[:split]] == second for split in range(1, len(first)))


def _alike(first: str, second: str) -> bool:
    """Whether two words differ by one letter more, less or other, or by two that changed places."""
    shorter, longer = sorted((len(first), len(second)))
    if longer < SHORTEST_SLIP:
        return False
    start, end = _common_ends(first, second)
    rest = first[start : len(first) - end], second[start : len(second) - end]
    room = 2 if shorter >= LONG_WORD else 1
    return max(map(len, rest)) <= room or (len(rest[0]) == 2 and rest[0] == rest[1][::-1])


def _unattested(old: _Stretch, new: _Stretch, seen: Seen, once: int, measure: Callable[[Sequence[int]], int]) -> bool:
    """Whether one side of a replacement stands nowhere else, or next to nowhere."""
    counts = [seen(stretch.in_context) for stretch in (old, new)]
    if not all(counts):
        return False
    rarer, other = sorted(measure(count) for count in counts)
    return rarer <= once or rarer * RARER <= other


def _common_ends(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """How many items two sequences share at the beginning, and behind that at the end."""
    length = min(len(first), len(second))
    start = next((index for index in range(length) if first[index] != second[index]), length)
    room = length - start
    end = next((index for index in range(room) if first[-1 - index] != second[-1 - index]), room)
    return start, end
