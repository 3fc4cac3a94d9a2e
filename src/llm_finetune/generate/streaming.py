"""The library's hook for new tokens, one at a time."""

from collections.abc import Callable

import torch
from transformers.generation.streamers import BaseStreamer


class TokenStreamer(BaseStreamer):  # type: ignore[misc]
    """Hands on every new token; the library's first call brings the prompt, which is left out."""

    def __init__(self, on_tokens: Callable[[list[int]], None]) -> None:
        self._on_tokens, self._prompt_seen = on_tokens, False

    def put(self, value: torch.Tensor) -> None:
        """Take the prompt (1, T), then new tokens (1,)."""
        if self._prompt_seen:
            self._on_tokens(value.flatten().tolist())
        self._prompt_seen = True

    def end(self) -> None:
        """Nothing is held back here."""
