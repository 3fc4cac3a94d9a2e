"""Tokens to text, piece by piece. Knows no model.

One character may be spread over several tokens (Chinese, emoji); until it is whole, nothing of it is shown.
Pieces are decoded together with the tokens before them, since many tokenizers write a word's leading space
only in context.
"""

from collections.abc import Callable, Sequence

_INCOMPLETE = "\ufffd"
"""What byte-level tokenizers give for a character of which bytes are missing."""


class TextPieces:
    """Gives the text that each new token completes."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self.ids: list[int] = []
        self._context_start = 0
        self._shown_until = 0

    def add(self, ids: Sequence[int]) -> str:
        """The text that these tokens complete; empty while a character is incomplete."""
        self.ids += ids
        piece, whole = self._pending()
        if not whole:
            return ""
        self._context_start, self._shown_until = self._shown_until, len(self.ids)
        return piece

    def rest(self) -> str:
        """What is still held back, with a mark for a character that was never completed."""
        piece, _ = self._pending()
        self._context_start = self._shown_until = len(self.ids)
        return piece

    @property
    def text(self) -> str:
        """All the text so far, decoded at once."""
        return self._decode(self.ids)

    def _pending(self) -> tuple[str, bool]:
        """The text after what is shown, and whether it ends with a whole character."""
        shown = self._decode(self.ids[self._context_start : self._shown_until])
        text = self._decode(self.ids[self._context_start :])
        piece = text[len(shown) :]
        return piece, bool(piece) and not piece.endswith(_INCOMPLETE)
