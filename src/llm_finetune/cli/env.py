"""`env`: what to paste into a report of a fault."""

from typing import Any

from llm_finetune.cli.arguments import JsonOption
from llm_finetune.cli.output import print_json, print_line


def env(as_json: JsonOption = False) -> None:
    """Print versions and machine, to paste into a report. It holds no names and no secrets."""
    from llm_finetune.workflow import environment

    found = environment()
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        print_line(f"{name}: {_in_a_line(value)}")


def _in_a_line(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items())
    return ", ".join(map(str, value)) or "—" if isinstance(value, list) else str(value)
