"""Settings of the comparison between base and tuned model."""

from typing import Annotated, Literal

from pydantic import Field

from llm_finetune.config.strict import Settings


class EvaluationSettings(Settings):
    """How answers are generated when the tuned model is compared with its base."""

    max_new_tokens: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        default="auto",
        description="Longest generated answer in tokens. `auto` is twice the longest reference, at most 256.",
    )
    gates: dict[str, str] = Field(
        default_factory=dict,
        description='Conditions on the tuned model by metric, for example `json_valid: ">= 0.95"`. If one fails, '
        "`evaluate` ends with exit code 3.",
    )
