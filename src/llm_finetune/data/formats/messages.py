"""Rows of `messages`, as in OpenAI's chat fine-tuning files. Codes of problems use OpenAI's names where they exist."""

from collections.abc import Set

from llm_finetune.data.formats.dialogue import BESIDE_TURNS, convert_turns
from llm_finetune.data.formats.format import Converted, Format
from llm_finetune.data.rows import Row


def _recognises(keys: Set[str]) -> bool:
    return "messages" in keys


def _convert(row: Row, repairs: Set[str]) -> Converted:
    return convert_turns(row, repairs, "messages")


FORMAT = Format(
    name="messages",
    title="`messages`: a list of turns with `role` (system, user, assistant, tool) and `content`; answers may hold "
    "`tool_calls`, and `weight: 0` where they are not learned; optional `tools`.",
    keys=("messages", *BESIDE_TURNS),
    recognises=_recognises,
    convert=_convert,
    sample={
        "messages": [
            {"role": "user", "content": "Good morning"},
            {"role": "assistant", "content": "Good morning! How can I help?"},
        ]
    },
)
