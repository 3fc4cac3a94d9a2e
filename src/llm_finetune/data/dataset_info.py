"""LLaMA-Factory's `dataset_info.json`: which files its entries name, and what their columns are called here.

Knows no rows. What an entry asks for that has no counterpart here is refused by name.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_finetune.data.hub_files import hub_data_files
from llm_finetune.data.read.faults import refusal
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import SourceSettings
from llm_finetune.errors import DataError, Problem

_LARGEST_BYTES = 1 << 20
_SIGNS = frozenset({"file_name", "hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name"})
"""Keys of which every entry has one."""
_KNOWN_KEYS = frozenset({"file_name", "hf_hub_url", "ms_hub_url", "om_hub_url", "formatting", "ranking", "columns"}) | {
    "tags",
    "subset",
    "split",
    "file_sha1",
}
_COLUMNS = {
    # Its names, and ours.
    "prompt": "instruction",
    "query": "input",
    "response": "output",
    "history": "history",
    "system": "system",
    "tools": "tools",
    "chosen": "chosen",
    "rejected": "rejected",
}
_SHAREGPT_TAGS: Mapping[str, frozenset[str]] = {
    "role_tag": frozenset({"from"}),
    "content_tag": frozenset({"value"}),
    "user_tag": frozenset({"human", "user"}),
    "assistant_tag": frozenset({"gpt", "assistant"}),
    "observation_tag": frozenset({"observation", "tool"}),
    "function_tag": frozenset({"function_call"}),
    "system_tag": frozenset({"system"}),
}
_MESSAGES_TAGS: Mapping[str, frozenset[str]] = {
    "role_tag": frozenset({"role"}),
    "content_tag": frozenset({"content"}),
    "user_tag": frozenset({"user"}),
    "assistant_tag": frozenset({"assistant"}),
    "observation_tag": frozenset({"tool", "observation"}),
    "function_tag": frozenset({"function_call", "tool_calls", "function"}),
    "system_tag": frozenset({"system"}),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A `dataset_info.json` and what it holds."""

    path: Path
    entries: Mapping[str, Mapping[str, Any]]


def dataset_listing(path: Path) -> dict[str, dict[str, Any]] | None:
    """The entries of a `dataset_info.json`, recognised by what it holds; None for any other file."""
    try:
        if path.suffix != ".json" or not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            return None
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(entries, dict) or not entries:
        return None
    are_entries = all(isinstance(entry, dict) and entry.keys() & _SIGNS for entry in entries.values())
    return entries if are_entries else None


def sources_of_listing(settings: SourceSettings, listing: Listing, shown: Callable[[Path], str]) -> list[Source]:
    """The files of one entry, or of all that name local files.

    Raises: DataError for an entry that is not there, or asks for what is not known here.
    """
    place = shown(listing.path)
    wanted = settings.subset
    if wanted is not None and wanted not in listing.entries:
        raise refusal("unknown_subset", place, name=wanted, known=_named(listing.entries))
    names = [wanted] if wanted is not None else [n for n, entry in listing.entries.items() if "file_name" in entry]
    if not names:
        raise refusal("no_local_entries", place, known=_named(listing.entries))
    problems: list[Problem] = []
    sources: list[Source] = []
    for name in names:
        try:
            sources += _sources_of_entry(settings, listing, name, shown)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return sources


def _sources_of_entry(
    settings: SourceSettings, listing: Listing, name: str, shown: Callable[[Path], str]
) -> list[Source]:
    entry, place = listing.entries[name], shown(listing.path)
    odd = [*_odd_keys(entry), *_odd_columns(entry), *_odd_tags(entry)]
    if odd:
        raise refusal("dataset_info_entry", place, name=name, names=", ".join(odd))
    layout = format_of(entry) if settings.format == "auto" else settings.format
    columns = {**columns_of(entry), **settings.columns}
    if "file_name" in entry:
        if settings.split != "train":
            raise refusal("no_parts", place, name="split", value=settings.split)
        files = [(path, shown(path)) for path in _local_files(listing.path.parent / str(entry["file_name"]))]
    else:
        split = entry.get("split") or settings.split
        files = [(file.path, file.shown) for file in hub_data_files(entry["hf_hub_url"], entry.get("subset"), split)]
    return [Source(path, text, settings.weight, layout, columns) for path, text in files]


def format_of(entry: Mapping[str, Any]) -> str:
    """Our name for the layout of an entry's rows."""
    if entry.get("ranking"):
        return "preference"
    if entry.get("formatting", "alpaca") == "alpaca":
        return "alpaca"
    return "messages" if entry["formatting"] == "openai" or _role_tag(entry) == "role" else "sharegpt"


def columns_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """The user's column for each of our fields, where the names differ."""
    turns = "messages" if format_of(entry) == "messages" else "conversations"
    ours = {**_COLUMNS, "messages": turns}
    given = {"messages": "conversations"} if turns == "messages" and entry.get("formatting") == "sharegpt" else {}
    named = {**given, **(entry.get("columns") or {})}
    return {ours[name]: column for name, column in named.items() if name in ours and column and ours[name] != column}


def _odd_keys(entry: Mapping[str, Any]) -> Iterable[str]:
    if "file_name" not in entry and "hf_hub_url" not in entry:
        yield from sorted(entry.keys() & _SIGNS)
    yield from sorted(key for key in entry.keys() - _KNOWN_KEYS - _SIGNS if entry[key])
    if entry.get("formatting", "alpaca") not in {"alpaca", "sharegpt", "openai"}:
        yield f"formatting: {entry['formatting']}"


def _odd_columns(entry: Mapping[str, Any]) -> Iterable[str]:
    """Columns with pictures, verdicts and the like."""
    columns = entry.get("columns") or {}
    if not isinstance(columns, Mapping):
        yield "columns"
        return
    yield from (f"columns.{name}" for name, column in columns.items() if column and name not in {*_COLUMNS, "messages"})


def _odd_tags(entry: Mapping[str, Any]) -> Iterable[str]:
    """Names of roles and keys that our formats do not know."""
    tags = entry.get("tags") or {}
    if not isinstance(tags, Mapping):
        yield "tags"
        return
    known = _MESSAGES_TAGS if _role_tag(entry) == "role" else _SHAREGPT_TAGS
    yield from (f"tags.{name}: {tag}" for name, tag in tags.items() if tag not in known.get(name, frozenset()))


def _role_tag(entry: Mapping[str, Any]) -> str:
    tags = entry.get("tags") or {}
    default = "role" if entry.get("formatting") == "openai" else "from"
    return str(tags.get("role_tag", default)) if isinstance(tags, Mapping) else default


def _local_files(path: Path) -> list[Path]:
    """The file, or the files of a folder."""
    if not path.is_dir():
        return [path]
    return sorted(inner for inner in path.iterdir() if inner.is_file() and not inner.name.startswith("."))


def _named(entries: Iterable[str]) -> str:
    return ", ".join(sorted(entries))
