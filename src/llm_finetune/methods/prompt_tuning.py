"""Prompt tuning: trained embeddings in front of every text (Lester et al. 2021, arXiv:2104.08691).

The keys are PEFT's. Knows nothing of how a text is generated behind them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.method import Method
from llm_finetune.methods.virtual_tokens import (
    ALIASES,
    LIBRARY_BASES,
    REFUSED,
    VirtualTokenSettings,
    check_embeddings,
    embedding_of,
    encoder_in_training,
    encoder_of,
    num_virtual_tokens,
    with_virtual_tokens,
)

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


class PromptTuningSettings(VirtualTokenSettings):
    """Keys of `lora_config.json` for prompt tuning."""

    peft_type: Literal["PROMPT_TUNING"] = Field(default="PROMPT_TUNING", description="The method.")
    prompt_tuning_init: Literal["RANDOM", "TEXT", "SAMPLE_VOCAB"] = Field(
        default="SAMPLE_VOCAB",
        description="Start of the virtual tokens: tokens drawn from the vocabulary, those of `prompt_tuning_init_text` "
        "(`TEXT`), or noise (`RANDOM`), which stands far from all words and learns slowest.",
    )
    prompt_tuning_init_text: str | None = Field(
        default=None,
        description="The text for `TEXT`: an instruction of about as many tokens. It is repeated or cut to fit.",
    )

    @field_validator("prompt_tuning_init_text")
    @classmethod
    def _belongs_to_text(cls, value: str | None, info: Any) -> str | None:
        begins_with_text = info.data.get("prompt_tuning_init") == "TEXT"
        if begins_with_text and not (value or "").strip():
            raise ValueError(say("methods.init_text_missing"))
        if value is not None and not begins_with_text:
            raise ValueError(say("methods.init_text_unused"))
        return value

    @property
    def text_to_begin_with(self) -> str | None:
        """The text that the virtual tokens begin as, if they do."""
        return self.prompt_tuning_init_text if self.prompt_tuning_init == "TEXT" else None


def apply(model: "PreTrainedModel", settings: PromptTuningSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put trained float32 embeddings in front of its texts.

    Raises: ModelError if the text to begin with has no tokens.
    """
    from peft import PromptTuningConfig

    text = settings.text_to_begin_with
    # PEFT would load the tokenizer in its own way: by a path that it then writes into the adapter's configuration.
    start = settings.prompt_tuning_init if text is None else "RANDOM"
    config = PromptTuningConfig(
        task_type=settings.task_type,
        num_virtual_tokens=settings.num_virtual_tokens,
        prompt_tuning_init=start,
        token_dim=embedding_of(model)[1].embedding_dim,
    )
    adapted = with_virtual_tokens(model, config)
    if text is not None:
        _begin_with(text, adapted)
        _record_text(text, adapted)
    return adapted


def _begin_with(text: str, adapted: Any) -> None:
    """Make the virtual tokens those of a text, repeated or cut to their number as PEFT does."""
    import torch

    base, encoder = adapted.get_base_model(), encoder_of(adapted)
    ids, count = _token_ids(base, text), encoder.embedding.num_embeddings
    repeated = (ids * -(-count // len(ids)))[:count]
    embedding = base.get_input_embeddings()
    with torch.no_grad():
        encoder.embedding.weight.copy_(embedding(torch.tensor(repeated, device=embedding.weight.device)))


def _token_ids(base: Any, text: str) -> list[int]:
    """Tokens of the text alone, without those that begin or end a whole one.

    Raises: ModelError if there are none, or the base has no tokenizer.
    """
    from llm_finetune.model.load import load_tokenizer
    from llm_finetune.model.resolve import Base

    place = base.name_or_path
    source: Literal["folder", "hub"] = "folder" if Path(place).is_dir() else "hub"
    revision = base.config._commit_hash if source == "hub" else None
    tokenizer = load_tokenizer(Base(place, place, revision, source, None))
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    if not ids:
        message, fix = say("methods.init_text_empty"), say("methods.init_text_empty.fix")
        raise ModelError(Problem("init_text_empty", message, fix, field="prompt_tuning_init_text"))
    return ids


def _record_text(text: str, adapted: Any) -> None:
    """Write the start into the configuration, with a tokenizer's name that is no path of this machine.

    Nobody loads that tokenizer again, but PEFT 0.21.2 reads no `TEXT` without a name.
    """
    config, place = adapted.active_peft_config, Path(adapted.get_base_model().name_or_path)
    config.prompt_tuning_init = "TEXT"
    config.prompt_tuning_init_text = text
    config.tokenizer_name_or_path = place.name if place.is_dir() else str(place)


def told(adapted: "PeftModel", settings: PromptTuningSettings) -> Sequence[str]:
    """Whether the text to begin with was cut or repeated."""
    if settings.text_to_begin_with is None:
        return ()
    tokens = len(_token_ids(adapted.get_base_model(), settings.text_to_begin_with))
    count = settings.num_virtual_tokens
    if tokens == count:
        return ()
    key = "methods.init_text_told" if tokens > count else "methods.init_text_repeated"
    return (say(key, tokens=tokens, count=count),)


METHOD = Method(
    name="PROMPT_TUNING",
    title="prompt tuning",
    settings=PromptTuningSettings,
    apply=apply,
    check=check_embeddings,
    told=told,
    mergeable=False,
    source="Lester et al. 2021, The Power of Scale for Parameter-Efficient Prompt Tuning, arXiv:2104.08691",
    library=(("tuners/prompt_tuning/config.py", "PromptTuningConfig"), *LIBRARY_BASES),
    refused={
        **REFUSED,
        "tokenizer_name_or_path": "methods.tokenizer_of_base",
        "tokenizer_kwargs": "methods.tokenizer_of_base",
    },
    aliases={
        **ALIASES,
        "init": "prompt_tuning_init",
        "prompt_init": "prompt_tuning_init",
        "init_text": "prompt_tuning_init_text",
        "prompt_init_text": "prompt_tuning_init_text",
    },
    training=encoder_in_training,
    virtual_tokens=num_virtual_tokens,
    learning_rates=(1e-2, 0.3),
    quantized_base=True,
)
