"""Settings of the base model."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator

from llm_finetune.config.strict import Settings
from llm_finetune.messages import say

Precision = Literal["auto", "float32", "bfloat16", "float16"]
Quantization = Literal["none", "int8", "nf4"]
Token = Annotated[str, Field(min_length=1, max_length=100)]


class ModelSettings(Settings):
    """Which base model, and how it is held in memory."""

    name: str = Field(
        default="smollm2-135m-instruct",
        min_length=1,
        description="The embedded default model, a Hub id such as `Qwen/Qwen3-0.6B`, or a folder on this machine.",
    )
    revision: str | None = Field(
        default=None, description="Branch, tag or commit of a Hub model. Null takes the Hub's default branch."
    )
    dtype: Precision = Field(
        default="auto",
        description="Number format of the frozen weights and of the computation. `auto` takes bfloat16 where "
        "the hardware computes it, else float32, and says why. Trained weights are always float32.",
    )
    quantization: Quantization = Field(
        default="none",
        description="Frozen linear layers in fewer bits, for adapters: `int8` takes half of bfloat16's memory and "
        "answers nearly the same; `nf4` takes a quarter, is further off, and needs `pip install llm-finetune[quant]`.",
    )
    chat_template: str | None = Field(
        default=None,
        description="Replaces the model's own chat template: a Jinja file, or the name of one of ours (`chatml`, "
        "`llama3`, `gemma`, `phi3`, `llama2`, `mistral`, `zephyr`, `vicuna`, `alpaca`, `plain`). It is saved with the "
        "adapter.",
    )
    chat_template_kwargs: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="Variables handed to the chat template in training, evaluation and chat alike, for example "
        "`{enable_thinking: false}`.",
    )
    added_tokens: list[Token] | dict[Token, str] = Field(
        default_factory=list,
        description="Tokens the base lacks, for example `[<note>, </note>]`, or a mapping from each to words whose "
        "mean its row starts at. They are plain text: found in rows and shown in answers. Only their rows are trained.",
    )

    @field_validator("added_tokens")
    @classmethod
    def _are_words_of_their_own(cls, value: list[str] | dict[str, str]) -> list[str] | dict[str, str]:
        if any(token != token.strip() for token in value):
            raise ValueError(say("model.token_blanks"))
        if len(set(value)) < len(value):
            raise ValueError(say("model.token_twice"))
        return value
