"""Read prompts for `generate --input` from plain lines, JSON or JSON Lines."""

from collections.abc import Sequence
from pathlib import Path

from llm_finetune.data.formats import FORMATS
from llm_finetune.data.formats.completion import PROMPTS, names_of
from llm_finetune.data.read import read_rows
from llm_finetune.data.rows import Message, Note, Row
from llm_finetune.errors import DataError, Problem
from llm_finetune.messages import say

PROMPT_KEY = "prompt"
_STANDS_FOR_AN_ANSWER = "-"


def read_prompts(path: Path) -> Sequence[str | list[Message]]:
    """Prompts of a file. Plain text: one a line. JSON: `prompt` texts, or training rows, whose answer is left out.

    Raises: DataError with every problem found.
    """
    try:
        start = path.read_text(encoding="utf-8-sig").lstrip()[:1]
    except (OSError, UnicodeDecodeError):
        start = "{"  # the row reader says what is wrong
    if start not in {"{", "["}:
        return _lines(path)
    problems: list[Problem] = []
    prompts: list[str | list[Message]] = []
    for item in read_rows(path, str(path)):
        if isinstance(item, Note):
            continue
        found = _prompt_of(item) if isinstance(item, Row) else item
        if isinstance(found, Problem):
            problems.append(found)
        else:
            prompts.append(found)
    if problems:
        raise DataError(problems)
    return prompts


def _lines(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n")]
    prompts = [line for line in lines if line]
    if not prompts:
        raise DataError(Problem("no_records", say("data.no_records"), say("generate.no_prompts.fix"), str(path)))
    return prompts


def _prompt_of(row: Row) -> str | list[Message] | Problem:
    prompt = row.values.get(PROMPT_KEY)
    if isinstance(prompt, str) and prompt.strip():
        return prompt
    messages = row.values.get("messages")
    if (
        isinstance(messages, list)
        and messages
        and isinstance(messages[-1], dict)
        and messages[-1].get("role") == "user"
    ):
        row = Row({**row.values, "messages": [*messages, _answer()]}, row.path, row.line)
    elif "instruction" in row.values:
        row = Row({**row.values, "output": _STANDS_FOR_AN_ANSWER}, row.path, row.line)
    elif not row.values.keys().isdisjoint(PROMPTS):
        _, answer = names_of(row.values.keys())
        row = Row({**row.values, answer: _STANDS_FOR_AN_ANSWER}, row.path, row.line)
    layout = next((layout for layout in FORMATS.values() if layout.recognises(row.values.keys())), None)
    if layout is None:
        return Problem("no_prompt", say("generate.no_prompt_field"), "", row.path, row.line)
    converted = layout.convert(row, frozenset())
    return converted.problems[0] if converted.conversation is None else converted.conversation.prompt


def _answer() -> Message:
    return {"role": "assistant", "content": _STANDS_FOR_AN_ANSWER}
