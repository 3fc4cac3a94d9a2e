"""What the reader tells: problems with visible characters only. Knows no kind of file."""

from llm_finetune.data.visible import on_one_line, quoted
from llm_finetune.errors import DataError, Problem
from llm_finetune.messages import say

EXCERPT_CHARACTERS = 40


def fault(code: str, path: str, line: int = 0, **values: object) -> Problem:
    """A problem worded in the catalogue under `data.<code>`; texts from the file are made visible."""
    shown = {name: on_one_line(value) if isinstance(value, str) else value for name, value in values.items()}
    return Problem(code, say(f"data.{code}", **shown), say(f"data.{code}.fix", **shown), path, line)


def refusal(code: str, path: str, **values: object) -> DataError:
    """The same as an error to be raised."""
    return DataError(fault(code, path, 0, **values))


def excerpt(text: str, position: int) -> str:
    """A few characters around a position, on one line."""
    half = EXCERPT_CHARACTERS // 2
    return start_of(text[max(0, position - half) : position + half].replace("\n", "⏎"))


def start_of(text: str) -> str:
    """The first characters of a text, on one line."""
    return quoted(text, EXCERPT_CHARACTERS)
