"""Chat templates of our own by name, for models that bring none. Knows tokens by their spelling only.

The files in `templates/` are Jinja. None writes the beginning-of-sequence token: it is put in front where the
tokenizer itself begins texts with one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from llm_finetune.catalog import Catalog

FALLBACK = "alpaca"
"""Headings in plain words, which any tokenizer can write."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A layout of conversations."""

    name: str
    end: str | None
    """The end-of-turn token; None where it is the tokenizer's own end of sequence."""
    marks: tuple[str, ...] = ()
    """Tokens beside it that show that a model was made for this layout."""

    @property
    def text(self) -> str:
        """The template in Jinja."""
        path = files("llm_finetune.data") / "templates" / f"{self.name}.jinja"
        return path.read_text(encoding="utf-8").rstrip("\n")

    def text_for(self, *, begins: bool) -> str:
        """The template, which writes the beginning-of-sequence token where the tokenizer begins texts with one."""
        return "{{- bos_token }}" + self.text if begins else self.text


CHAT_TEMPLATES: Catalog[ChatTemplate] = Catalog(
    "chat template",
    {
        "chatml": ChatTemplate("chatml", "<|im_end|>", ("<|im_start|>",)),
        "llama3": ChatTemplate("llama3", "<|eot_id|>", ("<|start_header_id|>", "<|end_header_id|>")),
        "gemma": ChatTemplate("gemma", "<end_of_turn>", ("<start_of_turn>",)),
        "phi3": ChatTemplate("phi3", "<|end|>", ("<|user|>", "<|assistant|>")),
        "alpaca": ChatTemplate("alpaca", None),
        "llama2": ChatTemplate("llama2", None),
        "mistral": ChatTemplate("mistral", None),
        "plain": ChatTemplate("plain", None),
        "vicuna": ChatTemplate("vicuna", None),
        "zephyr": ChatTemplate("zephyr", None),
    },
)
"""The order is that in which a template is looked for that a vocabulary was made for."""

HasToken = Callable[[str], bool]
"""Whether a spelling is one token of the vocabulary."""


def made_for(has_token: HasToken) -> ChatTemplate | None:
    """The template whose tokens the vocabulary has, if any."""
    for template in CHAT_TEMPLATES.values():
        if template.end is not None and all(has_token(token) for token in (template.end, *template.marks)):
            return template
    return None


def fitting(has_token: HasToken) -> list[str]:
    """Names of the templates that can end a turn with this vocabulary."""
    return sorted(name for name, entry in CHAT_TEMPLATES.items() if entry.end is None or has_token(entry.end))
