"""P-tuning: embeddings in front of every text that a small network gives (Liu et al. 2021, arXiv:2103.10385).

The keys are PEFT's. The network is needed in training only; saved are the embeddings it gives.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.messages import say
from llm_finetune.methods.method import Method
from llm_finetune.methods.virtual_tokens import (
    ALIASES,
    LIBRARY_BASES,
    REFUSED,
    Count,
    VirtualTokenSettings,
    Width,
    check_embeddings,
    embedding_of,
    encoder_in_training,
    num_virtual_tokens,
    with_virtual_tokens,
)

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

MLP_LAYERS = 2
"""What PEFT writes for its MLP, which always has the same layers."""


class PTuningSettings(VirtualTokenSettings):
    """Keys of `lora_config.json` for P-tuning."""

    peft_type: Literal["P_TUNING"] = Field(default="P_TUNING", description="The method.")
    encoder_reparameterization_type: Literal["MLP", "LSTM"] = Field(
        default="MLP", description="The network that gives the virtual tokens: `MLP`, or `LSTM` as in the paper."
    )
    encoder_hidden_size: Width | None = Field(
        default=None,
        description="Width of that network; its memory in training grows with the square. Null: the model's own.",
    )
    encoder_num_layers: Count = Field(default=MLP_LAYERS, description="Layers of the LSTM.")
    encoder_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Share dropped between the layers of the LSTM, in training."
    )

    @field_validator("encoder_num_layers")
    @classmethod
    def _has_a_use(cls, value: int, info: Any) -> int:
        if value != MLP_LAYERS and info.data.get("encoder_reparameterization_type") == "MLP":
            raise ValueError(say("methods.lstm_only"))
        return value

    @field_validator("encoder_dropout")
    @classmethod
    def _has_layers_between(cls, value: float, info: Any) -> float:
        if value and info.data.get("encoder_reparameterization_type") == "MLP":
            raise ValueError(say("methods.lstm_only"))
        if value and info.data.get("encoder_num_layers") == 1:
            raise ValueError(say("methods.lstm_layers"))
        return value


def apply(model: "PreTrainedModel", settings: PTuningSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put what a small float32 network gives in front of its texts."""
    from peft import PromptEncoderConfig

    config = PromptEncoderConfig(
        **settings.model_dump(exclude={"peft_type"}), token_dim=embedding_of(model)[1].embedding_dim
    )
    return with_virtual_tokens(model, config)


METHOD = Method(
    name="P_TUNING",
    title="P-tuning",
    settings=PTuningSettings,
    apply=apply,
    check=check_embeddings,
    mergeable=False,
    source="Liu et al. 2021, GPT Understands, Too, arXiv:2103.10385",
    library=(("tuners/p_tuning/config.py", "PromptEncoderConfig"), *LIBRARY_BASES),
    refused=REFUSED,
    aliases={
        **ALIASES,
        "encoder_type": "encoder_reparameterization_type",
        "hidden_size": "encoder_hidden_size",
        "prompt_encoder_hidden_size": "encoder_hidden_size",
        "num_layers_encoder": "encoder_num_layers",
        "dropout": "encoder_dropout",
    },
    training=encoder_in_training,
    virtual_tokens=num_virtual_tokens,
    quantized_base=True,
)
