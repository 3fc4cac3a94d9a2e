"""From the settings' sources to files: paths, patterns, `dataset_info.json`, data sets of the Hub. Knows no rows."""

import glob
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from llm_finetune.data.dataset_info import Listing, dataset_listing, sources_of_listing
from llm_finetune.data.hub_files import DATA_SUFFIXES, hub_data_files
from llm_finetune.data.read.faults import fault, refusal
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import SourceSettings
from llm_finetune.errors import DataError, Problem

Resolve = Callable[[str], Path]
Shown = Callable[[Path], str]

FIELD = "data.train"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_MAGIC = re.compile(r"[*?\[]")


def resolve_sources(
    entries: Sequence[SourceSettings], resolve: Resolve, shown: Shown, field: str = FIELD
) -> list[Source]:
    """The files of each entry; `resolve` makes a path of a name, `shown` the name a user would type.

    Raises: DataError with every entry that names nothing, or names what cannot be read.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    for entry in entries:
        try:
            sources += _sources_of(entry, resolve, shown)
        except DataError as error:
            problems += error.problems
    problems += _named_twice(sources)
    if problems:
        raise DataError(replace(problem, field=problem.field or field) for problem in problems)
    return sources


def _sources_of(entry: SourceSettings, resolve: Resolve, shown: Shown) -> list[Source]:
    path = resolve(entry.path)
    if _MAGIC.search(entry.path) and not path.exists():
        return [_plain(entry, found, shown) for found in _matching(entry, resolve)]
    if path.exists() or not _is_hub_id(entry.path, path):
        listing = dataset_listing(path)
        if listing is not None:
            return sources_of_listing(entry, Listing(path, listing), shown)
        return [_plain(entry, path, shown)]
    return [
        Source(file.path, file.shown, entry.weight, entry.format, entry.columns)
        for file in hub_data_files(entry.path, entry.subset, entry.split)
    ]


def _plain(entry: SourceSettings, path: Path, shown: Shown) -> Source:
    """A file of rows; it has no parts to choose from."""
    for name, value in (("subset", entry.subset), ("split", None if entry.split == "train" else entry.split)):
        if value is not None:
            raise refusal("no_parts", shown(path), name=name, value=value)
    return Source(path, shown(path), entry.weight, entry.format, entry.columns)


def _is_hub_id(name: str, path: Path) -> bool:
    """Whether a name that is no path here can be one of the Hub's: not if it looks like a file that is missing."""
    return (
        _HUB_ID.fullmatch(name) is not None
        and not any(suffix in DATA_SUFFIXES for suffix in PurePath(name).suffixes)
        and not path.parent.exists()
    )


def _matching(entry: SourceSettings, resolve: Resolve) -> list[Path]:
    """The files that match a pattern, 2 before 10."""
    parts = PurePath(entry.path).parts
    fixed = next(index for index, part in enumerate(parts) if _MAGIC.search(part))
    base = resolve(str(PurePath(*parts[:fixed])) if fixed else ".")
    names = glob.glob(str(PurePath(*parts[fixed:])), root_dir=base, recursive=True)
    found = sorted((path for name in names if (path := base / name).is_file()), key=natural_order)
    if not found:
        raise refusal("no_match", entry.path)
    return found


def natural_order(path: PurePath) -> list[tuple[int, int, str]]:
    """A key that sorts `part-2` before `part-10`."""
    pieces = re.split(r"(\d+)", str(path))
    return [(0, int(piece), piece) if piece.isdecimal() else (1, 0, piece) for piece in pieces]


def _named_twice(sources: Sequence[Source]) -> Iterator[Problem]:
    """Files that are read twice in the same way; seeing rows more often is what `weight` is for."""
    seen: set[tuple[object, ...]] = set()
    for source in sources:
        read_as = (source.path.resolve(), source.format, tuple(sorted(source.columns.items())))
        if read_as in seen:
            yield fault("source_twice", source.shown)
        seen.add(read_as)
