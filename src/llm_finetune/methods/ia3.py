"""IA3: a trained factor for each key, value and inner activation (Liu et al. 2022, arXiv:2205.05638).

Layers in `feedforward_modules` have their inputs scaled, all others their outputs. The keys are PEFT's.
A quantised base is not offered: PEFT 0.21.2 gives the outputs of its layers in float32, beside bfloat16 ones.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.adapted import LIBRARY_CLASSES, REFUSED_EVERYWHERE, Name, is_transposed, require_regex
from llm_finetune.methods.chosen import Excluding, adapted, last_names, linear_modules, linear_problems
from llm_finetune.methods.method import Method
from llm_finetune.methods.targets import (
    ALL_LINEAR,
    Layers,
    layers_of,
    listed_problems,
    matching,
    require_none,
    target_problems,
)

if TYPE_CHECKING:
    from peft import IA3Config, PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel

KEYS_AND_VALUES = (("k_proj", "v_proj"), ("qkv_proj",), ("query_key_value",), ("c_attn",), ("Wqkv",))
"""What attentions call them, alone or in one matrix with the queries."""
FEED_FORWARD = ("down_proj", "fc2", "dense_4h_to_h", "mlp.c_proj", "fc_out", "w2")
"""What the last layer of a feed-forward is called; its inputs are the inner activations."""


class Ia3Settings(Excluding):
    """Keys of `lora_config.json` for IA3."""

    peft_type: Literal["IA3"] = Field(default="IA3", description="The method.")
    target_modules: str | list[Name] | None = Field(
        default=None,
        description="Layers that get factors: null (PEFT's choice for the architecture: keys, values and the end of "
        "the feed-forward), `all-linear`, a list of names, or a regular expression over full names.",
    )
    feedforward_modules: str | list[Name] | None = Field(
        default=None,
        description="Those among `target_modules` whose inputs are scaled instead of their outputs. Null finds the "
        "end of the feed-forward; an empty list means none.",
    )
    init_ia3_weights: Literal[True] = Field(
        default=True, description="Factors begin at 1, which changes nothing yet. Random ones would break the model."
    )

    @field_validator("feedforward_modules")
    @classmethod
    def _is_a_part(cls, value: str | list[str] | None, info: Any) -> str | list[str] | None:
        targets = info.data.get("target_modules")
        if isinstance(value, str):
            require_regex(value)
        elif value and isinstance(targets, list) and set(value) - set(targets):
            raise ValueError(say("methods.ia3_feedforward"))
        return value


def _resolved(settings: Ia3Settings, model: Any, layers: Layers) -> Ia3Settings:
    """The settings with every name that follows from the architecture.

    Raises: ModelError if none does.
    """
    from peft.utils import TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING as KNOWN_FEED_FORWARD
    from peft.utils import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING as KNOWN

    kind = model.config.model_type
    known_last = [*KNOWN_FEED_FORWARD.get(kind, ()), *FEED_FORWARD]
    last = [name for name in dict.fromkeys(known_last) if matching([name], layers)]
    targets = settings.target_modules
    if targets == ALL_LINEAR:
        # PEFT would list them itself, and then find that `feedforward_modules` is no part of its list.
        targets = last_names(layers.linear, layers)
    if targets is None:
        targets = [name for name in KNOWN.get(kind, ()) if matching([name], layers)] or [
            *next((names for names in KEYS_AND_VALUES if matching(names, layers)), ()),
            *last[:1],
        ]
        if not targets:
            message = say("methods.no_default", architecture=layers.architecture)
            fix = say("methods.no_default.fix", known=layers.linear_kinds)
            raise ModelError(Problem("no_default", message, fix, field="target_modules"))
    feedforward = settings.feedforward_modules
    if feedforward is None:
        feedforward = last if isinstance(targets, str) else _within(targets, last, layers)
    return settings.model_copy(update={"target_modules": targets, "feedforward_modules": feedforward})


def _within(targets: Sequence[str], names: Sequence[str], layers: Layers) -> list[str]:
    """Those of `targets` that mean nothing but modules of `names`."""
    allowed = set(matching(names, layers))
    found = {target: matching([target], layers) for target in targets}
    return [target for target, modules in found.items() if modules and allowed.issuperset(modules)]


def _checked(settings: Ia3Settings, model: Any) -> tuple[Ia3Settings, Layers]:
    """Raises: ModelError with every name that the model does not have."""
    layers = layers_of(model)
    settings = _resolved(settings, model, layers)
    named = settings.feedforward_modules or []
    find = target_problems if isinstance(named, str) else listed_problems
    require_none([*linear_problems(settings, layers, model), *find("feedforward_modules", named, layers)])
    return settings, layers


def _library_config(settings: Ia3Settings, model: Any) -> "IA3Config":
    from peft import IA3Config

    return IA3Config(**settings.model_dump(exclude={"peft_type"}), fan_in_fan_out=is_transposed(model))


def check(config: "PreTrainedConfig", settings: Ia3Settings) -> tuple[str, ...]:
    """Full names of the modules that get factors, found without weights.

    Raises: ModelError with every name that the model does not have.
    """
    from llm_finetune.model.facts import skeleton

    model = skeleton(config)
    settings, layers = _checked(settings, model)
    return linear_modules(settings, model, layers)


def apply(model: "PreTrainedModel", settings: Ia3Settings, total_steps: int) -> "PeftModel":
    """Freeze the model and put float32 factors on its activations.

    Raises: ModelError if the settings do not fit the model.
    """
    settings, layers = _checked(settings, model)
    return adapted(model, _library_config(settings, model), layers)


METHOD = Method(
    name="IA3",
    title="IA3",
    settings=Ia3Settings,
    apply=apply,
    check=check,
    mergeable=True,
    quantized_base=True,
    source="Liu et al. 2022, Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context "
    "Learning, arXiv:2205.05638",
    library=(("tuners/ia3/config.py", "IA3Config"), *LIBRARY_CLASSES),
    refused=REFUSED_EVERYWHERE,
    aliases={"ff_modules": "feedforward_modules", "targets": "target_modules", "lora_target": "target_modules"},
)
