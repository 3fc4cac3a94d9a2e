"""What a fine-tuning method is. Knows none of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_finetune.config.strict import Settings

Apply = Callable[[Any, Any, int], Any]
"""(model, settings, total optimizer steps) → the model with something trainable. The one given is used up."""
Check = Callable[[Any, Any], tuple[str, ...]]
"""(configuration of the model, settings) → names of the modules that will be adapted."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to make a model trainable."""

    name: str
    """The value of `peft_type`, or our own word where PEFT has none."""
    title: str
    settings: type[Settings]
    apply: Apply
    mergeable: bool
    """Whether base and adapter can be written as one plain model."""
    source: str
    """The paper."""
    check: Check | None = None
    """Tells before any weight is loaded whether the settings fit the model; ModelError if not."""
    is_adapter: bool = True
    """Whether it has a configuration file and saves an adapter."""
    library: tuple[tuple[str, str], ...] = ()
    """(module, class) in the peft package whose fields are the keys of the configuration file."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Keys of the library that are not supported → message; any other unsupported key is "later"."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Keys of other tools → the library's key."""
