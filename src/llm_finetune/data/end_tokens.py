"""How a template ends an answer. Knows spellings of tokens, and renders nothing itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from llm_finetune.data.control import any_of


@dataclass(frozen=True, slots=True)
class EndTokens:
    """The tokens that may stand behind an answer, by how sure it is that they end it."""

    ends: re.Pattern[str]
    """Tokens known to end an answer, and the one the template writes behind a text."""
    special: re.Pattern[str]
    added: re.Pattern[str]

    @classmethod
    def of(cls, ends: Iterable[str], special: Iterable[str], added: Iterable[str]) -> "EndTokens":
        """From spellings."""
        return cls(any_of(ends), any_of(special), any_of(added))

    def behind_text(self, text: str, start: int) -> re.Match[str] | None:
        """The end-of-turn token behind a text that stops at `start`, where nothing but constants follow.

        It is the first special token, or one known to end an answer that follows it without a gap.
        """
        first = found = self.special.search(text, start) or self.added.search(text, start)
        while found is not None and not self.ends.fullmatch(found[0]):
            found = self.added.match(text, found.end())
        return found or first

    def behind_calls(self, text: str, start: int) -> re.Match[str] | None:
        """The end-of-turn token behind tool calls, which may hold other control tokens."""
        return self.ends.search(text, start) or next(iter(reversed([*self.special.finditer(text, start)])), None)
