"""LoRA: a trainable low-rank update beside frozen layers (Hu et al. 2021, arXiv:2106.09685).

Also rsLoRA (Kalajdzievski 2023, arXiv:2312.03732) by `use_rslora`, and DoRA (Liu et al. 2024,
arXiv:2402.09353) by `use_dora`; other starts are in `lora_starts` and `lora_eva`. The keys are PEFT's.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.adapted import (
    LIBRARY_CLASSES,
    REFUSED_EVERYWHERE,
    adapted_modules,
    is_transposed,
    library_refusal,
    name_problems,
)
from llm_finetune.methods.in_training import NOTHING_ELSE, InTraining
from llm_finetune.methods.lora_settings import FROM_DATA, PLAIN_STARTS, LoraSettings, is_changed_base
from llm_finetune.methods.method import Method
from llm_finetune.methods.targets import (
    Layers,
    layers_of,
    matching,
    parameter_problems,
    pattern_problems,
    require_none,
    row_problems,
    rows_clash_problems,
    shared_together,
)
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel

__all__ = ["METHOD", "LoraSettings", "apply", "check"]

_OURS = {"peft_type", "ensure_weight_tying", "eva_config", "init_lora_weights", "modules_to_save"}


def _library_config(settings: LoraSettings, model: Any, layers: Layers) -> "LoraConfig":
    """PEFT's configuration, with what follows from the model and makes PEFT warn if it is left to the user.

    A start that changes frozen weights or looks at rows is made when training starts; until then it is the plain one.
    """
    from peft import LoraConfig

    from llm_finetune.model.facts import is_tied

    ties = settings.ensure_weight_tying and is_tied(model)
    saved = settings.modules_to_save
    start = settings.init_lora_weights
    return LoraConfig(
        **settings.model_dump(exclude=_OURS),
        init_lora_weights=start if start in PLAIN_STARTS else True,
        modules_to_save=shared_together(saved, layers) if saved and ties else saved,
        ensure_weight_tying=ties,
        fan_in_fan_out=is_transposed(model),
    )


def check(config: "PreTrainedConfig", settings: LoraSettings) -> tuple[str, ...]:
    """Full names of the modules that get an update, found without weights.

    Raises: ModelError with every name that the model does not have.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    layers = layers_of(model)
    require_none(_name_problems(settings, model, layers))
    plain = settings.model_copy(update={"init_lora_weights": True, "use_dora": False})
    names = adapted_modules(model, _library_config(plain, model, layers), layers)
    # Two parameters of one module are adapted by two wrappers, one inside the other.
    inside = (name.replace(".base_layer", "") for name in names if not name.endswith(".token_adapter"))
    return tuple(dict.fromkeys(inside))


def rows_of(settings: LoraSettings, layers: Layers) -> Mapping[str, Sequence[int]]:
    """Rows that are trained alone, by module: a plain list means the token embedding."""
    rows = settings.trainable_token_indices or {}
    return rows if isinstance(rows, Mapping) else {layers.ends[0]: rows}


def _name_problems(settings: LoraSettings, model: Any, layers: Layers) -> list[Problem]:
    rows = rows_of(settings, layers)
    saved = matching(settings.modules_to_save, layers)
    updated = [] if isinstance(settings.target_modules, str) else matching(settings.target_modules, layers)
    return [
        *name_problems(settings, layers),
        *parameter_problems("target_parameters", settings.target_parameters, layers),
        *pattern_problems("rank_pattern", list(settings.rank_pattern), layers),
        *pattern_problems("alpha_pattern", list(settings.alpha_pattern), layers),
        *row_problems("trainable_token_indices", rows, layers),
        *rows_clash_problems("modules_to_save", rows, saved, layers),
        *rows_clash_problems("target_modules", rows, updated, layers),
        *_head_bias_problems(rows, model, layers),
    ]


def _head_bias_problems(rows: Mapping[str, Sequence[int]], model: Any, layers: Layers) -> list[Problem]:
    """PEFT 0.21 computes a head of which it trains rows without its bias."""
    head = model.get_output_embeddings()
    touched = layers.ends if layers.tied else matching(list(rows), layers)
    if not rows or head is None or head.bias is None or layers.ends[-1] not in touched:
        return []
    message = say("methods.head_bias", architecture=layers.architecture)
    return [Problem("head_bias", message, say("methods.head_bias.fix"), field="trainable_token_indices")]


def with_rows(settings: LoraSettings, config: "PreTrainedConfig", ids: Sequence[int]) -> LoraSettings:
    """The settings that also train these rows, of the embedding and, where it has rows of its own, of the head.

    A module that is trained whole anyway is left alone.
    """
    from llm_finetune.model.facts import skeleton

    layers = layers_of(skeleton(config))
    whole = matching(settings.modules_to_save, layers)
    wanted = [name for name in (layers.ends[:1] if layers.tied else layers.ends) if name not in whole]
    if layers.tied and set(whole) & set(layers.tied):
        wanted = []
    rows = {key: sorted(numbers) for key, numbers in rows_of(settings, layers).items()}
    for name in wanted:
        key = next((known for known in rows if name in matching([known], layers)), name)
        rows[key] = sorted({*rows.get(key, ()), *ids})
    only_embedding = list(rows) == list(layers.ends[:1])
    return settings.model_copy(
        update={"trainable_token_indices": (rows[layers.ends[0]] if only_embedding else rows) or None}
    )


def apply(model: "PreTrainedModel", settings: LoraSettings, total_steps: int) -> "PeftModel":
    """Freeze the model and put float32 updates beside its layers.

    Raises: ModelError if the settings do not fit the model.
    """
    import torch
    from peft import get_peft_model

    from llm_finetune.methods.float32 import hold_trained_in_float32

    if settings.bias != "none" and model.dtype != torch.float32:
        message = say("methods.bias_precision", dtype=str(model.dtype).removeprefix("torch."))
        raise ModelError(Problem("bias_precision", message, say("methods.bias_precision.fix"), field="bias"))
    layers = layers_of(model)
    require_none(_name_problems(settings, model, layers))
    config = _library_config(settings, model, layers)
    try:
        with quiet_libraries():
            adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise library_refusal(error, layers) from error
    if config.ensure_weight_tying and settings.modules_to_save:
        _require_shared(adapted, layers)
    hold_trained_in_float32(adapted)
    return adapted


def _require_shared(adapted: Any, layers: Layers) -> None:
    """Raises: ModelError if embedding and head no longer share their matrix; merged, they would be two."""
    base = adapted.get_base_model()
    ends = base.get_input_embeddings(), base.get_output_embeddings()
    if len({end.weight.data_ptr() for end in ends}) > 1:
        names = ", ".join(f"`{name.rpartition('.')[2]}`" for name in layers.ends)
        message = say("methods.untied", names=names, architecture=layers.architecture)
        raise ModelError(Problem("untied", message, say("methods.untied.fix"), field="modules_to_save"))


def told(model: Any, settings: LoraSettings) -> list[str]:
    """How many layers got an update, by kind, and what is trained whole or by rows beside them."""
    from peft.tuners.lora import LoraLayer
    from peft.utils import ModulesToSaveWrapper
    from peft.utils.other import TrainableTokensWrapper

    kinds: Counter[str] = Counter()
    lines = []
    for name, module in model.named_modules():
        last = name.replace(".base_layer", "").rpartition(".")[2]
        if isinstance(module, LoraLayer):
            kinds[last] += 1
        elif isinstance(module, TrainableTokensWrapper) and module.token_adapter.tied_adapter is None:
            count = sum(len(rows) for rows in module.token_adapter.token_indices.values())
            lines.append(say("methods.adapted_rows", name=last, count=count))
        elif isinstance(module, ModulesToSaveWrapper):
            lines.append(say("methods.adapted_whole", names=last))
    shown = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
    return [say("methods.adapted", count=sum(kinds.values()), kinds=shown), *lines]


def training(model: Any, settings: LoraSettings, total_steps: int) -> InTraining:
    """What the start needs beside the training: PiSSA and OLoRA change the base, EVA looks at rows first."""
    if is_changed_base(settings.init_lora_weights):
        from llm_finetune.methods.lora_starts import changed_base

        return changed_base(model, settings.init_lora_weights)
    if settings.init_lora_weights == FROM_DATA:
        from llm_finetune.methods.lora_eva import start_from_inputs

        return start_from_inputs(model, settings)
    return NOTHING_ELSE


METHOD = Method(
    name="LORA",
    title="LoRA",
    settings=LoraSettings,
    apply=apply,
    check=check,
    mergeable=True,
    source="Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685",
    library=(("tuners/lora/config.py", "LoraConfig"), *LIBRARY_CLASSES),
    refused={
        **REFUSED_EVERYWHERE,
        "loftq_config": "methods.quantized_only",
        "use_qalora": "methods.quantized_only",
        "corda_config": "methods.other_start",
        "lora_ga_config": "methods.other_start",
    },
    aliases={
        "rank": "r",
        "lora_r": "r",
        "lora_rank": "r",
        "alpha": "lora_alpha",
        "dropout": "lora_dropout",
        "lora_target": "target_modules",
        "lora_target_modules": "target_modules",
        "targets": "target_modules",
        "rslora": "use_rslora",
        "dora": "use_dora",
    },
    training=training,
    told=told,
    train_rows=with_rows,
    exportable=True,
    quantized_base=True,
)
