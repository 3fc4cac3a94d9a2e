"""The text of a project's configuration files, from settings taken over. Knows no tool."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_finetune.messages import say_in
from llm_finetune.scaffold.foreign.take import TakenOver
from llm_finetune.scaffold.yaml_text import yaml_text

SECTIONS = ("model", "data", "method", "training", "evaluation")


def configuration_text(taken: TakenOver, language: str, schema: str) -> str:
    """`finetune.yaml`: each setting with the key it came from, and at the end what was left out."""
    source = Path(taken.source).name
    lines = [f"# yaml-language-server: $schema={schema}"]
    lines.append(_comment(say_in(language, "scaffold.foreign.head", source=source, tool=taken.tool)))
    lines += [_comment(note.sentence(language)) for note in taken.notes]
    for section in SECTIONS:
        values = taken.section(section)
        if values:
            lines.append(f"{section}:")
        for name, value in values.items():
            lines += _entry(name, value, "  ", taken.origins[f"{section}.{name}"])
    if taken.left_out:
        lines += ["", _comment(say_in(language, "scaffold.foreign.left_out", tool=taken.tool))]
        lines += [_comment(f"  {item.key}: {item.sentence(language)}") for item in taken.left_out]
    return "\n".join(lines) + "\n"


def adapter_text(taken: TakenOver) -> str:
    """`lora_config.json`."""
    return json.dumps(taken.adapter, ensure_ascii=False, indent=2) + "\n"


def _comment(text: str) -> str:
    """A comment of one line, whatever line breaks a foreign key may hold."""
    return "# " + text.replace("\r", " ").replace("\n", " ")


def _entry(name: str, value: Any, indent: str, origin: str = "") -> list[str]:
    """The lines of one key; objects and lists of objects stand in blocks, all else behind the colon."""
    comment = f"  {_comment(origin)}" if origin and origin != name else ""
    key = f"{indent}{yaml_text(name)}:"
    if isinstance(value, Mapping) and value:
        inner = [line for part, item in value.items() for line in _entry(str(part), item, f"{indent}  ")]
        return [f"{key}{comment}", *inner]
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return [f"{key}{comment}", *(line for item in value for line in _item(item, f"{indent}  "))]
    return [f"{key} {_flow(value)}{comment}"]


def _item(value: Any, indent: str) -> list[str]:
    """The lines of one entry of a list."""
    if not isinstance(value, Mapping):
        return [f"{indent}- {_flow(value)}"]
    lines = [line for part, item in value.items() for line in _entry(str(part), item, f"{indent}  ")]
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]


def _flow(value: Any) -> str:
    """A value on one line; JSON is YAML but for the names of numbers that are none."""
    if isinstance(value, str):
        return yaml_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value, ensure_ascii=False)
