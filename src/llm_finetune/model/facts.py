"""What can be known about a model from its configuration alone, on the meta device: no weights, no memory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_finetune.model.load import load_config, position_limit
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Sizes and shape of a model."""

    architecture: str
    parameters: int
    """Tied ones counted once."""
    layers: int
    hidden_size: int
    vocabulary: int
    tied_embeddings: bool
    position_limit: int | None
    """In tokens; None if the model states none."""


def skeleton(config: "PreTrainedConfig") -> "PreTrainedModel":
    """The model of a configuration with shapes but no weights.

    Raises: ValueError if it is no causal language model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    with quiet_libraries(), torch.device("meta"):
        return AutoModelForCausalLM.from_config(config, trust_remote_code=False)


def facts_of_config(config: "PreTrainedConfig") -> ModelFacts:
    """The facts of a configuration."""
    model, text = skeleton(config), config.get_text_config()
    return ModelFacts(
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        layers=text.num_hidden_layers,
        hidden_size=text.hidden_size,
        vocabulary=text.vocab_size,
        tied_embeddings=is_tied(model),
        position_limit=position_limit(config),
    )


def is_tied(model: "PreTrainedModel") -> bool:
    """Whether the output head shares the matrix of the token embeddings."""
    return bool(model.config.get_text_config().tie_word_embeddings)


def model_facts(base: Base) -> ModelFacts:
    """The facts of a base model; only its configuration is read.

    Raises: ModelError if the configuration cannot be used.
    """
    return facts_of_config(load_config(base))
