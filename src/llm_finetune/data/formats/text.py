"""Rows of plain `text`, which is learned whole and gets no chat template."""

from collections.abc import Set

from llm_finetune.data.formats.format import Converted, Format, RowReading
from llm_finetune.data.rows import Row
from llm_finetune.data.turns import ASSISTANT, Turn


def _recognises(keys: Set[str]) -> bool:
    return "text" in keys


def _convert(row: Row, repairs: Set[str]) -> Converted:
    reading = RowReading(row, repairs)
    turn = Turn(ASSISTANT, reading.required("text"), "text")
    return reading.converted([turn], is_plain=True)


FORMAT = Format(
    name="text",
    title="`text`: plain text without roles; all of it is learned.",
    keys=("text",),
    recognises=_recognises,
    convert=_convert,
    sample={"text": "Good morning, said the fox, and went its way."},
)
