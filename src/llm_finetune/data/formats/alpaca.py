"""Rows of `instruction`, `input`, `output`, after Stanford Alpaca (2023), with LLaMA-Factory's `history` and `system`.

The plainest rows are the most common ones: they take a short way through, with nothing but the tests they need.
"""

from collections.abc import Mapping, Set
from typing import Any

from llm_finetune.data.formats.completion import ANSWERS, PROMPTS
from llm_finetune.data.formats.format import Converted, Format, RowReading, is_clean, is_filled
from llm_finetune.data.formats.tool_calls import read_tools
from llm_finetune.data.read import json_type
from llm_finetune.data.rows import Conversation, Row
from llm_finetune.data.turns import ASSISTANT, USER, Turn

_RARE_KEYS = frozenset({"history", "system", "tools"})
_PAIR = 2


def _recognises(keys: Set[str]) -> bool:
    if "instruction" in keys:
        return "output" in keys or keys.isdisjoint(ANSWERS)
    return "output" in keys and keys.isdisjoint(PROMPTS)


def _convert(row: Row, repairs: Set[str]) -> Converted:
    get = row.values.get
    question, more, answer = get("instruction"), get("input"), get("output")
    if is_filled(question) and is_filled(answer) and (more is None or type(more) is str):
        if more and not more.isspace():
            question = f"{question}\n\n{more}"
        if is_clean(f"{question}{answer}") and (_RARE_KEYS.isdisjoint(row.values) or _are_empty(row.values)):
            turns = {"role": USER, "content": question}, {"role": ASSISTANT, "content": answer}
            return Converted(Conversation(turns, row.path, row.line))
    return _converted_with_care(row, repairs)


def _are_empty(values: Mapping[str, Any]) -> bool:
    """Whether the rare keys hold nothing, as in files whose rows all have every key."""
    return values.get("system") in (None, "") and all(values.get(key) in (None, "", []) for key in _RARE_KEYS)


def _converted_with_care(row: Row, repairs: Set[str]) -> Converted:
    """The same for a row with more in it, or with something wrong."""
    reading = RowReading(row, repairs)
    turns = history(reading)
    question, more, answer = reading.required("instruction"), reading.optional("input"), reading.required("output")
    asked = f"{question}\n\n{more}" if more.strip() else question
    turns = reading.system([*turns, Turn(USER, asked, "instruction"), Turn(ASSISTANT, answer, "output")])
    return reading.converted(reading.arranged(turns, "output"), tools=read_tools(reading))


def history(reading: RowReading) -> list[Turn]:
    """The turns of `history`: earlier questions and answers, as pairs."""
    pairs = reading.row.values.get("history")
    if pairs in (None, "", []):
        return []
    if not isinstance(pairs, list):
        reading.fault("history_pairs", "history", found=json_type(pairs))
        return []
    turns = []
    for index, pair in enumerate(pairs):
        field = f"history[{index}]"
        if not isinstance(pair, list) or len(pair) != _PAIR:
            found = f"{json_type(pair)} ({len(pair)})" if isinstance(pair, list) else json_type(pair)
            reading.fault("history_pairs", field, found=found)
            continue
        for place, role in enumerate((USER, ASSISTANT)):
            turns.append(Turn(role, reading.text(pair[place], f"{field}[{place}]"), f"{field}[{place}]"))
    return turns


FORMAT = Format(
    name="alpaca",
    title="`instruction`, optional `input` (appended after a blank line), `output`; optional `system`, and `history`: "
    "earlier turns as pairs of question and answer.",
    keys=("instruction", "input", "output", "system", "history", "tools"),
    recognises=_recognises,
    convert=_convert,
    sample={
        "instruction": "Translate to French.",
        "input": "Good morning",
        "output": "Bonjour",
        "system": "Answer with one word.",
        "history": [["Good evening", "Bonsoir"]],
    },
)
