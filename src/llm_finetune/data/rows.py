"""What is read and what it becomes: rows, and conversations made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
"""`{"role": …, "content": …}`, as chat templates take it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a data file, and where it stands."""

    values: Mapping[str, Any]
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order, from one row. The last turn is the assistant's."""

    messages: tuple[Message, ...]
    path: str
    line: int

    @property
    def prompt(self) -> list[Message]:
        """The turns before the last answer."""
        return list(self.messages[:-1])

    @property
    def reference(self) -> str:
        """The last answer."""
        return str(self.messages[-1]["content"])
