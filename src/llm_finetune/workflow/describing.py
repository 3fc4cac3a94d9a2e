"""What each method is and costs, measured on the default model without its weights. Knows no method by name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_finetune.messages import LANGUAGES, say_in, texts_of
from llm_finetune.methods import METHODS, trainable_parameters
from llm_finetune.methods.method import Method
from llm_finetune.model.embedded import DEFAULT_MODEL

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

DEFAULT_SHAPE: dict[str, Any] = {
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
}
"""The default model, a Llama, as far as its parameters go: nothing has to be fetched to count them."""
STEPS = 1000
"""Optimizer steps of the run that is imagined: enough for every schedule."""
TRAINED_BYTES = 16
"""A trained parameter in float32, its gradient, and Adam's two moments (Kingma and Ba 2014, arXiv:1412.6980)."""
FROZEN_BYTES = 2
"""A frozen parameter in bfloat16."""
MEMORY_WORDS = ((1.01, "hardly"), (1.1, "little"), (2.0, "more"), (float("inf"), "times"))
"""Up to this many times the memory of the frozen model → how much that is, as a message."""
_SOURCE = re.compile(r"(?P<authors>.+? \d{4}), (?P<title>.+), arXiv:(?P<number>\d{4}\.\d{4,5})")


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a method comes from."""

    authors: str
    title: str
    arxiv: str


@dataclass(frozen=True, slots=True)
class Described:
    """One method with its own defaults on the default model."""

    name: str
    """The value of `peft_type`; `FULL` stands for `method.adapter: none`."""
    title: str
    trains: dict[str, str]
    """What is trained, one sentence a language."""
    trainable: int
    """Parameters."""
    memory_times: float
    """Weights, gradients and optimizer state, in times of the frozen model."""
    paper: Paper
    can_merge: bool
    can_export_as_lora: bool
    can_quantize_base: bool
    can_checkpoint: bool
    """Whether activations can be computed again to save memory (gradient checkpointing)."""

    @property
    def memory_word(self) -> str:
        """The message that says how much memory that is."""
        return next(word for limit, word in MEMORY_WORDS if self.memory_times <= limit)


def described_methods() -> Iterator[Described]:
    """Every method of the table, each as soon as it is measured."""
    from transformers import LlamaConfig

    config = LlamaConfig(**DEFAULT_SHAPE)
    for method in METHODS.values():
        yield _described(method, config)


def default_model() -> str:
    """The name of the model that is measured."""
    return DEFAULT_MODEL


def _described(method: Method, config: "PreTrainedConfig") -> Described:
    trainable, times = _measured(method, config)
    return Described(
        name=method.name,
        title=method.title,
        trains=_sentences(method),
        trainable=trainable,
        memory_times=times,
        paper=paper_of(method),
        can_merge=method.mergeable,
        can_export_as_lora=method.exportable,
        can_quantize_base=method.quantized_base,
        can_checkpoint=method.checkpointing,
    )


def _sentences(method: Method) -> dict[str, str]:
    """What the method trains; its title where the catalogue has no sentence."""
    key = f"methods.{method.name}.trains"
    if key not in texts_of("methods"):
        return dict.fromkeys(LANGUAGES, method.title)
    return {language: say_in(language, key) for language in LANGUAGES}


def paper_of(method: Method) -> Paper:
    """The paper, taken apart; the whole sentence is the title if it is written in another way."""
    found = _SOURCE.fullmatch(method.source)
    return Paper(found["authors"], found["title"], found["number"]) if found else Paper("", method.source, "")


def _measured(method: Method, config: "PreTrainedConfig") -> tuple[int, float]:
    """Trained parameters, and the memory of weights and optimizer in times of the frozen model."""
    from llm_finetune.model.facts import skeleton

    base = skeleton(config)
    frozen_bytes, buffer_bytes = FROZEN_BYTES * base.num_parameters(), _buffer_bytes(base)
    model = method.apply(base, method.settings(), STEPS)
    trainable, total = trainable_parameters(model)
    # Frozen parameters that a method adds beside the model's own are held in float32, and rare.
    used = FROZEN_BYTES * (total - trainable) + TRAINED_BYTES * trainable + _buffer_bytes(model) - buffer_bytes
    return trainable, used / frozen_bytes


def _buffer_bytes(model: Any) -> int:
    return sum(buffer.numel() * buffer.element_size() for buffer in model.buffers())
