"""Chat templates by the names that other tools give them."""

from typing import Any

from llm_finetune.scaffold.foreign.taking import Taking

OWN = frozenset({"tokenizer_default", "jinja"})
"""Names that mean the model's own template, or one given beside."""
FALLBACK = "tokenizer_default_fallback_"
NAMES: dict[str, str] = {
    # Their name → ours, where both write the same marks.
    "alpaca": "alpaca",
    "chatml": "chatml",
    "gemma": "gemma",
    "llama2": "llama2",
    "llama3": "llama3",
    "mistral": "mistral",
    "phi": "phi3",
    "phi_3": "phi3",
    "vicuna": "vicuna",
    "zephyr": "zephyr",
}


def chat_template(taking: Taking, key: str, value: Any) -> None:
    """A template by name, where there is one of that name here; else the model's own is used."""
    name = str(value)
    if name in OWN:
        return
    if name.startswith(FALLBACK):
        taking.leave(key, "template_fallback", name=name.removeprefix(FALLBACK))
    elif name in NAMES:
        taking.set("model.chat_template", NAMES[name], key)
    else:
        taking.leave(key, "template", name=name)
