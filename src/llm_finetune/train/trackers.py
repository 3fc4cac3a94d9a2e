"""Trackers that mirror the metrics: which package each needs, and where TensorBoard writes."""

import importlib.util
from pathlib import Path
from typing import Any

from llm_finetune.errors import ConfigError, Problem
from llm_finetune.messages import say
from llm_finetune.train.settings import TrainingSettings

TRACKERS: dict[str, str] = {
    # Name in `report_to` → module that must be importable. Names as in transformers 5.24, integration_utils.py.
    "azure_ml": "azureml",
    "clearml": "clearml",
    "codecarbon": "codecarbon",
    "comet_ml": "comet_ml",
    "dagshub": "dagshub",
    "dvclive": "dvclive",
    "flyte": "flytekit",
    "kubeflow": "kubernetes",
    "mlflow": "mlflow",
    "neptune": "neptune",
    "swanlab": "swanlab",
    "tensorboard": "tensorboard",
    "trackio": "trackio",
    "wandb": "wandb",
}


def tracker_problems(settings: TrainingSettings) -> list[Problem]:
    """A problem for each tracker that is unknown or not installed, with the line that installs it."""
    problems = []
    for name in settings.trackers:
        if name not in TRACKERS:
            message = say("train.unknown_tracker", name=name, known=", ".join(TRACKERS))
            problems.append(Problem("unknown_tracker", message, field="training.report_to"))
        elif importlib.util.find_spec(TRACKERS[name]) is None:
            problems.append(
                Problem(
                    "missing_package",
                    say("train.missing_tracker", name=name),
                    say("train.missing_tracker.fix", package=TRACKERS[name].replace("_", "-")),
                    field="training.report_to",
                )
            )
    return problems


def require_trackers(settings: TrainingSettings) -> None:
    """Raises: ConfigError if a tracker asked for cannot be used."""
    if problems := tracker_problems(settings):
        raise ConfigError(problems)


def tensorboard_callbacks(settings: TrainingSettings, logs: Path) -> list[Any]:
    """A callback that writes TensorBoard's files into `logs/tensorboard`, if TensorBoard is asked for."""
    if "tensorboard" not in settings.trackers:
        return []
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return [TensorBoardCallback(SummaryWriter(log_dir=str(logs / "tensorboard")))]
