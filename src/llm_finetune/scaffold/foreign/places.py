"""Where the files lie that a configuration names, and how the new project names them. Reads no file."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

FOLDERS_ABOVE = 3
"""Folders above the configuration's own that a relative path may start from: tools are run from their own root."""
STEPS_UP = 3
"""A path with more `..` than this is written in full."""
DATA_SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".txt", ".gz", ".zst")
HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that relative paths may start from, and the project that will name them."""

    starts: tuple[Path, ...]
    project: Path

    @classmethod
    def of(cls, config: Path, project: Path) -> "Places":
        """The working folder, then the configuration's folder and those above it."""
        home = config.resolve().parent
        return cls((Path.cwd(), home, *list(home.parents)[:FOLDERS_ABOVE]), project.resolve())

    def find(self, name: str) -> Path | None:
        """The file or folder of that name, or None."""
        if not name.strip():
            return None
        path = os.path.expanduser(name)
        candidates = [path] if os.path.isabs(path) else [os.path.join(start, path) for start in self.starts]
        return next((Path(candidate).resolve() for candidate in candidates if os.path.exists(candidate)), None)

    def written(self, path: Path) -> str:
        """The path as the project names it: from its folder where that is near, else in full."""
        relative = os.path.relpath(path, self.project)
        return str(path) if Path(relative).parts.count("..") > STEPS_UP else Path(relative).as_posix()


def is_hub_id(name: str) -> bool:
    """Whether a name that is no file may be one on the Hub."""
    return HUB_ID.match(name) is not None and not name.lower().endswith(DATA_SUFFIXES)


def data_files_of(folder: Path) -> list[str]:
    """Globs for the data files in a folder, one for each kind."""
    kinds = {path.suffix for path in folder.iterdir() if path.suffix in DATA_SUFFIXES}
    return [f"*{suffix}" for suffix in sorted(kinds)]
