"""What taking over a configuration gathers: settings with the key each came from, and what was left out and why.

Knows no tool and no key by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_finetune.config.read import Document
from llm_finetune.errors import Problem
from llm_finetune.messages import language, say, say_in
from llm_finetune.scaffold.foreign.places import Places

ADAPTER = "adapter"
"""The first part of keys that belong into `lora_config.json`."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A key that was not taken over, and why."""

    key: str
    reason: str
    """The key of the sentence in the catalogue, behind `scaffold.left.`."""
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, lang: str | None = None) -> str:
        """The reason in a language."""
        return say_in(lang or language(), f"scaffold.left.{self.reason}", **self.values)


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the new project that its user should know."""

    code: str
    """The key of the sentence in the catalogue, behind `scaffold.note.`."""
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, lang: str | None = None) -> str:
        """The note in a language."""
        return say_in(lang or language(), f"scaffold.note.{self.code}", **self.values)


class Taking:
    """A configuration that is being taken over. Keys that are null count as absent."""

    def __init__(self, document: Document, places: Places) -> None:
        self.document, self.places = document, places
        self.given: dict[str, Any] = {str(key): value for key, value in document.values.items() if value is not None}
        self.settings: dict[str, Any] = {}
        """Our dotted key → value."""
        self.origins: dict[str, str] = {}
        """Our dotted key → the key it came from."""
        self.files: dict[str, str] = {}
        """Further files of the project: name → text."""
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.problems: list[Problem] = []

    def set(self, dotted: str, value: Any, key: str) -> None:
        """Take a value over; `key` is where it came from."""
        self.settings[dotted] = value
        self.origins[dotted] = key

    def leave(self, key: str, reason: str, **values: object) -> None:
        """List a key as left out."""
        self.left_out.append(LeftOut(key, reason, values))

    def note(self, code: str, **values: object) -> None:
        """Tell something that is neither a setting nor left out."""
        self.notes.append(Note(code, values))

    def path(self, path: Path) -> str:
        """A path as the project names it, which is told once."""
        if not any(note.code == "paths" for note in self.notes):
            self.note("paths")
        return self.places.written(path)

    def refuse(self, key: str, code: str, **values: object) -> None:
        """Keep a problem with the value of a key."""
        path, line = self.document.place_of(tuple(key.split(".")))
        message, fix = say(f"scaffold.{code}", **values), say(f"scaffold.{code}.fix", **values)
        self.problems.append(Problem(code, message, fix, path, line, key))


Convert = Callable[[Taking, str, Any], None]
"""(what is gathered, the foreign key, its value)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool whose configurations can be taken over."""

    title: str
    marks: frozenset[str]
    """Keys of which a configuration of this tool holds at least one."""
    required: str
    """The key every configuration of this tool holds: the base model."""
    rows: str
    """The key that names the training rows."""
    keys: Mapping[str, str | Convert]
    """Foreign key → our dotted key, or a function where the value changes."""
    reasons: Mapping[str, str]
    """Foreign key that has no equivalent → the reason."""
    assumed: Mapping[str, Any]
    """What the tool takes for an absent key, where our default differs and the result would."""
    finish: Callable[[Taking], None]
    """What follows from several keys together."""

    def wrote(self, values: Mapping[str, Any]) -> bool:
        """Whether a configuration is of this tool."""
        return self.required in values and not self.marks.isdisjoint(values)


def is_switched_on(value: Any) -> bool:
    """Whether a value asks for something: `false`, 0, an empty text or list do not."""
    return bool(value) and str(value).lower() not in {"false", "no", "off", "none"}


def names_of(value: Any) -> list[str]:
    """A list of names, which some tools write as one text with commas."""
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    return [str(item).strip() for item in items if str(item).strip()]
