"""Settings of the fine-tuning method: where its own configuration lies, or which layers are trained."""

import re
from typing import Annotated, Any

from pydantic import Field, field_validator

from llm_finetune.config.strict import Settings
from llm_finetune.messages import say

FULL = "none"
LastBlocks = Annotated[int, Field(strict=True, ge=1)]
Part = Annotated[str, Field(min_length=1)]


class MethodSettings(Settings):
    """What is made trainable."""

    adapter: str = Field(
        default="config/lora_config.json",
        description="File with PEFT's own keys (`peft_type`, `r`, …), or `none` for full fine-tuning.",
    )
    train_layers: LastBlocks | Part | list[LastBlocks | Part] | None = Field(
        default=None,
        description="With `adapter: none`, the layers trained; the others are frozen. A number is that many last "
        "blocks; or `embeddings`, `head`, `norms`, names or regular expressions over full module names; or a list of "
        "these. Null trains every weight.",
    )

    start_from: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Folder of a finished adapter that training goes on from; its method, ranks and layers must be "
        "those of the configuration, its base the same.",
    )
    loraplus_lr_ratio: Annotated[float, Field(ge=1, le=1000)] | None = Field(
        default=None,
        description="LoRA+: the second factor of each update learns this many times faster than "
        "`training.learning_rate`; 16 is usual, with half the learning rate. Null: all learn alike.",
    )

    @field_validator("train_layers")
    @classmethod
    def _fits_beside(cls, value: Any, info: Any) -> Any:
        if value is None:
            return value
        if value == []:
            raise ValueError(say("methods.train_nothing"))
        if info.data.get("adapter", FULL) != FULL:
            raise ValueError(say("methods.train_layers_need_full"))
        for item in value if isinstance(value, list) else [value]:
            _require_regex(item)
        return value

    @property
    def is_full(self) -> bool:
        """Whether weights of the model itself are trained."""
        return self.adapter == FULL

    @property
    def layers(self) -> tuple[int | str, ...] | None:
        """`train_layers` as a list; None for every weight."""
        chosen = self.train_layers
        return None if chosen is None else tuple(chosen) if isinstance(chosen, list) else (chosen,)


def _require_regex(item: int | str) -> None:
    """Raises: ValueError if a text is no regular expression; every plain name is one."""
    if isinstance(item, str):
        try:
            re.compile(item)
        except re.error as error:
            raise ValueError(say("methods.bad_regex", what=error.msg)) from error
