"""Data files of a Hub data set: chosen by its card or by their names, downloaded as they are. Knows no rows.

No builder and no script is run. `HF_HUB_OFFLINE` is obeyed at each call, and the local cache is enough.
"""

import fnmatch
import glob
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from llm_finetune.data.read.faults import refusal

DATA_SUFFIXES = frozenset({".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv"})
_PACKED_SUFFIXES = frozenset({".gz", ".zst"})
_CARD = "README.md"
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_NO_DATA_NAMES = frozenset({"dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json"})
_SPLIT_WORDS: Mapping[str, frozenset[str]] = {
    "train": frozenset({"train", "training"}),
    "validation": frozenset({"validation", "valid", "val", "dev"}),
    "test": frozenset({"test", "testing", "eval", "evaluation"}),
}
_DEFAULT_SUBSET = "default"


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a data set in the local cache."""

    path: Path
    shown: str


def hub_data_files(name: str, subset: str | None, split: str) -> list[HubFile]:
    """The data files of one split of a Hub data set, in the local cache.

    Raises: DataError if there is no such data set, part or file, or no way to ask.
    """
    commit, names, card = _listing(name)
    data = [file for file in names if is_data_file(file)]
    if not data:
        raise refusal("hub_no_data_files", name, names=", ".join(names[:10]) or "—")
    configs = configs_of(card)
    chosen = (
        chosen_by_card(name, configs, data, subset, split) if configs else chosen_by_name(name, data, subset, split)
    )
    folder = _snapshot(name, [glob.escape(file) for file in chosen], commit)
    return [HubFile(folder / file, f"{name}/{file}") for file in chosen]


def is_data_file(name: str) -> bool:
    """Whether a file holds rows, by its name."""
    path = PurePosixPath(name)
    if path.name in _NO_DATA_NAMES or any(part.startswith(".") for part in path.parts):
        return False
    return _kind(name) in DATA_SUFFIXES


def _kind(name: str) -> str:
    """The extension, without that of its packing."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    return PurePosixPath(path.stem).suffix.lower() if suffix in _PACKED_SUFFIXES else suffix


def configs_of(card: str) -> list[Mapping[str, Any]]:
    """The parts that a data set's card describes: those with files or a folder of their own."""
    found = _FRONT_MATTER.match(card)
    try:
        facts = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        return []
    configs = facts.get("configs") if isinstance(facts, dict) else None
    return [
        config
        for config in (configs if isinstance(configs, list) else ())
        if isinstance(config, dict) and (config.get("data_files") or config.get("data_dir"))
    ]


def chosen_by_card(
    name: str, configs: Sequence[Mapping[str, Any]], data: Sequence[str], subset: str | None, split: str
) -> list[str]:
    """The files that the card lists for a part and a split.

    Raises: DataError if the card lists no such part or split, or none of the files.
    """
    config = _config(name, configs, subset)
    folder = str(config.get("data_dir") or "").strip("/")
    inside = [file for file in data if not folder or file.startswith(f"{folder}/")]
    if not config.get("data_files"):
        return chosen_by_name(name, inside, None, split)
    patterns = _patterns(config["data_files"])
    if split not in patterns:
        raise refusal("hub_unknown_split", name, split=split, known=", ".join(sorted(patterns)))
    prefix = f"{folder}/" if folder else ""
    chosen = [file for file in inside if any(_matches(file, prefix + pattern) for pattern in patterns[split])]
    if not chosen:
        raise refusal("hub_no_data_files", name, names=", ".join(patterns[split]))
    return chosen


def _config(name: str, configs: Sequence[Mapping[str, Any]], subset: str | None) -> Mapping[str, Any]:
    by_name = {str(config.get("config_name", _DEFAULT_SUBSET)): config for config in configs}
    if subset is not None:
        if subset not in by_name:
            raise refusal("hub_unknown_subset", name, subset=subset, known=", ".join(by_name))
        return by_name[subset]
    default = next((config for config in configs if config.get("default") is True), by_name.get(_DEFAULT_SUBSET))
    if default is None and len(configs) > 1:
        raise refusal("hub_choose_subset", name, known=", ".join(by_name))
    return default or configs[0]


def _patterns(data_files: Any) -> dict[str, list[str]]:
    """Patterns by split; files without a split are those of `train`."""
    if isinstance(data_files, str):
        return {"train": [data_files]}
    patterns: dict[str, list[str]] = {}
    if isinstance(data_files, Mapping):
        data_files = [{"split": split, "path": path} for split, path in data_files.items()]
    for entry in data_files if isinstance(data_files, list) else ():
        split, path = (
            (str(entry.get("split", "train")), entry.get("path")) if isinstance(entry, Mapping) else ("train", entry)
        )
        patterns.setdefault(split, []).extend(map(str, path if isinstance(path, list) else [path]))
    return patterns


def _matches(file: str, pattern: str) -> bool:
    pattern = pattern.removeprefix("./")
    return fnmatch.fnmatchcase(file, pattern) or fnmatch.fnmatchcase(file, pattern.replace("**/", ""))


def chosen_by_name(name: str, data: Sequence[str], subset: str | None, split: str) -> list[str]:
    """The files whose path names the split, or all if no path names any; of several kinds the most common one.

    Raises: DataError if there is no such part or split.
    """
    if subset is not None:
        data = [
            file for file in data if subset in {*PurePosixPath(file).parts[:-1], PurePosixPath(file).name.split(".")[0]}
        ]
        if not data:
            raise refusal("hub_unknown_subset", name, subset=subset, known="—")
    splits = {file: _split_named(file) for file in data}
    chosen = [file for file in data if splits[file] == split]
    if not chosen and split == "train" and not any(splits.values()):
        chosen = list(data)
    if not chosen:
        known = sorted({found for found in splits.values() if found}) or ["train"]
        raise refusal("hub_unknown_split", name, split=split, known=", ".join(known))
    common = Counter(map(_kind, chosen)).most_common(1)[0][0]
    return [file for file in chosen if _kind(file) == common]


def _split_named(file: str) -> str | None:
    words = set(re.split(r"[^a-z0-9]+", file.lower()))
    return next((split for split, names in _SPLIT_WORDS.items() if words & names), None)


def _listing(name: str) -> tuple[str, list[str], str]:
    """Commit, names of all files, and the card."""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    folder = _snapshot(name, [_CARD], None)
    try:
        tree = get_cached_repo_tree(name, repo_type="dataset", revision=folder.name)
        names = [entry.path for entry in tree]
    except CachedRepoTreeNotFoundError:  # a cache that an older library filled
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    card = folder / _CARD
    return folder.name, sorted(names), card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""


def _snapshot(name: str, patterns: list[str], revision: str | None) -> Path:
    """The folder of a data set in the local cache, with the files that match."""
    from huggingface_hub import snapshot_download

    # Its home is the HTTP library below, whose name changes.
    from huggingface_hub.errors import HFValidationError, HTTPError  # type: ignore[attr-defined]

    offline = is_offline()
    try:
        return Path(
            snapshot_download(
                name, repo_type="dataset", revision=revision, allow_patterns=patterns, local_files_only=offline
            )
        )
    except (HTTPError, HFValidationError, OSError) as error:
        raise refusal(_code_of(error, offline=offline), name, what=_first_line(error)) from error


def is_offline() -> bool:
    """Whether the environment forbids the network, read as the Hub's library reads it."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _code_of(error: Exception, *, offline: bool) -> str:
    """Which of our refusals an error of the Hub's library is; the first are subclasses of the later ones."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return "hub_gated"
    if isinstance(error, errors.RepositoryNotFoundError | errors.HFValidationError):
        return "hub_not_found"
    return "hub_offline" if offline else "hub_unreachable"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].removeprefix("Got: ").rstrip(".") if lines else type(error).__name__
