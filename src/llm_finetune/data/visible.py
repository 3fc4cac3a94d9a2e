"""Text of a data file as it may be shown: nothing in it moves the cursor, hides, or turns the line around.

Control characters become their Unicode pictures (ESC is ␛), hidden and bidirectional ones their number (‹U+202E›).
Knows no terminal and no HTML.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence

SHOWN_CHARACTERS = 80
"""Characters of a row's text that a message quotes."""

_CONTROL_PICTURES = 0x2400
_DELETE, _DELETE_PICTURE = 0x7F, "␡"
_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER = "\u200d", "\u200c"
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[\n\t\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u3001-\u3163\u3165-\ud7ff\uff01-\uff9f]*")
"""Characters that are never hidden; texts of nothing else, nearly all of them, need no second look."""
_VISIBLE_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Signs in front of Arabic, Syriac and Kaithi numbers: format characters that have a shape."""
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0")
"""Letters and marks without a shape, which other categories hold."""
_SELECTORS = (("\ufe00", "\ufe0d"), ("\U000e0100", "\U000e01ef"))
"""Variation selectors beside those two that choose between text and emoji."""


def visible(text: str, *, lines: bool = True) -> str:
    """The text with every hidden character spelled out; line breaks and tabs stay if `lines` is set."""
    return "".join(piece if is_plain else spelled(piece) for piece, is_plain in visible_pieces(text, lines=lines))


def visible_pieces(text: str, *, lines: bool = True) -> list[tuple[str, bool]]:
    """The text in runs: those shown as they are (True), and hidden characters one by one (False)."""
    return pieces_between(text, hidden_places(text, lines=lines), 0, len(text))


def hidden_places(text: str, *, lines: bool = True) -> list[int]:
    """Where the hidden characters are, in order. What stands beside a joiner decides whether it is one."""
    if lines and _PLAIN.fullmatch(text):
        return []
    return [
        index for index, character in enumerate(text) if _is_hidden(text, index) or (not lines and character in "\n\t")
    ]


def pieces_between(text: str, hidden: Sequence[int], start: int, stop: int) -> list[tuple[str, bool]]:
    """A part of a text in runs, as `visible_pieces` gives them."""
    pieces: list[tuple[str, bool]] = []
    for index in hidden[bisect_left(hidden, start) : bisect_left(hidden, stop)]:
        if index > start:
            pieces.append((text[start:index], True))
        pieces.append((text[index], False))
        start = index + 1
    if start < stop:
        pieces.append((text[start:stop], True))
    return pieces


def spelled(character: str) -> str:
    """How a hidden character is shown."""
    code = ord(character)
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    return _DELETE_PICTURE if code == _DELETE else f"‹U+{code:04X}›"


def quoted(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The beginning of a text on one line, for a message."""
    shown = visible(text[: limit + 1], lines=False)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def on_one_line(text: str) -> str:
    """A whole message on one line."""
    return visible(text, lines=False)


def _is_hidden(text: str, index: int) -> bool:
    character = text[index]
    if " " <= character <= "~" or character in "\n\t":
        return False
    if character in {_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER}:
        return not _joins(text, index)
    if character in _HIDDEN_LETTERS or any(first <= character <= last for first, last in _SELECTORS):
        return True
    return unicodedata.category(character) in _HIDDEN_CATEGORIES and character not in _VISIBLE_FORMATS


def _joins(text: str, index: int) -> bool:
    """Whether a joiner stands where writing needs it: inside an emoji, or in Persian and Indic words."""
    before = text[index - 1] if index else " "
    after = text[index + 1] if index + 1 < len(text) else " "
    return all(_takes_joiners(character) for character in (before, after))


def _takes_joiners(character: str) -> bool:
    if character == "\ufe0f" or unicodedata.category(character) in {"So", "Sk", "Mn", "Mc"}:
        return True
    return "\u0600" <= character <= "\u0fff" or "\u2600" <= character <= "\u27bf"
