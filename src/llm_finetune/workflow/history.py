"""Earlier runs: move the current one away, list, delete."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_finetune.errors import FinetuneError
from llm_finetune.files import folder_size_bytes
from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.train.ledger import archive_name, read_run

CURRENT_RUN = "current"


def archive(project: Project) -> str | None:
    """Move the current run into `runs/`; its name, or None if there is no run."""
    present = [folder for folder in (project.checkpoints, project.logs) if _holds_files(folder, project)]
    if not present:
        return None
    taken = {entry.name for entry in project.archive.iterdir()} if project.archive.is_dir() else set()
    target = project.archive / archive_name(project, taken)
    target.mkdir(parents=True)
    for folder in present:
        moved = target / folder.name
        moved.mkdir()
        for entry in sorted(folder.iterdir()):
            if entry != project.lock:
                entry.rename(moved / entry.name)
    return project.shown(target)


def _holds_files(folder: Path, project: Project) -> bool:
    return folder.is_dir() and any(entry.is_file() and entry != project.lock for entry in folder.rglob("*"))


def remove_archive(project: Project, name: str) -> None:
    """Delete one archived run."""
    folder = project.archive / name
    if not folder.is_dir():
        raise FinetuneError(say("train.no_archive", name=name))
    shutil.rmtree(folder)


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list of runs."""

    name: str
    status: str
    base: str
    steps: str
    eval_loss: float | None
    size_bytes: int


def runs(project: Project) -> list[RunLine]:
    """The current run first, then the archived ones, newest first."""
    lines = []
    if current := read_run(project):
        size = folder_size_bytes(project.checkpoints) + folder_size_bytes(project.logs)
        lines.append(_run_line(CURRENT_RUN, current, size))
    archived = sorted(project.archive.iterdir(), reverse=True) if project.archive.is_dir() else []
    for folder in archived:
        if folder.is_dir():
            lines.append(_run_line(folder.name, read_run(Project.at(folder)), folder_size_bytes(folder)))
    return lines


def _run_line(name: str, run: dict[str, Any], size: int) -> RunLine:
    losses = [entry["loss"] for entry in run.get("eval_losses", [])]
    steps = f"{run.get('done_steps', 0)}/{run.get('planned_steps', 0)}"
    return RunLine(
        name,
        str(run.get("status", "?")),
        str(run.get("base_name", "?")),
        steps,
        min(losses, default=None),
        size,
    )
