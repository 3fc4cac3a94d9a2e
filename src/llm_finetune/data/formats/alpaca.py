"""Rows of `instruction`, `input`, `output`, after Stanford Alpaca (2023); `system` may stand beside them."""

from collections.abc import Mapping
from typing import Any

from llm_finetune.data.formats.format import Converted, Format, optional_text_problem, text_problem
from llm_finetune.data.rows import Message, Row


def _recognises(values: Mapping[str, Any]) -> bool:
    return "instruction" in values or "output" in values


def _convert(row: Row) -> Converted:
    values = row.values
    found = [
        text_problem(row, "instruction", values, "instruction"),
        optional_text_problem(row, "input"),
        text_problem(row, "output", values, "output"),
        optional_text_problem(row, "system"),
    ]
    problems = [problem for problem in found if problem]
    if problems:
        return [], problems
    more = values.get("input") or ""
    question = f"{values['instruction']}\n\n{more}" if more.strip() else values["instruction"]
    messages: list[Message] = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": values["output"]},
    ]
    if (values.get("system") or "").strip():
        messages.insert(0, {"role": "system", "content": values["system"]})
    return messages, []


FORMAT = Format(
    name="alpaca",
    title="`instruction`, optional `input` (appended after a blank line), `output`, optional `system`.",
    keys=("instruction", "input", "output", "system"),
    recognises=_recognises,
    convert=_convert,
    sample={"instruction": "Translate to French.", "input": "Good morning", "output": "Bonjour"},
)
