"""Read YAML or JSON into plain values, with the line of every key. Knows no key by name.

YAML is read by the rules of its version 1.2 core schema where PyYAML's 1.1 surprises people who tune models:
`1e-4` is a number, `no` and `on` are texts, `012` is 12. A key given twice is an error, not a silent last-one-wins.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from llm_finetune.errors import ConfigError, Problem
from llm_finetune.messages import say

Key = tuple[str, ...]
COMMAND_LINE = "command line"
OVERRIDDEN = -1
"""The line of a key that the command line set."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a configuration file holds: nested plain values, and the physical line of each dotted key."""

    path: str
    values: dict[str, Any]
    lines: dict[Key, int] = field(default_factory=dict)

    def place_of(self, key: Key) -> tuple[str, int]:
        """File and line of a key, or of the nearest key above it; line 0 if there is none."""
        while key and key not in self.lines:
            key = key[:-1]
        line = self.lines.get(key, 0)
        return (COMMAND_LINE, 0) if line == OVERRIDDEN else (self.path, line)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalar rules of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own attribute)


_SCALARS: tuple[tuple[str, str, str], ...] = (
    # Patterns of the YAML 1.2.2 core schema, section 10.3.2; the last column lists possible first characters.
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN"),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
    ("tag:yaml.org,2002:float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+."),
)
for _tag, _pattern, _firsts in _SCALARS:
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), [*_firsts])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))


def parse_scalar(text: str) -> Any:
    """The value a text has behind a colon in YAML: `1e-4` → 0.0001, `no` → "no", `[a, b]` → a list.

    Raises: yaml.YAMLError if it is not YAML.
    """
    return yaml.load(text, Loader=_Loader)


def _walk(node: yaml.Node, key: Key, lines: dict[Key, int], problems: list[Problem], path: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*key, str(index)), lines, problems, path)
    if not isinstance(node, yaml.MappingNode):
        return
    for key_node, value_node in node.value:
        name = (*key, str(key_node.value))
        line = key_node.start_mark.line + 1
        if name in lines:
            problems.append(
                Problem(
                    "duplicate_key",
                    say("config.duplicate_key", line=lines[name]),
                    say("config.duplicate_key.fix"),
                    path,
                    line,
                    ".".join(name),
                )
            )
        lines.setdefault(name, line)
        _walk(value_node, name, lines, problems, path)


def _syntax_problem(path: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return Problem(
        "bad_yaml",
        say("config.bad_yaml", what=what),
        say("config.bad_yaml.fix"),
        path,
        mark.line + 1 if mark else 0,
    )


def read_text(path: Path, shown: str) -> str:
    """The text of a configuration file.

    Raises: ConfigError if it is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise ConfigError(Problem("missing_file", say("config.missing"), say("config.missing.fix"), shown)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            Problem("bad_encoding", say("config.not_utf8", byte=error.start), say("config.not_utf8.fix"), shown)
        ) from error


def read_document(path: Path, shown: str | None = None) -> Document:
    """Read a YAML or JSON file whose top level is a mapping (JSON is read as the YAML it nearly is).

    Raises: ConfigError with every problem found.
    """
    shown = shown or str(path)
    text = read_text(path, shown)
    if path.suffix == ".json":
        _require_json(text, shown)
        text = text.replace("\t", " ")  # YAML, which gives the lines, takes no tabs; in a JSON text none stand raw
    problems: list[Problem] = []
    lines: dict[Key, int] = {}
    try:
        node = yaml.compose(text, Loader=_Loader)
        values = parse_scalar(text)
        if node is not None:
            _walk(node, (), lines, problems, shown)
    except yaml.YAMLError as error:
        raise ConfigError(_syntax_problem(shown, error)) from error
    except (ValueError, RecursionError) as error:
        problem = Problem("bad_yaml", say("config.bad_yaml", what=error), say("config.bad_yaml.fix"), shown)
        raise ConfigError(problem) from error
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise ConfigError(
            Problem("not_a_mapping", say("config.not_a_mapping"), say("config.not_a_mapping.fix"), shown, 1)
        )
    if problems:
        raise ConfigError(problems)
    return Document(shown, values, lines)


def _require_json(text: str, shown: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            Problem(
                "bad_json",
                say("config.bad_json", what=error.msg, column=error.colno),
                say("config.bad_json.fix"),
                shown,
                error.lineno,
            )
        ) from error
