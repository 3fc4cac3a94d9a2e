"""What is looked for in the text of each row by itself: secrets, personal data, hidden characters, script.

A cheap question comes first everywhere, because nearly all rows hold nothing of the kind.
"""

from collections import Counter
from typing import Any

from llm_finetune.data.content.exact import Place
from llm_finetune.data.content.hidden import REPLACEMENT, hidden_characters
from llm_finetune.data.content.notices import Notices, shown
from llm_finetune.data.content.personal import personal_data
from llm_finetune.data.content.script import ScriptCheck
from llm_finetune.data.content.secrets import may_hold_secret, secrets_in
from llm_finetune.messages import say

NAMED_REPLACEMENT = f"U+{ord(REPLACEMENT):04X}"


class Scans:
    """Looks at one text after another."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._script = ScriptCheck()
        self._secrets: Counter[str] = Counter()
        self._personal: Counter[str] = Counter()
        self._hidden: Counter[str] = Counter()

    def add(self, text: str, place: Place) -> None:
        """Look at the text of a row."""
        if not text.isascii():
            self._script.add(text, *place)
            if hidden := hidden_characters(text):
                self._tell_hidden(hidden, place)
        if may_hold_secret(text):
            self._tell_secrets(text, place)
        if personal := personal_data(text):
            self._personal += personal
            kinds = ", ".join(f"{say(f'data.personal_data.{kind}')} ×{count}" for kind, count in personal.items())
            self._notices.add("personal_data", place, kinds=kinds)

    def sections(self) -> dict[str, Any]:
        """What was counted, as JSON values; warns of a mixed script."""
        script = self._script.report()
        if script.unchecked:
            self._notices.add("script_unchecked")
        if script.is_mixed:
            share, rows = f"{script.share:.2%}", script.rows
            first = ", ".join(map(shown, script.first[:5]))
            self._notices.add("simplified_in_traditional", script.first[0], share=share, rows=rows, first=first)
        return {
            "secrets": dict(self._secrets),
            "personal_data": dict(self._personal),
            "hidden_characters": dict(self._hidden),
            "script": {
                "traditional": script.traditional,
                "simplified": script.simplified,
                "rows_with_simplified": script.rows,
                "first": list(map(shown, script.first)),
            },
        }

    def _tell_secrets(self, text: str, place: Place) -> None:
        for secret in secrets_in(text):
            self._secrets[secret.kind] += 1
            self._notices.add("possible_secret", place, kind=secret.kind, masked=secret.masked)

    def _tell_hidden(self, hidden: Counter[str], place: Place) -> None:
        self._hidden += hidden
        if replaced := hidden.pop(NAMED_REPLACEMENT, 0):
            self._notices.add("replacement_character", place, count=replaced)
        if hidden:
            found = ", ".join(f"{name} ×{count}" for name, count in sorted(hidden.items()))
            self._notices.add("hidden_characters", place, found=found)
