"""What a fine-tuning method is. Knows none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_finetune.config.strict import Settings
from llm_finetune.methods.in_training import NOTHING_ELSE, InTraining

Apply = Callable[[Any, Any, int], Any]
"""(model, settings, total optimizer steps) → the model with something trainable. The one given is used up."""
Check = Callable[[Any, Any], tuple[str, ...]]
"""(configuration of the model, settings) → names of the modules that will be adapted."""
Choices = Callable[[Any, int], tuple[str, ...]]
"""(settings, total optimizer steps) → what follows from the number of steps, in sentences for the user."""
Shortened = Callable[[Any, int], Settings]
"""(settings, optimizer steps of a rehearsal) → settings that do in so few steps what the others do in a run."""
Training = Callable[[Any, Any, int], InTraining]
"""(the model that `apply` gave, settings, total optimizer steps) → what else is done in training."""
Told = Callable[[Any, Any], Sequence[str]]
"""(the model that `apply` gave, settings) → what is worth telling about it, in sentences for the user."""
VirtualTokens = Callable[[Any], int]
"""Settings → positions that the method puts in front of every text."""
TrainRows = Callable[[Any, Any, Sequence[int]], Any]
"""(settings, configuration of the model, token ids) → settings with which the rows of these tokens are trained too."""


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
    choices: Choices | None = None
    """Tells before any weight is loaded what is chosen for so many steps; ModelError if the settings do not fit."""
    told: Told | None = None
    """Tells what is trained, once the model is there."""
    is_adapter: bool = True
    """Whether it has a configuration file and saves an adapter."""
    library: tuple[tuple[str, str], ...] = ()
    """(module, class) in the peft package whose fields are the keys of the configuration file."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Keys of the library that are not supported → message; any other unsupported key is "later"."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Keys of other tools → the library's key."""
    shortened: Shortened | None = None
    training: Training | None = None
    virtual_tokens: VirtualTokens | None = None
    exportable: bool = False
    """Whether it can be written as a plain LoRA, which other tools read."""
    quantized_base: bool = False
    """Whether the base may be quantised."""
    checkpointing: bool = True
    """Whether activations can be computed again in the backward pass (gradient checkpointing)."""
    train_rows: TrainRows | None = None
    """How the rows of added tokens are trained; None for an adapter that cannot."""
    learning_rates: tuple[float, float] | None = None
    """Peaks of the learning rate that are usual where they are far above those of LoRA."""
    unsupported: Mapping[str, str] = field(default_factory=dict)
    """`model_type` of architectures that cannot be trained this way → message that says why."""

    def in_training(self, model: Any, settings: Settings, total_steps: int) -> InTraining:
        """What the method does while the model that `apply` gave is trained."""
        return NOTHING_ELSE if self.training is None else self.training(model, settings, total_steps)

    def for_rehearsal(self, settings: Settings, steps: int) -> Settings:
        """The settings with which a few steps go through all that the method does."""
        return settings if self.shortened is None else self.shortened(settings, steps)

    def room(self, settings: Settings) -> int:
        """Positions that the method takes from the longest text the model reads."""
        return 0 if self.virtual_tokens is None else self.virtual_tokens(settings)
