"""Which encoding bytes are in: UTF-8, UTF-16 by its first bytes, and guesses for the rest. Knows no rows."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from llm_finetune.data.read.faults import fault
from llm_finetune.errors import Problem

_MARKS: tuple[tuple[bytes, str, str], ...] = (
    # Byte order mark, codec, and its name; UTF-32 first, because its mark begins with that of UTF-16.
    (b"\xff\xfe\x00\x00", "utf-32-le", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32-be", "UTF-32"),
    (b"\xff\xfe", "utf-16-le", "UTF-16"),
    (b"\xfe\xff", "utf-16-be", "UTF-16"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
)
_ZEROS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    # Where the zeros stand in the first four bytes of ASCII text without a mark.
    (re.compile(rb"[^\0]\0\0\0", re.DOTALL), "utf-32-le", "UTF-32"),
    (re.compile(rb"\0\0\0[^\0]", re.DOTALL), "utf-32-be", "UTF-32"),
    (re.compile(rb"[^\0]\0[^\0]\0", re.DOTALL), "utf-16-le", "UTF-16"),
    (re.compile(rb"\0[^\0]\0[^\0]", re.DOTALL), "utf-16-be", "UTF-16"),
)
_TWO_TOGETHER = re.compile("[^\\x00-\\x7f]{2}")


@dataclass(frozen=True, slots=True)
class Unicode:
    """How a text says it is encoded."""

    codec: str
    name: str
    mark: bytes = b""
    """The byte order mark it begins with."""


def unicode_of(head: bytes) -> Unicode:
    """The Unicode encoding that the first bytes show; UTF-8 where they show none."""
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            return Unicode(codec, name, mark)
    for zeros, codec, name in _ZEROS:
        if zeros.match(head):
            return Unicode(codec, name)
    return Unicode("utf-8", "UTF-8")


def transcoded(pieces: Iterable[bytes], codec: str, cut_off: Callable[[], None]) -> Iterator[bytes]:
    """The text as UTF-8; half characters pass, and their line is refused later. `cut_off` is called for an odd end."""
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        cut_off()


def encoding_problem(line: bytes, shown: str, number: int, *, bytes_before: int = 0) -> Problem:
    """The problem of a line that is not UTF-8: which byte, what it looks like, and what to do."""
    halves = _halves(line)
    if halves == "lone":
        return fault("lone_surrogate", shown, number)
    byte = bytes_before + _first_bad(line) + 1
    if halves or _is_mostly_utf8(line):
        wording = "cesu8_text" if halves else "damaged_text"
        return replace(fault(wording, shown, number, byte=byte), code="bad_encoding")
    codec, name = likely_encoding(line)
    return fault("bad_encoding", shown, number, byte=byte, guess=name, codec=codec)


def likely_encoding(line: bytes) -> tuple[str, str]:
    """The encoding that a text which is not UTF-8 seems to be in: the name `iconv` knows, and the one people know."""
    scores = [(_share_of_common(line, east), east) for east in _EASTERN]
    share, best = max(scores, key=lambda scored: scored[0])
    if share >= _LEAST_SHARE_OF_COMMON:
        return best.codec, best.name
    try:
        line.decode("cp1252")
    except UnicodeDecodeError:
        return "ISO-8859-1", "latin-1"
    return "CP1252", "cp1252 (Western European)"


@dataclass(frozen=True, slots=True)
class _Eastern:
    """An encoding of two bytes a character, and where its everyday characters stand."""

    codec: str
    name: str
    common: tuple[tuple[int, int], ...]
    must: tuple[int, int] | None = None
    """A range that real text uses a good deal."""
    least_trail: int = 0


_LEAST_SHARE_OF_COMMON = 0.75
_EASTERN = (
    # Punctuation, then the everyday half of the characters; rare ones stand behind them.
    _Eastern("CP950", "cp950 (Big5)", ((0xA140, 0xA3BF), (0xA440, 0xC67E))),
    _Eastern("GB18030", "gb18030 (GBK)", ((0xA1A1, 0xA3FE), (0xB0A1, 0xD7F9)), least_trail=0xA1),
    _Eastern("CP932", "cp932 (Shift_JIS)", ((0x8140, 0x84BE), (0x889F, 0x9872)), must=(0x829F, 0x8396)),
)
_LEAST_SHARE_OF_MUST = 0.2


def _share_of_common(line: bytes, east: _Eastern) -> float:
    """The share of everyday characters if the text is read so; 0 if it cannot be, or no two stand together."""
    try:
        text = line.decode(east.codec)
    except UnicodeDecodeError:
        return 0.0
    if not _TWO_TOGETHER.search(text):
        return 0.0
    codes = [int.from_bytes(one.encode(east.codec), "big") for one in text if one > "\x7f"]
    if east.must and sum(east.must[0] <= code <= east.must[1] for code in codes) < _LEAST_SHARE_OF_MUST * len(codes):
        return 0.0
    common = sum(
        any(first <= code <= last for first, last in east.common) and code & 0xFF >= east.least_trail for code in codes
    )
    return common / len(codes)


def _first_bad(line: bytes) -> int:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _is_mostly_utf8(line: bytes) -> bool:
    """Whether more characters beyond ASCII are whole in UTF-8 than broken."""
    text = line.decode("utf-8", "replace")
    broken = text.count("\ufffd") - line.count("\ufffd".encode())
    return sum(one > "\x7f" for one in text) > 2 * broken


def _halves(line: bytes) -> Literal["", "lone", "pairs"]:
    """Whether all that is wrong are halves of characters, each written like a character of its own."""
    try:
        text = line.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return ""
    try:
        text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return "lone"
    return "pairs"
