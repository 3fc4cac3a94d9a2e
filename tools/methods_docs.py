"""The parts of the pages about methods that are made from the table of methods: what stands between marks is replaced.

A page is written by hand; between `<!-- made: NAME -->` and `<!-- end -->` stands what the code gives.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_finetune.workflow.describing import Described

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"docs/methods.md": "en", "docs/methods.zh-TW.md": "zh-TW"}
BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
PAPER = "https://arxiv.org/abs/"

KeyTable = Callable[[Mapping[str, Any]], str]


def page_text(name: str, key_table: KeyTable) -> str:
    """A page with its made parts as the code gives them."""
    language, written = PAGES[name], (ROOT / name).read_text(encoding="utf-8")
    makers: dict[str, Callable[[], str]] = {
        "methods": lambda: methods_table(language),
        "impossible": lambda: impossible_table(language),
        "keys": lambda: keys_text(key_table),
    }
    return BLOCK.sub(lambda block: block[1] + makers[block[2]]() + block[3], written)


@cache
def _described() -> "tuple[Described, ...]":
    from llm_finetune.workflow.describing import described_methods

    return tuple(described_methods())


def methods_table(language: str) -> str:
    """All methods: what each trains, how much, its memory, what it can do, its paper."""
    from llm_finetune.cli.methods import ABILITIES, as_dict
    from llm_finetune.messages import say_in

    def cell(key: str, **values: object) -> str:
        return say_in(language, f"cli.methods.{key}", **values)

    heads = ["type", "trains", "parameters", "memory", *ABILITIES, "paper"]
    lines = ["| " + " | ".join(cell(head) for head in heads) + " |", "|---|---|--:|---" + "|:-:" * 4 + "|---|"]
    for entry in _described():
        times = f"{entry.memory_times:.1f}"
        cells = [
            f"`{entry.name}`",
            entry.trains[language],
            f"{entry.trainable:,}",
            cell(f"memory.{entry.memory_word}", times=times),
            *("✓" if as_dict(entry)[ability] else "–" for ability in ABILITIES),
            f"{entry.paper.authors}: {entry.paper.title}, [{entry.paper.arxiv}]({PAPER}{entry.paper.arxiv})",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def impossible_table(language: str) -> str:
    """Architectures that a method is refused on, with the reason."""
    from llm_finetune.messages import say_in
    from llm_finetune.methods import METHODS

    heads = {"en": "| Method | `model_type` | Why |", "zh-TW": "| 方法 | `model_type` | 原因 |"}
    lines = [heads[language], "|---|---|---|"]
    for method in METHODS.values():
        for kind, key in method.unsupported.items():
            lines.append(f"| `{method.name}` | {kind} | {_capital(say_in(language, key))} |")
    return "\n".join(lines) + "\n"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def keys_text(key_table: KeyTable) -> str:
    """The keys of every method's file, from its settings."""
    return "\n".join(_keys_of_all(key_table))


def _keys_of_all(key_table: KeyTable) -> Iterator[str]:
    from llm_finetune.methods import METHODS

    for method in METHODS.values():
        if method.is_adapter:
            yield f"### {method.name}\n\n{key_table(method.settings.model_json_schema())}"
