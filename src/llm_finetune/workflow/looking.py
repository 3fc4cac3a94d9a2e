"""Look without changing anything: settings for files, environment."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_finetune.config.overrides import apply_overrides
from llm_finetune.config.read import Document
from llm_finetune.errors import InputError
from llm_finetune.model.settings import ModelSettings
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings, load_settings, parse_settings
from llm_finetune.train.ledger import versions


def settings_for_files(root: Path, config: Path | None, overrides: Sequence[str]) -> FinetuneSettings:
    """Settings for data files named on the command line; no project is needed unless a configuration is named."""
    if config is None:
        return parse_settings(apply_overrides(Document("", {}), overrides))
    return load_settings(Project.at(root, config), overrides)


def environment() -> dict[str, Any]:
    """What to paste into a report of a fault: versions and machine, no names and no secrets."""
    import psutil
    import torch

    from llm_finetune.model.precision import choose_precision

    try:
        precision = choose_precision(ModelSettings().dtype)
        computes = f"{precision.name} ({precision.reason})"
    except InputError as error:
        computes = str(error)
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpus,
        "computes_in": computes,
        "offline": os.environ.get("HF_HUB_OFFLINE", "0"),
    }
