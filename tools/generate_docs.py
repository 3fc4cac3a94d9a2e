"""Write what is made from the code: the JSON Schema, the references of configuration and command line, the list of
problem codes, and the tables in the pages about methods.

`--check` writes nothing and ends with exit code 1 if a committed file is not what the code would give.
"""

import argparse
import json
import os
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from methods_docs import PAGES, page_text
from problem_codes import readme_text

ROOT = Path(__file__).resolve().parents[1]
SCHEMA_NAME = "src/llm_finetune/scaffold/finetune.schema.json"
CONFIGURATION_NAME = "docs/configuration.md"
COMMANDS_NAME = "docs/cli.md"
CODES_NAME = "src/llm_finetune/data/README.md"
HELP_COLUMNS = "100"
FIXED_ENVIRONMENT = {
    # Help looks the same in every terminal, and in none.
    "COLUMNS": HELP_COLUMNS,
    "TERMINAL_WIDTH": HELP_COLUMNS,
    "NO_COLOR": "1",
    "TERM": "dumb",
    "_TYPER_FORCE_DISABLE_TERMINAL": "1",
    "LLM_FINETUNE_LANG": "en",
}
SCHEMA_TYPES = {
    "string": "text",
    "integer": "whole number",
    "object": "mapping",
    "array": "list",
    "boolean": "true, false",
}
FIXED_METHOD_KEYS = {"peft_type", "task_type"}
"""Keys of a method's file that have one value."""
ANSI_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

CONFIGURATION_HEAD = """\
# Configuration

Made by `make docs` from the settings models; do not edit.

All keys of `config/finetune.yaml`. An unknown key, or a value that does not fit, ends the command with exit
code 2 and the place of every problem. Any key can be given for one run on the command line, exactly as it
stands here: `llm-finetune train training.learning_rate=1e-4`. The adapter itself is configured in
`config/lora_config.json`, in PEFT's own keys.
"""
PASSED_THROUGH_HEAD = """
### Passed through

These keys of Hugging Face `TrainingArguments` are taken under `training` too and handed on as given; their
meaning and default are the library's.

"""
COMMANDS_HEAD = """\
# Commands

Made by `make docs` from the command line's own help; do not edit.

Exit codes: 0 done · 1 failed · 2 the configuration, the data or the usage is wrong · 3 a gate failed ·
128 + signal number: interrupted, state saved.
"""


def schema_text() -> str:
    """The JSON Schema of `config/finetune.yaml`."""
    from llm_finetune.settings import json_schema

    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _values(field: dict[str, Any]) -> str:
    """What a key takes, in words, from its piece of the schema."""
    if "anyOf" in field:
        return " or ".join(_values(option) for option in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const']).strip(chr(34))}`"
    kind = str(field.get("type", "any"))
    return SCHEMA_TYPES.get(kind, kind)


def _key_table(definition: Mapping[str, Any], names: Sequence[str], before: str = "") -> str:
    lines = ["| Key | Takes | Default | Meaning |", "|---|---|---|---|"]
    for name in names:
        field = definition["properties"][name]
        default = json.dumps(field.get("default", {}), ensure_ascii=False)
        meaning = field.get("description", "").replace("|", "\\|")
        lines.append(f"| `{before}{name}` | {_values(field)} | `{default}` | {meaning} |")
    return "\n".join(lines) + "\n"


def configuration_text() -> str:
    """A table of all keys with what they take, their default and their sentence."""
    from llm_finetune.settings import FinetuneSettings
    from llm_finetune.train.settings import TrainingSettings

    schema = FinetuneSettings.model_json_schema()
    parts = [CONFIGURATION_HEAD]
    for section, field in FinetuneSettings.model_fields.items():
        definition = schema["$defs"][field.annotation.__name__ if field.annotation else ""]
        names = list(definition.get("properties", {}))
        written = [name for name in names if section != "training" or name in TrainingSettings.model_fields]
        parts.append(f"\n## {section}\n\n{definition.get('description', '')}\n")
        if written:
            parts.append("\n" + _key_table(definition, written, f"{section}."))
        if passed := sorted(set(names) - set(written)):
            listed = ", ".join(f"`{name}`" for name in passed)
            parts.append(PASSED_THROUGH_HEAD + textwrap.fill(listed, 120, break_on_hyphens=False) + "\n")
    return "".join(parts)


def _method_keys(definition: Mapping[str, Any]) -> str:
    return _key_table(definition, [name for name in definition["properties"] if name not in FIXED_METHOD_KEYS])


def commands_text() -> str:
    """The help of every verb, as a terminal without colour shows it."""
    from typer.testing import CliRunner

    from llm_finetune.cli.app import VERBS, app

    runner = CliRunner()
    parts = [COMMANDS_HEAD]
    for verb in ("", *VERBS):
        words = [verb] if verb else []
        result = runner.invoke(app, [*words, "--help"], prog_name="llm-finetune")
        if result.exit_code != 0:
            raise SystemExit(f"`llm-finetune {verb} --help` ends with {result.exit_code}: {result.exception}")
        text = "\n".join(line.rstrip() for line in ANSI_SEQUENCE.sub("", result.output).strip("\n").splitlines())
        parts.append(f"\n## {' '.join(['llm-finetune', *words])}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with `--check` compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 if a file is stale")
    options = parser.parse_args(arguments)
    os.environ.update(FIXED_ENVIRONMENT)
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
        os.environ.pop(name, None)
    makers = {
        SCHEMA_NAME: schema_text,
        CONFIGURATION_NAME: configuration_text,
        COMMANDS_NAME: commands_text,
        CODES_NAME: readme_text,
        **{name: partial(page_text, name, _method_keys) for name in PAGES},
    }
    stale = []
    for name, make in makers.items():
        path, text = ROOT / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.write_text(text, encoding="utf-8", newline="\n")
    for name in stale:
        sys.stdout.write(f"{name}: {'stale; run `make docs`' if options.check else 'written'}\n")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
