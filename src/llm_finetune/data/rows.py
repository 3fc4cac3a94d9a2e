"""What is read and what it becomes: sources, rows, and conversations made of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_finetune.errors import Problem

Message = dict[str, Any]
"""`{"role": …, "content": …}`, as chat templates take it; an assistant turn may hold `tool_calls` instead of text."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of rows, and how it is read."""

    path: Path
    shown: str
    """The path used in messages."""
    weight: float = 1.0
    """How often each row is seen in one epoch."""
    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    """The user's column for a field expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a data file, and where it stands."""

    values: Mapping[str, Any]
    path: str
    line: int
    """The physical line it begins on, from 1; in a Parquet file the number of the row."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a file or a row that is told, and changes nothing."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order, from one row. The last turn is the assistant's."""

    messages: tuple[Message, ...]
    path: str
    line: int
    tools: tuple[Mapping[str, Any], ...] = ()
    """Tools the assistant may call, as JSON schemas."""
    untrained: frozenset[int] = frozenset()
    """Assistant turns that are read and not learned (`weight: 0`)."""
    rejected: tuple[Message, ...] = ()
    """Of a preference pair, the worse turns in place of those behind the shared prompt; not trained on."""
    plain: bool = False
    """Whether the one turn is a text without roles, which no chat template is put around."""
    group: str | None = None
    """The value of `data.group_by`; rows of one group stay on one side of the split."""
    shared: int = 0
    """Of a preference pair, the turns of the prompt that both sides share."""

    @property
    def prompt(self) -> list[Message]:
        """The turns before the last answer."""
        return list(self.messages[:-1])

    @property
    def reference(self) -> str:
        """The last answer: its text, or its tool calls as JSON."""
        last = self.messages[-1]
        return str(last["content"] or json.dumps(last.get("tool_calls", ""), ensure_ascii=False))
