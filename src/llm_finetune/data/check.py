"""From rows to conversations, with every problem told. Knows no tokenizer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Format, problem
from llm_finetune.data.read import read_rows
from llm_finetune.data.rows import Conversation, Message, Row
from llm_finetune.data.settings import DataSettings
from llm_finetune.errors import Problem
from llm_finetune.messages import say

SYNONYMS: dict[str, str] = {
    # Names that other tools use for the same thing, for hints only.
    "prompt": "instruction",
    "question": "instruction",
    "query": "instruction",
    "context": "input",
    "response": "output",
    "answer": "output",
    "completion": "output",
    "target": "output",
    "conversation": "messages",
    "conversations": "messages",
}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The conversations of some files, and what was found wrong. read = kept + dropped."""

    conversations: tuple[Conversation, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    read: int
    formats: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Rows that can be used."""
        return len(self.conversations)

    @property
    def dropped(self) -> int:
        """Rows that cannot."""
        return self.read - self.kept

    def as_dict(self) -> dict[str, Any]:
        """The object that `check --json` prints."""
        return {
            "read": self.read,
            "kept": self.kept,
            "dropped": self.dropped,
            "errors": [fault.as_dict() for fault in self.errors],
            "warnings": [fault.as_dict() for fault in self.warnings],
        }


def check_files(files: Sequence[tuple[Path, str]], settings: DataSettings) -> CheckReport:
    """Read and check files, each given with the path shown in messages."""
    conversations: list[Conversation] = []
    errors: list[Problem] = []
    warnings: list[Problem] = []
    formats: Counter[str] = Counter()
    ignored: dict[str, set[str]] = {}
    read = 0
    absent = set(settings.columns)
    for path, shown in files:
        reading = read_rows(path, shown)
        errors += reading.problems
        warnings += reading.notes
        read += len(reading.rows) + sum(1 for fault in reading.problems if fault.line)
        for row in reading.rows:
            absent -= {name for name in absent if _reached(row.values, settings.columns[name])[0]}
            layout, messages, problems = _converted(row, settings)
            errors += problems
            if layout:
                formats[layout.name] += 1
                ignored.setdefault(shown, set()).update(_unread(row.values, layout, settings.columns))
            if not problems:
                conversations.append(Conversation(tuple(_with_system(messages, settings.system)), row.path, row.line))
    warnings += [_ignored_columns(shown, names) for shown, names in ignored.items() if names]
    if read:
        errors += [_absent_column(name, settings.columns[name]) for name in sorted(absent)]
    errors.sort(key=lambda fault: (fault.path, fault.line))
    return CheckReport(tuple(conversations), tuple(errors), tuple(warnings), read, dict(formats))


def _converted(row: Row, settings: DataSettings) -> tuple[Format | None, list[Message], list[Problem]]:
    mapped = Row(_mapped(row.values, settings.columns), row.path, row.line)
    layout = _format_of(mapped.values, settings.format)
    if layout is None:
        return None, [], [_unknown_layout(mapped)]
    return layout, *layout.convert(mapped)


def _mapped(values: Mapping[str, Any], columns: Mapping[str, str]) -> Mapping[str, Any]:
    """The row with the user's columns under the names expected."""
    found = {target: _reached(values, source) for target, source in columns.items()}
    return {**values, **{target: value for target, (present, value) in found.items() if present}}


def _reached(values: Mapping[str, Any], dotted: str) -> tuple[bool, Any]:
    """Whether a dotted name is there, and its value; a key that holds the dot itself comes first."""
    if dotted in values:
        return True, values[dotted]
    current: Any = values
    for part in dotted.split("."):
        if not isinstance(current, Mapping) or part not in current:
            return False, None
        current = current[part]
    return True, current


def _format_of(values: Mapping[str, Any], wanted: str) -> Format | None:
    candidates = FORMATS.values() if wanted == "auto" else [FORMATS[wanted]]
    return next((layout for layout in candidates if layout.recognises(values)), None)


def _unknown_layout(row: Row) -> Problem:
    known = [key for layout in FORMATS.values() for key in layout.keys]
    guesses = {name: _expected_name(name, known) for name in row.values}
    hints = [say("data.unknown_layout.guess", found=name, name=guess) for name, guess in guesses.items() if guess]
    layouts = "; ".join(f"{layout.name}: {', '.join(layout.keys)}" for layout in FORMATS.values())
    found = ", ".join(repr(name) for name in row.values) or "—"
    fault = problem("unknown_layout", row, "", found=found, layouts=layouts)
    return Problem(fault.code, fault.message, " ".join([*hints, fault.fix]), fault.path, fault.line)


def _expected_name(name: str, known: Sequence[str]) -> str | None:
    """The key that a name was probably meant as: other case, stray blanks, a slip, or another tool's word."""
    close = nearest(name, [*known, *SYNONYMS])
    return SYNONYMS.get(close, close) if close else None


def _absent_column(name: str, column: str) -> Problem:
    message = say("data.absent_column", column=column)
    return Problem("absent_column", message, say("data.absent_column.fix"), field=f"data.columns.{name}")


def _unread(values: Mapping[str, Any], layout: Format, columns: Mapping[str, str]) -> set[str]:
    sources = {source.split(".")[0] for source in columns.values()} | set(columns.values())
    return set(values) - set(layout.keys) - sources


def _ignored_columns(shown: str, names: set[str]) -> Problem:
    listed = ", ".join(sorted(names))
    return Problem("ignored_columns", say("data.ignored_columns", names=listed), say("data.ignored_columns.fix"), shown)


def _with_system(messages: Sequence[Message], system: str | None) -> list[Message]:
    """The turns, led by the configured system prompt if the row brings none."""
    if system is None or (messages and messages[0]["role"] == "system"):
        return list(messages)
    return [{"role": "system", "content": system}, *messages]
