"""LN tuning: train the normalisation layers and nothing else (Zhao et al. 2023, arXiv:2312.11420).

Without names every normalisation layer of the model is trained, also those of queries and keys (`q_norm`, `k_norm`)
where it has them: PEFT's own lists leave some out (qwen2, falcon) and lack architectures. The keys are PEFT's.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.adapted import LIBRARY_CLASSES, REFUSED_EVERYWHERE, Name, adapted_modules
from llm_finetune.methods.chosen import Excluding, adapted, last_names, meant_modules, name_problems, with_targets
from llm_finetune.methods.method import Method
from llm_finetune.methods.targets import Layers, layers_of, require_none
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import LNTuningConfig, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel


class LnTuningSettings(Excluding):
    """Keys of `lora_config.json` for LN tuning."""

    peft_type: Literal["LN_TUNING"] = Field(default="LN_TUNING", description="The method.")
    target_modules: str | list[Name] | None = Field(
        default=None,
        description="Normalisation layers that are trained: null (all of them), a list of names, or a regular "
        "expression over full names.",
    )


def normalisations_of(model: Any) -> tuple[str, ...]:
    """Full names of the layers that normalise and have a weight for each channel."""
    return tuple(
        name
        for name, module in model.named_modules()
        if "norm" in type(module).__name__.lower()
        and any(key == "weight" and weight.ndim == 1 for key, weight in module.named_parameters(recurse=False))
    )


def _checked(settings: LnTuningSettings, model: Any) -> tuple[LnTuningSettings, Layers]:
    """Raises: ModelError with every name that is no normalisation layer of the model."""
    layers, normalisations = layers_of(model), normalisations_of(model)
    names = last_names(normalisations, layers)
    if not names:
        message = say("methods.ln_none", architecture=layers.architecture)
        raise ModelError(Problem("no_default", message, say("methods.ln_none.fix"), field="target_modules"))
    settings = with_targets(settings, names)
    others = [name for name in meant_modules(settings, layers) if name not in normalisations]
    problems = name_problems(settings, layers)
    if others:
        shown = ", ".join(dict.fromkeys(f"`{name.rpartition('.')[2]}`" for name in others))
        message = say("methods.ln_other", names=shown, architecture=layers.architecture)
        fix = say("methods.ln_other.fix", known=", ".join(names))
        problems.append(Problem("unsupported_module", message, fix, field="target_modules"))
    require_none(problems)
    return settings, layers


def _library_config(settings: LnTuningSettings) -> "LNTuningConfig":
    from peft import LNTuningConfig

    return LNTuningConfig(**settings.model_dump(exclude={"peft_type"}))


def check(config: "PreTrainedConfig", settings: LnTuningSettings) -> tuple[str, ...]:
    """Full names of the normalisation layers that are trained, found without weights.

    Raises: ModelError with every name that is no normalisation layer of the model.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    settings, layers = _checked(settings, model)
    with quiet_libraries():
        return adapted_modules(model, _library_config(settings), layers)


def apply(model: "PreTrainedModel", settings: LnTuningSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put trained float32 copies in the place of its normalisation layers.

    Raises: ModelError if the settings do not fit the model.
    """
    settings, layers = _checked(settings, model)
    return adapted(model, _library_config(settings), layers)


METHOD = Method(
    name="LN_TUNING",
    title="LN tuning",
    settings=LnTuningSettings,
    apply=apply,
    check=check,
    mergeable=True,
    quantized_base=True,
    source="Zhao et al. 2023, Tuning LayerNorm in Attention: Towards Efficient Multi-Modal LLM Finetuning, "
    "arXiv:2312.11420",
    library=(("tuners/ln_tuning/config.py", "LNTuningConfig"), *LIBRARY_CLASSES),
    refused={key: text for key, text in REFUSED_EVERYWHERE.items() if key != "fan_in_fan_out"},
    aliases={"targets": "target_modules", "norms": "target_modules"},
)
