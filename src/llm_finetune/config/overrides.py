"""`section.key=value` from the command line, laid over a document. The path is exactly the path in the file."""

import re
from collections.abc import Sequence
from typing import Any

import yaml

from llm_finetune.config.read import COMMAND_LINE, OVERRIDDEN, Document, Key, parse_scalar
from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say

OVERRIDE = re.compile(r"^[a-z_]+(\.[a-z0-9_]+)+=")


def is_override(argument: str) -> bool:
    """Whether a positional argument is an override rather than a file."""
    return OVERRIDE.match(argument) is not None


def parse_override(argument: str) -> tuple[Key, Any]:
    """`training.learning_rate=1e-4` → (("training", "learning_rate"), 0.0001).

    Raises: UsageError if the value is not YAML.
    """
    name, _, text = argument.partition("=")
    try:
        return tuple(name.split(".")), parse_scalar(text)
    except yaml.YAMLError as error:
        raise UsageError(
            Problem(
                "bad_override",
                say("config.bad_override", text=text),
                say("config.bad_override.fix"),
                COMMAND_LINE,
                0,
                name,
            )
        ) from error


def _laid_over(values: Any, key: Key, value: Any) -> dict[str, Any]:
    inner = dict(values) if isinstance(values, dict) else {}
    inner[key[0]] = _laid_over(inner.get(key[0]), key[1:], value) if len(key) > 1 else value
    return inner


def apply_overrides(document: Document, overrides: Sequence[str]) -> Document:
    """A new document with the overrides laid over the file's values, in order."""
    values, lines = document.values, dict(document.lines)
    for argument in overrides:
        key, value = parse_override(argument)
        values = _laid_over(values, key, value)
        lines = {known: line for known, line in lines.items() if known[: len(key)] != key} | {key: OVERRIDDEN}
    return Document(document.path, values, lines)
