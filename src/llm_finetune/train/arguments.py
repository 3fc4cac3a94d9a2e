"""From our training settings to Hugging Face `TrainingArguments`."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from llm_finetune.errors import ConfigError, Problem
from llm_finetune.messages import say
from llm_finetune.model.precision import device_name
from llm_finetune.train.settings import TrainingSettings

if TYPE_CHECKING:
    from transformers import TrainingArguments


def training_arguments(
    settings: TrainingSettings,
    output_dir: Path,
    *,
    precision: str,
    has_validation: bool,
    without: Collection[str] = (),
) -> "TrainingArguments":
    """The library's arguments; what this package does itself (saving, progress, best model) is switched off there.

    Keys in `without`, which are known to be wrong, are left at their defaults.

    Raises: ConfigError if the library refuses a value.
    """
    from transformers import TrainingArguments

    given = {key: value for key, value in settings.passed_through().items() if key not in without}
    trackers = [name for name in settings.trackers if name != "tensorboard"]
    decided = {
        "output_dir": str(output_dir),
        "eval_strategy": settings.evaluates_when if has_validation else "no",
        "eval_steps": settings.evaluates_every,
        "use_cpu": settings.use_cpu or device_name() == "cpu",
        "bf16": precision == "bfloat16",
        "fp16": precision == "float16",
        "metric_for_best_model": "eval_loss" if has_validation else None,
        "greater_is_better": False,
        "save_total_limit": None,
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "logging_nan_inf_filter": False,
        "report_to": trackers or "none",
    }
    try:
        arguments = TrainingArguments(**{**given, **decided})
    except (ValueError, TypeError, KeyError, ImportError, OSError) as error:
        raise refused_by_library(error) from error
    if arguments.n_gpu > 1:
        # One process drives one GPU; the library would wrap the model in DataParallel. Several: torchrun.
        arguments._n_gpu = 1
    return arguments


def refused_by_library(error: Exception) -> ConfigError:
    """What the library says against the arguments, as a problem of the configuration."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ConfigError(Problem("bad_value", say("train.refused_by_library", what=lines[0]), field="training"))


def planned_steps(rows: int, settings: TrainingSettings, world_size: int) -> int:
    """Optimizer steps of the whole run, as `transformers.Trainer.set_initial_training_values` counts them (5.24)."""
    if settings.max_steps > 0:
        return settings.max_steps
    batches = -(-rows // (settings.per_device_train_batch_size * world_size))
    per_epoch = max(-(-batches // settings.gradient_accumulation_steps), 1)
    return -int(-settings.num_train_epochs * per_epoch // 1)
