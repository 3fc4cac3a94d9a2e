"""Rows of a prompt and what follows it, as texts or lists of turns: TRL, Dolly, and sets of questions and answers."""

from collections.abc import Set

from llm_finetune.data.formats.dialogue import is_list_of_turns, read_turns
from llm_finetune.data.formats.format import Converted, Format, RowReading
from llm_finetune.data.formats.tool_calls import read_tools
from llm_finetune.data.rows import Row
from llm_finetune.data.turns import ASSISTANT, USER, Turn

PROMPTS = ("prompt", "question", "query", "instruction")
ANSWERS = ("completion", "answer", "response")
CONTEXTS = ("context", "input")
"""Keys whose text is appended to the prompt, as with `input` in Alpaca's rows."""

_PAIRS = (
    # What stands together in known data sets; any other pair is taken in the order of the names.
    ("prompt", "completion"),
    ("prompt", "response"),
    ("question", "answer"),
    ("query", "response"),
    ("instruction", "response"),
)
_OUTPUT = "output"
_LATER_ANSWERS = (*ANSWERS, _OUTPUT)


def _recognises(keys: Set[str]) -> bool:
    has_answer = not keys.isdisjoint(ANSWERS)
    if "instruction" in keys:
        return has_answer and _OUTPUT not in keys
    return has_answer or ("text" not in keys and not keys.isdisjoint(PROMPTS))


def names_of(keys: Set[str]) -> tuple[str, str]:
    """The keys of prompt and answer; where one is absent, the name it should have."""
    pair = next((pair for pair in _PAIRS if keys >= set(pair)), None)
    if pair is not None:
        return pair
    prompt = next((key for key in PROMPTS if key in keys), None)
    answer = next((key for key in _LATER_ANSWERS if key in keys), None)
    partners = {"answer": "question"} if prompt is None else {"question": "answer", "query": "response"}
    return prompt or partners.get(answer or "", "prompt"), answer or partners.get(prompt or "", "completion")


def prompt_turns(reading: RowReading, key: str) -> list[Turn]:
    """The turns of the prompt that stands under a key."""
    value = reading.row.values.get(key)
    if is_list_of_turns(value):
        return read_turns(reading, value, key)
    texts = [reading.required(key), *(reading.optional(name) for name in CONTEXTS)]
    return [Turn(USER, "\n\n".join(text for text in texts if text.strip()), key)]


def _convert(row: Row, repairs: Set[str]) -> Converted:
    reading = RowReading(row, repairs)
    prompt, answer = names_of(row.values.keys())
    turns = prompt_turns(reading, prompt)
    value = row.values.get(answer)
    if is_list_of_turns(value):
        turns += read_turns(reading, value, answer)
    else:
        turns.append(Turn(ASSISTANT, reading.required(answer), answer))
    for key in (*PROMPTS, *_LATER_ANSWERS):
        if key in row.values and key not in {prompt, answer}:
            reading.warning("unread_key", key, key=key)
    return reading.converted(reading.arranged(reading.system(turns), answer), tools=read_tools(reading))


FORMAT = Format(
    name="completion",
    title="A prompt (`prompt`, `question`, `query` or `instruction`) and what follows it (`completion`, `answer` or "
    "`response`), as texts or as lists of turns; optional `context`, appended to the prompt, and `system`.",
    keys=(*PROMPTS, *_LATER_ANSWERS, *CONTEXTS, "system", "tools", "functions"),
    recognises=_recognises,
    convert=_convert,
    sample={"prompt": "Good morning", "completion": "Good morning! How can I help?"},
)
