"""What a data format is, and how a row is read: texts, repairs, and everything that is wrong. Knows no layout."""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.data import repair
from llm_finetune.data.read import json_type
from llm_finetune.data.rows import Conversation, Row
from llm_finetune.data.turns import ASSISTANT, SYSTEM, OrderFault, Turn, order_faults
from llm_finetune.errors import Problem
from llm_finetune.messages import say

SHOWN_CODE_POINTS = 8
"""Different control characters that one message names."""

_ODD_BYTES = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n\r")
_START_OF_LATER_CONTROLS = b"\xc2"
"""The first byte of U+0080 to U+009F in UTF-8, and of some harmless letters."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Converted:
    """What a row became: a conversation with warnings, or the problems that prevent one."""

    conversation: Conversation | None
    problems: tuple[Problem, ...] = ()
    repairs: tuple[str, ...] = ()
    """Names of the repairs of `data.repair` that this row needed and got."""


@dataclass(frozen=True, slots=True)
class Format:
    """One layout of rows."""

    name: str
    title: str
    """One sentence for the documentation."""
    keys: tuple[str, ...]
    """Every key the format reads; others are listed as ignored."""
    recognises: Callable[[Set[str]], bool]
    """Whether a row with these keys is meant to be of this format."""
    convert: Callable[[Row, Set[str]], Converted]
    """The conversation of a row; the set holds the names of the repairs that are allowed."""
    sample: dict[str, Any]
    """A row that is right, for documentation and tests."""


def problem(code: str, row: Row, field: str, **values: object) -> Problem:
    """A problem of one field of a row, worded in the catalogue under `data.<code>`."""
    return Problem(code, say(f"data.{code}", **values), say(f"data.{code}.fix", **values), row.path, row.line, field)


def is_unicode(text: str) -> bool:
    r"""Whether a text can be written as UTF-8; half of a pair such as `\ud83d` alone cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_clean(text: str) -> bool:
    """Whether a text needs no second look: it holds no half character, and most likely no control character."""
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(content.translate(None, _ODD_BYTES)) == len(content) and _START_OF_LATER_CONTROLS not in content


def is_filled(text: object) -> bool:
    """Whether a value is a text with something in it."""
    return type(text) is str and text != "" and not text.isspace()


class RowReading:
    """One row while it is read: the repairs it may get, and what was found."""

    def __init__(self, row: Row, allowed: Set[str]) -> None:
        self.row = row
        self.problems: list[Problem] = []
        self.has_gaps = False
        """Whether a turn could not be made out, so that the order of the others says nothing."""
        self._allowed = allowed
        self._warnings: list[Problem] = []
        self._repairs: dict[str, None] = {}

    def fault(self, code: str, field: str, *, hint: str = "", **values: object) -> None:
        """Keep what makes the row unusable; a hint stands in front of what to do."""
        found = problem(code, self.row, field, **values)
        if hint:
            found = Problem(code, found.message, f"{hint} {found.fix}", found.path, found.line, field)
        self.problems.append(found)

    def warning(self, code: str, field: str, **values: object) -> None:
        """Keep what is only told."""
        self._warnings.append(problem(code, self.row, field, **values))

    def required(self, key: str) -> str:
        """The text of a key that must be there."""
        if key not in self.row.values:
            self.missing(key)
            return ""
        return self.text(self.row.values[key], key)

    def optional(self, key: str) -> str:
        """The text of a key that may be left out, null or blank."""
        value = self.row.values.get(key)
        return "" if value is None else self.text(value, key, may_be_empty=True)

    def missing(self, key: str) -> None:
        """Tell that a key is not there, and which other key was probably meant as it."""
        other = nearest(key, self.row.values)
        hint = say("data.unknown_layout.guess", found=other, name=key) if other else ""
        self.fault("missing_field", key, hint=hint)

    def text(self, value: Any, field: str, *, may_be_empty: bool = False) -> str:
        """A value as text; if it is none, or blank where it must not be, that is told."""
        if type(value) is not str:
            value = self._spelled(value, field)
        if value is None or not self._is_sound(value, field):
            return ""
        if not value and not may_be_empty:
            self.fault("empty_field", field)
        elif value.isspace() and not may_be_empty:
            self.fault("blank_field", field)
        return str(value)

    def _spelled(self, value: Any, field: str) -> str | None:
        """A value that is not text as JSON text, where that is allowed."""
        if value is None:
            self.fault("null_field", field)
            return None
        if repair.TEXT_VALUES in self._allowed:
            try:
                spelled = repair.json_text(value)
            except ValueError:
                spelled = None
            if spelled is not None:
                self._repairs[repair.TEXT_VALUES] = None
                return spelled
        self.fault("not_text", field, found=json_type(value))
        return None

    def _is_sound(self, text: str, field: str) -> bool:
        """Whether a text can be written as UTF-8; control characters in it are told."""
        if is_clean(text):
            return True
        if not is_unicode(text):
            self.fault("lone_surrogate", field)
            return False
        if codes := sorted(set(_CONTROL.findall(text))):
            more = "…" if len(codes) > SHOWN_CODE_POINTS else ""
            names = ", ".join(f"U+{ord(code):04X}" for code in codes[:SHOWN_CODE_POINTS])
            self.warning("control_characters", field, names=names + more)
        return True

    def system(self, turns: Sequence[Turn]) -> list[Turn]:
        """The turns, led by the text of the `system` key, unless they already begin with the same one."""
        text = self.optional("system")
        if not text.strip() or (turns and (turns[0].role, turns[0].content) == (SYSTEM, text)):
            return list(turns)
        return [Turn(SYSTEM, text, "system"), *turns]

    def arranged(self, turns: Sequence[Turn], whole: str, *, is_learned: bool = True) -> list[Turn]:
        """The turns after the repairs that are allowed; what is wrong with their order is told.

        `whole` is the field of them all.
        """
        if repair.MERGE_TURNS in self._allowed:
            turns = self._repaired(repair.MERGE_TURNS, turns, repair.merged(turns))
        if repair.DROP_TRAILING_TURN in self._allowed:
            turns = self._repaired(repair.DROP_TRAILING_TURN, turns, repair.answered(turns))
        if not self.has_gaps:
            for found in order_faults(turns):
                self._order_fault(found, turns, whole)
            answers = [turn.is_trained for turn in turns if turn.role == ASSISTANT]
            if is_learned and answers and not any(answers):
                self.fault("no_trained_turn", whole)
        return list(turns)

    def _repaired(self, name: str, before: Sequence[Turn], after: Sequence[Turn]) -> Sequence[Turn]:
        if len(after) != len(before):
            self._repairs[name] = None
        return after

    def _order_fault(self, found: OrderFault, turns: Sequence[Turn], whole: str) -> None:
        field = whole if found.turn is None else turns[found.turn].field
        self.fault(found.code, field, role=found.role)

    def converted(
        self,
        turns: Sequence[Turn],
        *,
        tools: tuple[Mapping[str, Any], ...] = (),
        rejected: Sequence[Turn] = (),
        shared: int = 0,
        is_plain: bool = False,
    ) -> Converted:
        """What the row became."""
        if self.problems:
            return Converted(None, tuple(dict.fromkeys(self.problems)))
        conversation = Conversation(
            tuple(turn.message for turn in turns),
            self.row.path,
            self.row.line,
            tools,
            frozenset(index for index, turn in enumerate(turns) if turn.role == ASSISTANT and not turn.is_trained),
            tuple(turn.message for turn in rejected),
            is_plain,
            shared=shared,
        )
        return Converted(conversation, tuple(dict.fromkeys(self._warnings)), tuple(self._repairs))
