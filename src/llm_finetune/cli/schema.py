"""`schema`: the JSON Schema of the configuration, for editors and programs."""

from llm_finetune.cli.arguments import JsonOption
from llm_finetune.cli.output import print_json


def schema(as_json: JsonOption = False) -> None:
    """Print the JSON Schema of config/finetune.yaml (JSON with or without --json)."""
    from llm_finetune.settings import json_schema

    print_json(json_schema())
