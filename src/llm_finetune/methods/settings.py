"""Settings of the fine-tuning method: where its own configuration lies."""

from pydantic import Field

from llm_finetune.config.strict import Settings

FULL = "none"


class MethodSettings(Settings):
    """What is made trainable."""

    adapter: str = Field(
        default="config/lora_config.json",
        description="File with PEFT's own keys (`peft_type`, `r`, …), or `none` for full fine-tuning.",
    )

    @property
    def is_full(self) -> bool:
        """Whether every weight is trained."""
        return self.adapter == FULL
