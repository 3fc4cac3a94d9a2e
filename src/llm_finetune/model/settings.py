"""Settings of the base model."""

from typing import Literal

from pydantic import Field, JsonValue

from llm_finetune.config.strict import Settings

Precision = Literal["auto", "float32", "bfloat16", "float16"]


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
