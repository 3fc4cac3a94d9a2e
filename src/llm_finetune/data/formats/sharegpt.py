"""Rows of `conversations` whose turns say `from` and `value`, as in ShareGPT's exports and LLaMA-Factory's chats."""

from collections.abc import Set

from llm_finetune.data.formats.dialogue import BESIDE_TURNS, convert_turns
from llm_finetune.data.formats.format import Converted, Format
from llm_finetune.data.rows import Row


def _recognises(keys: Set[str]) -> bool:
    return "conversations" in keys and "messages" not in keys


def _convert(row: Row, repairs: Set[str]) -> Converted:
    return convert_turns(row, repairs, "conversations")


FORMAT = Format(
    name="sharegpt",
    title="`conversations`: a list of turns with `from` (human, gpt, system, function_call, observation) and `value`; "
    "optional `system` and `tools`.",
    keys=("conversations", *BESIDE_TURNS),
    recognises=_recognises,
    convert=_convert,
    sample={
        "conversations": [
            {"from": "human", "value": "Good morning"},
            {"from": "gpt", "value": "Good morning! How can I help?"},
        ]
    },
)
