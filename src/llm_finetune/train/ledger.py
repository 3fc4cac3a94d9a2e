"""`logs/run.json`: what was run, on what, with which result. Knows no weights."""

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from llm_finetune import files
from llm_finetune.project import Project

Status = Literal["running", "interrupted", "finished", "failed"]
PACKAGES = (
    "llm-finetune",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "datasets",
    "safetensors",
    "tokenizers",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a run's numbers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def read_run(project: Project) -> dict[str, Any]:
    """What `run.json` holds; empty if there is none, or it cannot be read."""
    try:
        run = files.read_json(project.run)
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}


def write_run(project: Project, facts: Mapping[str, Any], status: Status) -> dict[str, Any]:
    """Write `run.json` with a status and the time, and give back what was written."""
    run = {**facts, "status": status, "updated": datetime.now().astimezone().isoformat(timespec="seconds")}
    files.write_json(project.run, run)
    return run


def archive_name(project: Project, taken: set[str]) -> str:
    """A name for the run being archived: when it was last written, and the project's name."""
    run = read_run(project)
    moment = str(run.get("updated") or datetime.now().astimezone().isoformat(timespec="seconds"))
    stamp = moment[:19].replace(":", "").replace("-", "").replace("T", "-")
    name, number = f"{stamp}-{project.root.resolve().name}", 2
    while name in taken:
        name, number = f"{stamp}-{number}-{project.root.resolve().name}", number + 1
    return name
