"""Values that several tools write alike, because they hand them to the same library. Knows no tool."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from llm_finetune.scaffold.foreign.places import is_hub_id
from llm_finetune.scaffold.foreign.taking import Convert, Taking, is_switched_on, names_of
from llm_finetune.train.trackers import TRACKERS

OPTIMIZERS = frozenset(
    {"adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "adagrad", "rmsprop", "adamw_torch_xla", "stable_adamw"}
)
"""Names of transformers 5.24 that need no further package (`OptimizerNames`); the others are left out."""
SCHEDULES = frozenset(
    {
        "linear",
        "cosine",
        "cosine_with_restarts",
        "polynomial",
        "constant",
        "constant_with_warmup",
        "inverse_sqrt",
        "reduce_lr_on_plateau",
        "cosine_with_min_lr",
        "cosine_warmup_with_min_lr",
        "warmup_stable_decay",
    }
)
"""Names of transformers 5.24 (`SchedulerType`)."""
EVERY_LINEAR = "all-linear"


def base_model(taking: Taking, key: str, value: Any) -> None:
    """A folder by its full path, else the id as it stands."""
    name = str(value)
    folder = taking.places.find(name)
    if folder is not None and folder.is_dir():
        taking.set("model.name", str(folder), key)
    elif is_hub_id(name):
        taking.set("model.name", name, key)
    else:
        taking.refuse(key, "no_such_model", name=name)


def optimizer(taking: Taking, key: str, value: Any) -> None:
    """An optimizer that needs no further package."""
    name = str(value)
    if name in OPTIMIZERS:
        taking.set("training.optim", name, key)
    else:
        taking.leave(key, "optimizer", name=name)


def schedule(taking: Taking, key: str, value: Any) -> None:
    """The curve of the learning rate."""
    name = str(value)
    if name in SCHEDULES:
        taking.set("training.lr_scheduler_type", name, key)
    else:
        taking.leave(key, "schedule", name=name)


def warmup_ratio(taking: Taking, key: str, value: Any) -> None:
    """A share of all steps, which `warmup_steps` takes too where it is below one."""
    if not isinstance(value, int | float) or not 0 <= value < 1:
        taking.refuse(key, "not_a_share", value=value)
    elif not taking.given.get("warmup_steps"):
        taking.set("training.warmup_steps", value, key)


def held_out_share(taking: Taking, key: str, value: Any) -> None:
    """How many rows are held out: a share of them, or none. Rows of their own come first."""
    if not isinstance(value, int | float) or value < 0 or value >= 1:
        taking.refuse(key, "held_out_rows", value=value)
    elif "data.validation" not in taking.settings:
        taking.set("data.validation", value or "none", key)


def trackers(taking: Taking, key: str, value: Any) -> None:
    """Trackers that are known and installed here."""
    found = [name for name in names_of(value) if name != "none" and _has_tracker(taking, key, name)]
    if found:
        present = names_of(taking.settings.get("training.report_to", []))
        taking.set("training.report_to", list(dict.fromkeys([*present, *found])), key)


def _has_tracker(taking: Taking, key: str, name: str) -> bool:
    if name not in TRACKERS:
        taking.leave(key, "no_tracker", name=name)
        return False
    if find_spec(TRACKERS[name]) is None:
        taking.leave(key, "tracker_missing", name=name, package=TRACKERS[name].replace("_", "-"))
        return False
    return True


def tracker_switch(name: str) -> Convert:
    """A key that switches one tracker on."""

    def convert(taking: Taking, key: str, value: Any) -> None:
        if is_switched_on(value):
            trackers(taking, key, name)

    return convert


def environment(variable: str) -> Convert:
    """A detail of a tracker that it reads from the environment."""

    def convert(taking: Taking, key: str, value: Any) -> None:
        if is_switched_on(value):
            taking.leave(key, "environment", variable=variable)

    return convert


def template_file(taking: Taking, key: str, value: Any) -> None:
    """A chat template of one's own: the file as it lies, or the text in a file of the project."""
    text = str(value)
    if "{%" in text or "{{" in text:
        taking.files["config/chat_template.jinja"] = text
        taking.set("model.chat_template", "config/chat_template.jinja", key)
    elif (path := taking.places.find(text)) is not None and path.is_file():
        taking.set("model.chat_template", taking.path(path), key)
    else:
        taking.refuse(key, "no_such_file", name=text, looked=looked_in(taking))


def looked_in(taking: Taking) -> str:
    """The folders that a relative path was looked for in, for a message."""
    return ", ".join(str(Path(start)) for start in dict.fromkeys(taking.places.starts))


def precision(taking: Taking, half: str | None) -> None:
    """The number format that several switches together ask for; `half` names the switch that is on."""
    if half == "bf16":
        taking.set("model.dtype", "bfloat16", half)
    elif half == "fp16":
        taking.set("model.dtype", "float16", half)
