"""AdaLoRA: low-rank updates that start wide and are cut to where they matter (Zhang et al. 2023, arXiv:2303.10512).

An update is P·Λ·Q, and the least important entries of Λ are cut until the ranks of all layers together are
`target_r` × layers. The keys are PEFT's. When to cut is in `adalora_schedule`, the cutting in `adalora_training`.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.methods.adalora_schedule import FEWEST_STEPS_TO_CUT, Schedule, schedule_for
from llm_finetune.methods.adapted import (
    LIBRARY_CLASSES,
    REFUSED_EVERYWHERE,
    LayerSettings,
    Rank,
    adapted_modules,
    is_transposed,
    library_refusal,
    name_problems,
)
from llm_finetune.methods.in_training import InTraining
from llm_finetune.methods.method import Method
from llm_finetune.methods.targets import Layers, layers_of, matching, require_none
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import AdaLoraConfig, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel

EXACT_IN_BFLOAT16 = 256
"""PEFT 0.21 divides by `init_r`, which it holds in the base's format when an adapter is loaded."""


class AdaLoraSettings(LayerSettings):
    """Keys of `lora_config.json` for AdaLoRA."""

    peft_type: Literal["ADALORA"] = Field(default="ADALORA", description="The method.")
    task_type: Literal["CAUSAL_LM"] = Field(
        default="CAUSAL_LM", description="What is trained; only text generation is."
    )
    init_r: int = Field(
        default=12,
        ge=1,
        le=EXACT_IN_BFLOAT16,
        strict=True,
        description="Rank of every layer at the start; memory and time in training grow linearly with it.",
    )
    target_r: Rank = Field(
        default=8,
        description="Mean rank of the layers at the end; it decides the size of what is delivered.",
    )
    tinit: int | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="Steps before the first cut, in which importance is measured. Null means a tenth of the run.",
    )
    tfinal: int | None = Field(
        default=None,
        ge=0,
        strict=True,
        description="Steps after the last cut, in which the ranks stay. Null means half of the run.",
    )
    deltaT: int = Field(default=1, ge=1, strict=True, description="Steps from one cut to the next.")  # noqa: N815
    beta1: float = Field(
        default=0.85, gt=0, lt=1, description="Memory of the moving average of importance; higher is steadier."
    )
    beta2: float = Field(
        default=0.85, gt=0, lt=1, description="Memory of the moving average of importance's uncertainty."
    )
    orth_reg_weight: float = Field(
        default=0.5,
        ge=0,
        allow_inf_nan=False,
        description="Weight of the penalty that keeps an update's directions apart; shown beside the loss.",
    )
    lora_alpha: Rank = Field(
        default=32,
        description="The update is multiplied by `lora_alpha / init_r`. Twice to four times `init_r` is usual.",
    )
    lora_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the update's inputs dropped in training, against overfitting.",
    )

    @field_validator("target_r")
    @classmethod
    def _is_a_cut(cls, value: int, info: Any) -> int:
        initial = info.data.get("init_r")
        if initial is not None and value >= initial:
            raise ValueError(say("methods.adalora_no_cut", init_r=initial))
        return value


def schedule_of(settings: AdaLoraSettings, total_steps: int) -> Schedule:
    """The schedule of a run.

    Raises: ModelError if it does not fit the number of steps.
    """
    return schedule_for(settings.tinit, settings.tfinal, target_r=settings.target_r, total_steps=total_steps)


def choices(settings: AdaLoraSettings, total_steps: int) -> tuple[str, ...]:
    """The schedule in words.

    Raises: ModelError if it does not fit the number of steps.
    """
    return schedule_of(settings, total_steps).reasons


def shortened(settings: AdaLoraSettings, steps: int) -> AdaLoraSettings:
    """Settings whose ranks fall until the last step but one."""
    return settings.model_copy(update={"tinit": 0, "tfinal": 1, "deltaT": 1})


def _library_config(settings: AdaLoraSettings, model: Any, schedule: Schedule) -> "AdaLoraConfig":
    from peft import AdaLoraConfig

    from llm_finetune.model.facts import is_tied

    values = settings.model_dump(exclude={"peft_type", "ensure_weight_tying", "tinit", "tfinal"})
    return AdaLoraConfig(
        **values,
        tinit=schedule.tinit,
        tfinal=schedule.tfinal,
        total_step=schedule.total_step,
        ensure_weight_tying=settings.ensure_weight_tying and is_tied(model),
        fan_in_fan_out=is_transposed(model),
    )


def check(config: "PreTrainedConfig", settings: AdaLoraSettings) -> tuple[str, ...]:
    """Full names of the modules that get an update, found without weights.

    Raises: ModelError with every name that the model does not have.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    layers = layers_of(model)
    require_none(_problems(model, settings, layers))
    anyhow = Schedule(FEWEST_STEPS_TO_CUT, 0, 0, ())
    return adapted_modules(model, _library_config(settings, model, anyhow), layers)


def _problems(model: Any, settings: AdaLoraSettings, layers: Layers) -> list[Problem]:
    """Names that mean nothing, and embeddings, which AdaLoRA has no update for."""
    from torch import nn

    modules = dict(model.named_modules())
    meant = matching(settings.target_modules, layers)
    embeddings = [name for name in meant if isinstance(modules[name], nn.Embedding) and name not in layers.tied]
    problems = name_problems(settings, layers)
    if embeddings:
        shown = ", ".join(f"`{name}`" for name in dict.fromkeys(name.rpartition(".")[2] for name in embeddings))
        message = say("methods.unsupported", names=shown, architecture=layers.architecture)
        fix = say("methods.unsupported.fix", known=layers.linear_kinds)
        problems.append(Problem("unsupported_module", message, fix, field="target_modules"))
    return problems


def apply(model: "PreTrainedModel", settings: AdaLoraSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put float32 updates of rank `init_r` beside its layers.

    Raises: ModelError if the settings do not fit the model or the number of steps.
    """
    from peft import get_peft_model

    from llm_finetune.methods.float32 import hold_trained_in_float32

    schedule = schedule_of(settings, total_steps)
    layers = layers_of(model)
    require_none(_problems(model, settings, layers))
    config = _library_config(settings, model, schedule)
    try:
        with quiet_libraries():
            adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise library_refusal(error, layers) from error
    hold_trained_in_float32(adapted)
    _fix_divisors(adapted)
    return adapted


def _fix_divisors(adapted: "PeftModel") -> None:
    """Keep the rank, by which PEFT divides, what it is; on a base in bfloat16 PEFT 0.21.2 rounds it and trains it."""
    from peft.tuners.adalora.layer import AdaLoraLayer

    for layer in adapted.modules():
        if isinstance(layer, AdaLoraLayer):
            for name, divisor in layer.ranknum.items():
                divisor.requires_grad_(False).fill_(layer.r[name])


def training(model: "PeftModel", settings: AdaLoraSettings, total_steps: int) -> InTraining:
    """Cut ranks as the schedule has it, with the penalty apart and a state that can be taken up again."""
    from llm_finetune.methods.adalora_training import RankCutting

    cutting = RankCutting(model, schedule_of(settings, total_steps), settings.orth_reg_weight)
    return InTraining(
        penalty=cutting.penalty if settings.orth_reg_weight else None,
        after_optimizer=cutting.after_optimizer,
        save_weights=cutting.save_weights,
        save_state=cutting.save_state,
        load_state=cutting.load_state,
        report=cutting.report,
        settled_at=cutting.schedule.cut_step,
    )


METHOD = Method(
    name="ADALORA",
    title="AdaLoRA",
    settings=AdaLoraSettings,
    apply=apply,
    check=check,
    choices=choices,
    shortened=shortened,
    training=training,
    mergeable=True,
    exportable=True,
    quantized_base=True,
    source="Zhang et al. 2023, AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning, "
    "arXiv:2303.10512",
    library=(
        ("tuners/adalora/config.py", "AdaLoraConfig"),
        ("tuners/lora/config.py", "LoraConfig"),
        *LIBRARY_CLASSES,
    ),
    refused={
        **REFUSED_EVERYWHERE,
        "total_step": "methods.adalora_total_step",
        "rank_pattern": "methods.written_by_peft",
        "r": "methods.adalora_rank",
        "alpha_pattern": "methods.adalora_ignores",
        "use_rslora": "methods.adalora_ignores",
        "use_dora": "methods.adalora_ignores",
        "init_lora_weights": "methods.adalora_ignores",
        "loftq_config": "methods.quantized_only",
    },
    aliases={
        "rank": "init_r",
        "lora_r": "init_r",
        "initial_r": "init_r",
        "target_rank": "target_r",
        "alpha": "lora_alpha",
        "dropout": "lora_dropout",
        "delta_t": "deltaT",
        "total_steps": "total_step",
        "lora_target": "target_modules",
        "lora_target_modules": "target_modules",
        "targets": "target_modules",
    },
)
