"""Write the rows that passed, and a list of those that did not with the reason. Knows no tokenizer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from llm_finetune.data.check import RowChecker
from llm_finetune.data.formats.format import is_unicode
from llm_finetune.data.rows import Conversation, Row, Source
from llm_finetune.data.settings import DataSettings
from llm_finetune.errors import Problem
from llm_finetune.files import staged_file


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was written where."""

    kept: int
    removed: int
    path: Path
    removed_path: Path


def removed_path_of(target: Path) -> Path:
    """Where the list of removed rows goes: `clean.removed.jsonl` beside `clean.jsonl`."""
    return target.with_name(f"{target.name.removesuffix('.jsonl')}.removed.jsonl")


def write_clean(
    sources: Sequence[Source], settings: DataSettings, refused: Mapping[int, Problem], target: Path
) -> Cleaned:
    """Read the sources again, and write the rows that pass; `refused` holds those that a later check left out,
    by their number among the rows that become conversations.

    A row stands as it was read, unless a repair changed it: then it is written as the conversation it became.
    Both files appear whole or not at all.

    Raises: OSError
    """
    beside = removed_path_of(target)
    kept = removed = 0
    with staged_file(target) as clean, staged_file(beside) as list_of_removed:
        for row, outcome in _outcomes(sources, settings, refused):
            if isinstance(outcome, Problem):
                removed += 1
                _write(list_of_removed, _removal(outcome, row))
            else:
                kept += 1
                _write(clean, outcome)
    return Cleaned(kept, removed, target, beside)


def _outcomes(
    sources: Sequence[Source], settings: DataSettings, refused: Mapping[int, Problem]
) -> Iterator[tuple[Row | None, Problem | Mapping[str, Any]]]:
    """Each row with the record to write, or the problem it was removed for."""
    number = -1
    for row, converted in RowChecker(settings).rows(sources):
        if row is None or converted.conversation is None:
            yield row, converted.problems[0]
            continue
        number += 1
        if fault := refused.get(number):
            yield row, fault
        else:
            yield row, record_of(converted.conversation) if converted.repairs else row.values


def _removal(fault: Problem, row: Row | None) -> Mapping[str, Any]:
    """A line of the list: where the row stood, why it was removed, and the row itself."""
    place = {"path": fault.path, "line": fault.line, "code": fault.code, "field": fault.field, "message": fault.message}
    return {**place, "row": row.values} if row is not None else place


def _write(stream: IO[str], record: Mapping[str, Any]) -> None:
    text = json.dumps(record, ensure_ascii=False)
    if not is_unicode(text):  # A removed row may hold half of a character, which only an escape can spell.
        text = json.dumps(record)
    stream.write(text + "\n")


def record_of(conversation: Conversation) -> dict[str, Any]:
    """The record that reads back as this conversation."""
    if conversation.plain:
        return {"text": conversation.messages[0]["content"]}
    messages = [
        {**message, "weight": 0} if index in conversation.untrained else message
        for index, message in enumerate(conversation.messages)
    ]
    tools = {"tools": list(conversation.tools)} if conversation.tools else {}
    if not conversation.rejected:
        return {"messages": messages, **tools}
    prompt, chosen = messages[: conversation.shared], messages[conversation.shared :]
    return {"prompt": prompt, "chosen": chosen, "rejected": list(conversation.rejected), **tools}
