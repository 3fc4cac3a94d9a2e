"""Look without changing anything: check, preview, runs, environment."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_finetune.config.overrides import apply_overrides
from llm_finetune.config.read import Document
from llm_finetune.data.check import CheckReport, check_files
from llm_finetune.data.encode import encode_conversations
from llm_finetune.data.preview import PreviewRow, preview_rows
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import DataError, InputError, Problem
from llm_finetune.messages import say
from llm_finetune.model.resolve import resolve_base
from llm_finetune.model.settings import ModelSettings
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings, load_settings, parse_settings
from llm_finetune.train.ledger import versions
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.preparing import data_files, read_sides, template_text, text_model_of


def check(opened: Opened, *, tell: Tell = tell_on_stderr) -> CheckReport:
    """Read the project's training and validation rows, and encode them to find those that do not fit.

    Nothing is raised for wrong rows: the problems are in the report.
    """
    rows = read_sides(opened)
    text_model = _text_model(opened.project, opened.settings, tell)
    sides = [encode_conversations(side, text_model, opened.settings.data) for side in (rows.train, rows.validation)]
    refused = [problem for side in sides for problem in side.errors]
    notes = [note for side in sides for note in side.notes]
    train, validation = (
        tuple(side[index] for index in encoded.kept)
        for side, encoded in zip((rows.train, rows.validation), sides, strict=True)
    )
    report = rows.report
    errors = sorted((*report.errors, *refused), key=lambda problem: (problem.path, problem.line))
    if not errors and (not train or (rows.validation and not validation)):
        errors = [Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix"))]
    kept = (*train, *validation)
    return CheckReport(kept, tuple(errors), (*report.warnings, *notes), report.read, report.formats)


def settings_for_files(root: Path, config: Path | None, overrides: Sequence[str]) -> FinetuneSettings:
    """Settings for data files named on the command line; no project is needed unless a configuration is named."""
    if config is None:
        return parse_settings(apply_overrides(Document("", {}), overrides))
    return load_settings(Project.at(root, config), overrides)


def check_any(paths: Sequence[Path], settings: DataSettings | None = None) -> CheckReport:
    """Check the structure of any data files, without a project or a model."""
    return check_files([(path, str(path)) for path in paths], settings or DataSettings())


def preview(opened: Opened, *, count: int = 3, tell: Tell = tell_on_stderr) -> list[PreviewRow]:
    """The first training rows as the model will read them.

    Raises: DataError if there is nothing to show, with the problems found.
    """
    settings = opened.settings.data
    report = check_files(data_files(opened, settings.train_files), settings)
    return _preview(report, opened.project, opened.settings, count, tell)


def preview_any(
    paths: Sequence[Path],
    *,
    count: int = 3,
    settings: FinetuneSettings | None = None,
    root: Path | None = None,
    tell: Tell = tell_on_stderr,
) -> list[PreviewRow]:
    """The first rows of any data files as the default model (or the one in `settings`) will read them.

    Raises: DataError if there is nothing to show, with the problems found.
    """
    chosen = settings or FinetuneSettings()
    report = check_any(paths, chosen.data)
    return _preview(report, Project.at(root or Path()), chosen, count, tell)


def _preview(
    report: CheckReport, project: Project, settings: FinetuneSettings, count: int, tell: Tell
) -> list[PreviewRow]:
    if not report.conversations:
        nothing = Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix"))
        raise DataError(report.errors or [nothing])
    rows, problems = preview_rows(report.conversations[:count], _text_model(project, settings, tell), settings.data)
    if problems:
        raise DataError(problems)
    return rows


def _text_model(project: Project, settings: FinetuneSettings, tell: Tell) -> TextModel:
    base = resolve_base(settings.model, project.root, tell)
    return text_model_of(base, template_text(project, settings), settings.data.system, tell)


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
