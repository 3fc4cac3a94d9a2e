"""Content checks: what is wrong with rows that are well formed. Knows no tokenizer, and changes no row.

Texts of at most `data.near_duplicate_rows` rows are held, two bytes a character and 200 MB (training) plus 50 MB
(validation) at most; of all other rows 24 bytes. Measured with 200,000 rows of 330 characters: 240 MB while rows are
added, 510 MB at the peak of comparing them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from llm_finetune.data.content.exact import Duplicates, ExactDuplicates
from llm_finetune.data.content.near import NearDuplicates
from llm_finetune.data.content.notices import Notices, shown
from llm_finetune.data.content.overlap import overlap
from llm_finetune.data.content.scans import Scans
from llm_finetune.data.content.store import RowStore
from llm_finetune.data.content.texts import whole_text
from llm_finetune.data.content.trigger import find_triggers
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings
from llm_finetune.errors import Problem

__all__ = ["ContentCheck", "ContentReport", "Duplicates", "ExactDuplicates", "Side", "duplicate_report"]

Side = Literal["train", "validation"]


@dataclass(frozen=True, slots=True)
class ContentReport:
    """What was found."""

    warnings: tuple[Problem, ...]
    """Of each code the first 100."""
    counts: Mapping[str, int]
    """All warnings by code."""
    sections: Mapping[str, Any]
    """What was measured, by name: plain JSON values."""


class ContentCheck:
    """Takes every kept row, and tells at the end what it found."""

    def __init__(self, settings: DataSettings) -> None:
        self._exact: dict[Side, ExactDuplicates] = {"train": ExactDuplicates(), "validation": ExactDuplicates()}
        self._compares = settings.near_duplicate_rows > 0
        self._store = RowStore(settings.near_duplicate_rows)
        self._notices = Notices()
        self._scans = Scans(self._notices)

    def add(self, conversation: Conversation, side: Side) -> None:
        """Look at a row."""
        digest = self._exact[side].keep(conversation)
        if self._compares:
            self._store.add(conversation, digest, side)
        self._scans.add(whole_text(conversation), (conversation.path, conversation.line))

    def finish(self) -> ContentReport:
        """Compare the rows with each other, and report."""
        sections = self._scans.sections()
        exact = {side: _tell_duplicates(rows.report(), self._notices) for side, rows in self._exact.items()}
        near = self._near() if self._compares else {"searched": 0}
        sections |= {
            "duplicates": exact["train"],
            "validation_duplicates": exact["validation"],
            "validation_overlap": _tell_overlap(self._exact["train"], self._exact["validation"], self._notices),
            "near_duplicates": near,
            "rare_triggers": self._triggers(),
        }
        return ContentReport(self._notices.problems, dict(self._notices.counts), sections)

    def _near(self) -> dict[str, int]:
        store, place = self._store, self._store.places.at
        counts = {"searched": len(store), "left_out": store.left_out, "rows": 0, "validation_overlap": 0}
        if store.left_out:
            self._notices.add("near_duplicates_bounded", rows=len(store), left_out=store.left_out)
        try:
            for earlier, later in NearDuplicates(store).pairs():
                across = store.sides[earlier] != store.sides[later]
                if store.sides[earlier] and across:
                    earlier, later = later, earlier  # noqa: PLW2901 (the validation row is the one told)
                code = "validation_near_overlap" if across else "near_duplicate"
                counts["validation_overlap" if across else "rows"] += 1
                self._notices.add(code, place(later), first=shown(place(earlier)))
        except ImportError as error:
            self._notices.add("near_duplicates_unchecked", name=error.name)
        return counts

    def _triggers(self) -> list[dict[str, Any]]:
        found = []
        for trigger in find_triggers(self._store):
            places = [self._store.places.at(row) for row in trigger.rows]
            first = [shown(place) for place in places]
            values = {"text": trigger.text, "answer": trigger.answer, "rows": len(places)}
            self._notices.add("rare_trigger", places[0], **values, first=", ".join(first[:5]))
            found.append({**values, "first": first[:100]})
        return found


def duplicate_report(train: ExactDuplicates, validation: ExactDuplicates) -> ContentReport:
    """What to tell when only exact duplicates were looked for."""
    notices = Notices()
    sections = {
        "duplicates": _tell_duplicates(train.report(), notices),
        "validation_duplicates": _tell_duplicates(validation.report(), notices),
        "validation_overlap": _tell_overlap(train, validation, notices),
    }
    return ContentReport(notices.problems, dict(notices.counts), sections)


def _tell_overlap(train_rows: ExactDuplicates, validation_rows: ExactDuplicates, notices: Notices) -> dict[str, int]:
    found = overlap(train_rows, validation_rows)
    for (train, validation), equal in zip(found.examples, found.equal, strict=True):
        code = "validation_overlap" if equal else "validation_prompt_overlap"
        values = {"line": validation[1], "train_line": train[1], "train": shown(train)}
        notices.add(code, validation, **values)
    notices.more("validation_overlap", found.rows - sum(found.equal))
    notices.more("validation_prompt_overlap", found.prompts - found.equal.count(False))
    return {"rows": found.rows, "same_prompt": found.prompts}


def _tell_duplicates(found: Duplicates, notices: Notices) -> dict[str, int]:
    for first, later in found.examples:
        notices.add("duplicate_row", later, first=shown(first))
    for first, later in found.conflicts:
        notices.add("conflicting_answers", later, first=shown(first))
    notices.more("duplicate_row", found.rows - len(found.examples))
    notices.more("conflicting_answers", found.conflicting_rows - len(found.conflicts))
    return {
        "rows": found.rows,
        "groups": found.groups,
        "conflicting_rows": found.conflicting_rows,
        "conflicting_prompts": found.conflicting_prompts,
    }
