"""From rows to conversations, one at a time, with every problem told. Knows no tokenizer.

read = kept + dropped; memory stays flat, because only counts and the first problems of each kind are held.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.data.findings import Findings
from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.format import Converted, Format, problem
from llm_finetune.data.read import read_rows
from llm_finetune.data.rows import Conversation, Message, Note, Row, Source
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.visible import quoted
from llm_finetune.errors import Problem
from llm_finetune.messages import say

SYNONYMS: dict[str, str] = {
    # Names that other tools use for the same thing, for hints only.
    "context": "input",
    "target": "output",
    "conversation": "conversations",
    "dialog": "conversations",
    "content": "text",
}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found in some files. read = kept + dropped."""

    read: int = 0
    kept: int = 0
    errors: tuple[Problem, ...] = ()
    """What stops training. Of each code the first are here; `counts` has them all."""
    warnings: tuple[Problem, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """Problems, errors and warnings alike, by code."""
    dropped_by: Mapping[str, int] = field(default_factory=dict)
    """Rows left out, by the code of their first problem."""
    repaired: Mapping[str, int] = field(default_factory=dict)
    """Rows put right, by the name of the repair."""
    formats: Mapping[str, int] = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)
    """What later checks measured, by name: plain JSON values."""

    @property
    def dropped(self) -> int:
        """Rows that cannot be used."""
        return self.read - self.kept

    def as_dict(self) -> dict[str, Any]:
        """The object that `check --json` prints."""
        return {
            "read": self.read,
            "kept": self.kept,
            "dropped": self.dropped,
            "dropped_by": dict(self.dropped_by),
            "repaired": dict(self.repaired),
            "formats": dict(self.formats),
            "counts": dict(self.counts),
            "errors": [fault.as_dict() for fault in self.errors],
            "warnings": [fault.as_dict() for fault in self.warnings],
            **self.sections,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """The conversations of some files, held in memory, and what was found."""

    conversations: tuple[Conversation, ...]
    report: CheckReport


def check_sources(sources: Sequence[Source], settings: DataSettings) -> Checked:
    """Read and check files."""
    checker = RowChecker(settings)
    conversations = tuple(checker.conversations(sources))
    return Checked(conversations, checker.report())


class RowChecker:
    """Streams the conversations of files, and keeps what it found on the way."""

    def __init__(self, settings: DataSettings) -> None:
        self._settings = settings
        self._repairs = frozenset(settings.repair)
        self._completes = settings.system is not None or settings.group_by is not None
        self._findings = Findings()
        self._read = self._kept = 0
        self._dropped: Counter[str] = Counter()
        self._repaired: Counter[str] = Counter()
        self._formats: Counter[str] = Counter()
        self._sought: dict[str, str] = {}
        """Columns of the settings that rows were searched for, by the key that names them."""
        self._reached: set[str] = set()

    def conversations(self, sources: Iterable[Source]) -> Iterator[Conversation]:
        """The conversations of the rows that can be used, in order."""
        for _, converted in self.rows(sources):
            if converted.conversation is not None:
                yield converted.conversation

    def rows(self, sources: Iterable[Source]) -> Iterator[tuple[Row | None, Converted]]:
        """Every row that was read, or None where it could not be parsed, with what it became."""
        for source in sources:
            yield from self._of_source(_Layout(source, self._settings))

    def report(self) -> CheckReport:
        """What was found so far."""
        return CheckReport(
            read=self._read,
            kept=self._kept,
            errors=(*self._absent(), *self._findings.errors),
            warnings=self._findings.warnings,
            counts=dict(self._findings.counts),
            dropped_by=dict(self._dropped),
            repaired=dict(self._repaired),
            formats=dict(self._formats),
        )

    def _of_source(self, layout: "_Layout") -> Iterator[tuple[Row | None, Converted]]:
        for item in read_rows(layout.source.path, layout.source.shown):
            if isinstance(item, Row):
                self._read += 1
                yield item, self._taken(item, layout)
            elif isinstance(item, Note):
                self._findings.warn([item.problem])
            elif item.line:
                self._read += 1
                self._drop([item])
                yield None, Converted(None, (item,))
            else:
                self._findings.error([item])
        self._findings.warn(layout.notes())
        self._findings.error(layout.absent_columns())
        self._formats.update(layout.counts)
        self._sought |= layout.sought()
        self._reached |= layout.reached

    def _absent(self) -> list[Problem]:
        """Columns of the settings that no row of any source has."""
        return [
            _absent_column(column, key) for key, column in sorted(self._sought.items()) if column not in self._reached
        ]

    def _drop(self, problems: Sequence[Problem]) -> None:
        self._dropped[problems[0].code] += 1
        if self._settings.on_bad_rows == "drop":
            self._findings.warn(problems)
        else:
            self._findings.error(problems)

    def _taken(self, row: Row, layout: "_Layout") -> Converted:
        """What a row becomes, counted."""
        converted = layout.converted(row, self._repairs)
        if converted.conversation is None:
            self._drop(converted.problems)
            return converted
        self._kept += 1
        if converted.problems:
            self._findings.warn(converted.problems)
        if converted.repairs:
            self._repaired.update(converted.repairs)
        if self._completes:
            return replace(converted, conversation=self._completed(converted.conversation, row))
        return converted

    def _completed(self, conversation: Conversation, row: Row) -> Conversation:
        """The conversation with the configured system prompt, if it brings none, and its group."""
        system, column = self._settings.system, self._settings.group_by
        if system is not None and not conversation.plain:
            messages = _with_system(conversation.messages, system)
            added = len(messages) - len(conversation.messages)
            shared = conversation.shared + added if conversation.rejected else 0
            untrained = frozenset(turn + added for turn in conversation.untrained)
            conversation = replace(conversation, messages=messages, shared=shared, untrained=untrained)
        if column is not None:
            _, value = reached(row.values, column)
            conversation = replace(conversation, group=None if value in (None, "") else str(value))
        return conversation


class _Layout:
    """How the rows of one source are laid out: which format each set of keys is, and which keys nobody reads."""

    def __init__(self, source: Source, settings: DataSettings) -> None:
        self.source = source
        self.counts: Counter[str] = Counter()
        """Rows by the name of their format."""
        self.reached: set[str] = set()
        """Columns that a row had."""
        self._columns = {**settings.columns, **source.columns}
        self._moved = self._columns.values() - self._columns.keys()
        self._wanted = source.format if source.format != "auto" else settings.format
        self._ignored: dict[str, None] = {}
        self._known: dict[tuple[str, ...], Format | None] = {}
        self._group_by = settings.group_by
        columns = [*self._columns.values(), *([settings.group_by] if settings.group_by else [])]
        self._sources = {name for column in columns for name in (column, column.split(".")[0])}

    def converted(self, row: Row, repairs: frozenset[str]) -> Converted:
        """The conversation of a row, or why there is none."""
        if self._group_by is not None and reached(row.values, self._group_by)[0]:
            self.reached.add(self._group_by)
        if self._columns:
            row = self._mapped(row)
        keys = tuple(row.values)
        if keys not in self._known:
            self._meet(keys, row)
        layout = self._known[keys]
        if layout is None:
            return Converted(None, (_unknown_layout(row, self._wanted),))
        self.counts[layout.name] += 1
        return layout.convert(row, repairs)

    def _meet(self, keys: tuple[str, ...], row: Row) -> None:
        """Decide the format of rows with these keys."""
        candidates = FORMATS.values() if self._wanted == "auto" else [FORMATS[self._wanted]]
        layout = next((layout for layout in candidates if layout.recognises(row.values.keys())), None)
        self._known[keys] = layout
        if layout is not None:
            unread = [key for key in keys if key not in layout.keys and key not in self._sources]
            self._ignored.update(dict.fromkeys(unread))

    def _mapped(self, row: Row) -> Row:
        """The row with the user's columns under the names expected, and no longer under their own."""
        values = {name: value for name, value in row.values.items() if name not in self._moved}
        for target, column in self._columns.items():
            present, value = reached(row.values, column)
            if present:
                values[target] = value
                self.reached.add(column)
        return Row(values, row.path, row.line)

    def notes(self) -> list[Problem]:
        """What is told of the source as a whole: columns nobody reads, mixed formats, sides that are not learned."""
        notes = []
        if self._ignored:
            notes.append(self._note("ignored_columns", names=", ".join(map(quoted, sorted(self._ignored)))))
        if len(self.counts) > 1:
            notes.append(self._note("mixed_formats", counts=", ".join(f"{n} {c}" for n, c in self.counts.items())))
        if pairs := self.counts["preference"]:
            notes.append(self._note("preference_rows", count=pairs))
        return notes

    def _note(self, code: str, **values: object) -> Problem:
        return Problem(code, say(f"data.{code}", **values), say(f"data.{code}.fix", **values), self.source.shown)

    def sought(self) -> dict[str, str]:
        """The columns that the settings name for all sources, by key; nothing where there are no rows."""
        if not self._known:
            return {}
        columns = {f"data.columns.{name}": column for name, column in self._columns.items()}
        shared = {key: column for key, column in columns.items() if key not in self._own()}
        return shared if self._group_by is None else {**shared, "data.group_by": self._group_by}

    def absent_columns(self) -> list[Problem]:
        """Columns that the source names itself and no row of it has; nothing where there are no rows."""
        if not self._known:
            return []
        return [
            replace(_absent_column(column, key), path=self.source.shown)
            for key, column in sorted(self._own().items())
            if column not in self.reached
        ]

    def _own(self) -> dict[str, str]:
        return {f"data.columns.{name}": column for name, column in self.source.columns.items()}


def _absent_column(column: str, key: str) -> Problem:
    message = say("data.absent_column", column=column)
    return Problem("absent_column", message, say("data.absent_column.fix"), field=key)


def reached(values: Mapping[str, Any], dotted: str) -> tuple[bool, Any]:
    """Whether a dotted name is there, and its value; a key that holds the dot itself comes first."""
    if dotted in values:
        return True, values[dotted]
    current: Any = values
    for part in dotted.split("."):
        if not isinstance(current, Mapping) or part not in current:
            return False, None
        current = current[part]
    return True, current


def _unknown_layout(row: Row, wanted: str) -> Problem:
    other = next((layout.name for layout in FORMATS.values() if layout.recognises(row.values.keys())), None)
    if other is not None:  # A format was asked for, and the row is of another one.
        return problem("other_layout", row, "", wanted=wanted, found=other)
    known = [key for layout in FORMATS.values() for key in layout.keys]
    guesses = {name: _expected_name(name, known) for name in row.values}
    hints = [say("data.unknown_layout.guess", found=name, name=guess) for name, guess in guesses.items() if guess]
    layouts = "; ".join(f"{layout.name}: {', '.join(layout.sample)}" for layout in FORMATS.values())
    found = ", ".join(repr(name) for name in row.values) or "—"
    fault = problem("unknown_layout", row, "", found=found, layouts=layouts)
    return replace(fault, fix=" ".join([*hints, fault.fix]))


def _expected_name(name: str, known: Sequence[str]) -> str | None:
    """The key that a name was probably meant as: other case, stray blanks, a slip, or another tool's word."""
    close = nearest(name, [*known, *SYNONYMS])
    meant = SYNONYMS.get(close, close) if close else None
    return meant if meant != name else None


def _with_system(messages: Sequence[Message], system: str) -> tuple[Message, ...]:
    """The turns, led by the configured system prompt if the row brings none."""
    if messages and messages[0]["role"] == "system":
        return tuple(messages)
    return ({"role": "system", "content": system}, *messages)
