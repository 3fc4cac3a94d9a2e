"""Cut a text where its tokens are cut, so that every character and every token is shown exactly once.

Knows no rows and no tokenizer: tokens come as ids with the characters they stand for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its id, the characters it stands for, and what becomes of it."""

    id: int
    span: Span
    trained: bool
    special: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """The smallest part of a text that whole tokens stand for; without any where no token holds its characters."""

    text: str
    ids: tuple[int, ...] = ()
    trained: bool = False
    special: bool = False
    name: str = ""
    """What is shown in place of a text: the spelling of tokens that stand for no characters."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of segments with the same fate."""

    segments: tuple[Segment, ...]
    trained: bool
    special: bool

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(segment.text for segment in self.segments)

    @property
    def shown(self) -> str:
        """Its characters, and the spelling of tokens that have none."""
        return "".join(segment.text or segment.name for segment in self.segments)

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return sum(len(segment.ids) for segment in self.segments)


def segments_of(text: str, tokens: Sequence[Token], name_of: Callable[[int], str]) -> list[Segment]:
    """The text in segments. Tokens that share characters, such as the bytes of an emoji, share a segment.

    Characters that no token holds, which some tokenizers drop, count as trained between trained ones.
    """
    segments: list[Segment] = []
    shown = 0
    for group in _overlapping(tokens):
        start, stop = group[0].span[0], max(token.span[1] for token in group)
        if start > shown:
            between = bool(segments) and segments[-1].trained and group[0].trained
            segments.append(Segment(text[shown:start], trained=between))
        part = text[max(start, shown) : stop]
        ids = tuple(token.id for token in group)
        name = "" if part else " ".join(name_of(token) for token in ids)
        segments.append(Segment(part, ids, group[0].trained, group[0].special, name))
        shown = max(shown, stop)
    if shown < len(text):
        segments.append(Segment(text[shown:]))
    return segments


def _overlapping(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Tokens of the same fate whose characters overlap, together."""
    group: list[Token] = []
    stop = 0
    for token in tokens:
        if group and (token.span[0] >= stop or _fate(token) != _fate(group[0])):
            yield group
            group, stop = [], 0
        group.append(token)
        stop = max(stop, token.span[1])
    if group:
        yield group


def _fate(token: Token) -> tuple[bool, bool]:
    return token.trained, token.special


def pieces_of(segments: Iterable[Segment]) -> list[Piece]:
    """Runs of segments with the same fate. Each special token stands alone."""
    pieces = []
    for (trained, special), run in groupby(segments, key=lambda segment: (segment.trained, segment.special)):
        members = tuple(run)
        if special:
            pieces += [Piece((member,), trained, special) for member in members]
        else:
            pieces.append(Piece(members, trained, special))
    return pieces


def texts_of_trained(segments: Iterable[Segment]) -> list[str]:
    """The trained texts, each as long as it goes."""
    runs = groupby(segments, key=lambda segment: segment.trained)
    return ["".join(segment.text for segment in run) for trained, run in runs if trained]
