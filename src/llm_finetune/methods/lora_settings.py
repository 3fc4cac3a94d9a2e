"""The keys of `lora_config.json` for LoRA, as PEFT names them. Knows no model."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.config.strict import Settings
from llm_finetune.messages import say
from llm_finetune.methods.adapted import LayerSettings, Name, Rank, require_regex

Row = Annotated[int, Field(strict=True, ge=0)]
Alpha = Annotated[int, Field(strict=True, ge=1, le=65536)] | Annotated[float, Field(strict=True, gt=0, le=65536)]
"""EVA, which moves ranks, leaves fractions here."""
PLAIN_STARTS = (True, False, "gaussian", "orthogonal")
CHANGED_BASE = ("pissa", "olora")
"""Starts that take part of the frozen weights into the update (and `pissa_niter_N`)."""
FROM_DATA = "eva"
_ITERATIONS = "pissa_niter_"


class EvaSettings(Settings):
    """How EVA looks at the training rows (Paischer et al. 2024, arXiv:2410.07170)."""

    rho: float = Field(
        default=2.0, ge=1, le=100, description="Ranks may grow to `rho * r` in some layers; 1 keeps all at `r`."
    )
    tau: float = Field(
        default=0.99, ge=0, le=1, description="How alike directions of two batches must be to count as settled."
    )
    use_label_mask: bool = Field(default=True, description="Look at trained tokens only, not at prompts.")
    label_mask_value: Literal[-100] = Field(default=-100, description="Label of tokens that are not trained.")
    whiten: bool = Field(default=False, description="Scale directions by how much of the inputs they explain.")
    adjust_scaling_factors: bool = Field(
        default=True, description="Keep each layer's `lora_alpha / r` where its rank changes."
    )


class ParameterTargets(Settings):
    """What gets an update beside whole layers; it comes first, because an empty list of layers depends on it."""

    target_parameters: list[Name] | None = Field(
        default=None,
        description="Parameters that get an update though they are no layer: the experts of a mixture, for example "
        '`["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]`. With `lora_dropout: 0`.',
    )


class LoraSettings(LayerSettings, ParameterTargets):
    """Keys of `lora_config.json` for LoRA."""

    peft_type: Literal["LORA"] = Field(default="LORA", description="The method.")
    task_type: Literal["CAUSAL_LM"] = Field(
        default="CAUSAL_LM", description="What is trained; only text generation is."
    )
    r: Rank = Field(
        default=8,
        description="Rank of the update; trainable parameters and their memory grow linearly with it.",
    )
    lora_alpha: Rank = Field(
        default=32,
        description="The update is multiplied by `lora_alpha / r`. Twice to four times `r` is usual.",
    )
    lora_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the update's inputs dropped in training, against overfitting.",
    )
    bias: Literal["none", "all", "lora_only"] = Field(
        default="none",
        description="Biases trained too. Anything but `none` changes the base even with the adapter off.",
    )
    use_rslora: bool = Field(default=False, description="Scale by `lora_alpha / sqrt(r)`, steadier at high ranks.")
    use_dora: bool = Field(
        default=False,
        description="Train each column's length apart from its direction: often better, a good deal slower.",
    )
    init_lora_weights: bool | str = Field(
        default=True,
        description='Start of the update: true, "gaussian" or "orthogonal" change nothing yet; false is random; '
        '"pissa", "pissa_niter_4" (quicker) and "olora" begin with the main directions of the frozen weights, "eva" '
        "with those of the inputs that the training rows give each layer.",
    )
    eva_config: EvaSettings | None = Field(default=None, description='How "eva" looks at the rows.')
    rank_pattern: dict[str, Rank] = Field(
        default_factory=dict, description="Other ranks for some layers: name or regular expression → rank."
    )
    alpha_pattern: dict[str, Alpha] = Field(
        default_factory=dict,
        description="Other `lora_alpha` for some layers: name or regular expression → value.",
    )
    trainable_token_indices: list[Row] | dict[str, list[Row]] | None = Field(
        default=None,
        description="Token ids whose rows of the embedding are trained and saved alone, or a mapping from module "
        "names to ids. The rows of `model.added_tokens` are added by themselves.",
    )

    @field_validator("rank_pattern", "alpha_pattern")
    @classmethod
    def _are_regexes(cls, value: dict[str, Any]) -> dict[str, Any]:
        for pattern in value:
            require_regex(pattern)
        return value

    @field_validator("init_lora_weights")
    @classmethod
    def _is_a_known_start(cls, value: bool | str, info: Any) -> bool | str:
        if value not in (*PLAIN_STARTS, *CHANGED_BASE, FROM_DATA) and iterations_of(value) is None:
            raise ValueError(say("methods.bad_start"))
        rank = info.data.get("r", 2)
        if value == "orthogonal" and rank % 2:
            raise ValueError(say("methods.orthogonal_rank", r=rank))
        if is_changed_base(value) and info.data.get("lora_dropout"):
            raise ValueError(say("methods.start_dropout"))
        if value not in PLAIN_STARTS and info.data.get("target_parameters"):
            raise ValueError(say("methods.start_parameters"))
        return value

    @field_validator("eva_config")
    @classmethod
    def _has_its_start(cls, value: EvaSettings | None, info: Any) -> EvaSettings | None:
        if value is not None and info.data.get("init_lora_weights") != FROM_DATA:
            raise ValueError(say("methods.eva_start"))
        return value

    @field_validator("lora_dropout")
    @classmethod
    def _fits_parameters(cls, value: float, info: Any) -> float:
        if value and info.data.get("target_parameters"):
            raise ValueError(say("methods.parameters_dropout"))
        return value

    @field_validator("use_dora")
    @classmethod
    def _adapts_layers(cls, value: bool, info: Any) -> bool:
        if value and info.data.get("target_parameters"):
            raise ValueError(say("methods.parameters_dora"))
        return value


def iterations_of(start: bool | str) -> int | None:
    """N of `pissa_niter_N`; None for another start."""
    text = str(start).removeprefix(_ITERATIONS)
    return int(text) if str(start).startswith(_ITERATIONS) and text.isdigit() and 0 < int(text) <= 100 else None


def is_changed_base(start: bool | str) -> bool:
    """Whether a start takes part of the frozen weights into the update."""
    return start in CHANGED_BASE or iterations_of(start) is not None
