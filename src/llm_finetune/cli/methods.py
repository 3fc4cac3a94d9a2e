"""`methods`: what can be put into `config/lora_config.json`, what each method trains, costs and can do."""

from typing import TYPE_CHECKING, Any

from llm_finetune.cli.arguments import JsonOption
from llm_finetune.cli.output import print_json, print_line
from llm_finetune.messages import language, say

if TYPE_CHECKING:
    from llm_finetune.workflow.describing import Described

ABILITIES = ("can_merge", "can_export_as_lora", "can_quantize_base", "can_checkpoint")


def methods(as_json: JsonOption = False) -> None:
    """List the fine-tuning methods: what each trains, its memory, its paper, and what it can do."""
    from llm_finetune.workflow.describing import DEFAULT_SHAPE, default_model, described_methods

    found = list(described_methods())
    if as_json:
        print_json({"model": default_model(), "shape": DEFAULT_SHAPE, "methods": [as_dict(entry) for entry in found]})
        return
    from llm_finetune.cli.tables import print_columns

    columns = [say(f"cli.methods.{name}") for name in ("type", "trains", "parameters", "memory", "can", "paper")]
    print_columns(columns, [row_of(entry) for entry in found], numbers=frozenset({2}))
    print_line()
    for key in ("choose", "measured"):
        print_line(say(f"cli.methods.{key}", model=default_model()))


def row_of(entry: "Described") -> list[str]:
    """The cells of a method in the language in force."""
    able = [say(f"cli.methods.{ability}") for ability in ABILITIES if as_dict(entry)[ability]]
    paper = entry.paper.title + (f", arXiv:{entry.paper.arxiv}" if entry.paper.arxiv else "")
    return [
        entry.name,
        entry.trains[language()],
        f"{entry.trainable:,}",
        say(f"cli.methods.memory.{entry.memory_word}", times=f"{entry.memory_times:.1f}"),
        say("cli.methods.between").join(able) or "—",
        paper,
    ]


def as_dict(entry: "Described") -> dict[str, Any]:
    """The fields of a method and the word for its memory."""
    from dataclasses import asdict

    return {**asdict(entry), "memory_word": entry.memory_word}
