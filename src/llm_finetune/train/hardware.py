"""Training settings that this machine, the installed packages or each other rule out, told before anything is fetched.

Knows no model and no data.
"""

from collections.abc import Iterator
from typing import Any

from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.model.precision import device_name
from llm_finetune.train.optimizers import optimizer_problems
from llm_finetune.train.settings import TrainingSettings

SAMPLING = ("random", "sequential", "group_by_length")
"""Orders of rows; the library's `batch_rebalance` changes batch sizes and repeats rows."""
TF32_CAPABILITY = 8
"""Ampere, the first generation of NVIDIA GPUs with TF32."""


def hardware_problems(settings: TrainingSettings) -> list[Problem]:
    """A problem for each wish that cannot be fulfilled, with the setting to use instead."""
    device = "cpu" if settings.use_cpu else device_name()
    given = settings.passed_through()
    optimizer = str(given.get("optim") or "adamw_torch_fused")
    return [
        *optimizer_problems(optimizer, device),
        *_tf32_problems(given, device),
        *_sampling_problems(given),
        *_unmeasured(settings),
    ]


def _tf32_problems(given: dict[str, Any], device: str) -> Iterator[Problem]:
    if given.get("tf32") and not _has_tf32(device):
        yield Problem("no_tf32", say("train.no_tf32"), say("train.no_tf32.fix"), field="training.tf32")


def _has_tf32(device: str) -> bool:
    import torch

    return device == "cuda" and torch.cuda.get_device_capability()[0] >= TF32_CAPABILITY


def _unmeasured(settings: TrainingSettings) -> Iterator[Problem]:
    if settings.early_stopping_patience is not None and settings.evaluates_when == "no":
        message, fix = say("train.patience_without_measuring"), say("train.patience_without_measuring.fix")
        yield Problem("never_measured", message, fix, field="training.early_stopping_patience")


def _sampling_problems(given: dict[str, Any]) -> Iterator[Problem]:
    name = given.get("train_sampling_strategy") or "random"
    if name not in SAMPLING:
        known = ", ".join(f"`{strategy}`" for strategy in SAMPLING)
        message = say("train.unknown_sampling", name=name)
        fix = say("train.unknown_sampling.fix", known=known)
        yield Problem("unknown_sampling", message, fix, field="training.train_sampling_strategy")


def unmeasurable(settings: TrainingSettings) -> list[Problem]:
    """A problem if training is to stop early, where no rows are held out to measure on."""
    if settings.early_stopping_patience is None or settings.evaluates_when == "no":
        return []
    message, fix = say("train.patience_without_rows"), say("train.patience_without_rows.fix")
    return [Problem("never_measured", message, fix, field="training.early_stopping_patience")]
