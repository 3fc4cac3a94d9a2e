"""What cannot be trained beside rounded layers, found without weights. Knows no quantisation by name."""

from collections.abc import Sequence

from llm_finetune.config.strict import Settings
from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.methods.lora_settings import is_changed_base


def quantized_problems(settings: Settings, rounded: Sequence[str]) -> list[Problem]:
    """A problem for each key of an adapter that would change or train a layer whose weights are rounded.

    `rounded` are the full names of those layers.
    """
    values = settings.model_dump()
    found = []
    start = values.get("init_lora_weights", True)
    if is_changed_base(start):
        found.append(_problem("quantized_start", "init_lora_weights", start))
    for key in ("modules_to_save", "target_parameters"):
        names = [name for name in values.get(key) or () if _means_one(name, key, rounded)]
        if names:
            found.append(_problem("quantized_module", key, ", ".join(f"`{name}`" for name in names)))
    return found


def _means_one(target: str, key: str, rounded: Sequence[str]) -> bool:
    """Whether a listed name is one of the layers, or has some inside; a parameter's name ends in its own."""
    target = target.rpartition(".")[0] if key == "target_parameters" else target
    return any(f".{name}.".endswith(f".{target}.") or f".{target}." in f".{name}." for name in rounded)


def _problem(code: str, key: str, value: object) -> Problem:
    return Problem(code, say(f"methods.{code}", value=value), say(f"methods.{code}.fix"), field=key)
