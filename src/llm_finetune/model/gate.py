"""Refuse a model folder that holds what could run code. Reads names, JSON and first bytes; loads nothing.

The loader never asks for remote code or pickles either; the gate makes sure that nobody else is handed them.
"""

import json
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from llm_finetune.errors import GateError
from llm_finetune.messages import say

PICKLE_SUFFIXES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill"}
CODE_KEYS = {"auto_map", "trust_remote_code", "custom_pipelines"}
_ATTENTION_PREFIX = "_attn_implementation"
"""As a text it may name a kernel on the Hub, which is code; older versions wrote harmless booleans here."""
_HEADER_LIMIT_BYTES = 100_000_000
"""Longest header that safetensors itself reads."""


def refuse_code(folder: Path) -> None:
    """Look through a model folder.

    Raises: GateError with each file and reason.
    """
    _refuse(folder, [f"{path.relative_to(folder).as_posix()}: {reason}" for path, reason in _findings(folder)])


def refuse_hub_files(name: str, paths: Iterable[Path]) -> None:
    """Look through the JSON files that are loaded of a model on the Hub.

    `auto_map` alone is no reason there: many models offer code of their own that the library has itself, and the
    loader never asks for theirs.

    Raises: GateError with each file and reason.
    """
    found = [
        f"{path.name}: {reason}" for path in paths for reason in _json_reasons(path, path.parent, inert=("auto_map",))
    ]
    if found:
        raise GateError("\n  ".join([say("model.gate", folder=name), *found]))


def refuse_index(index: Path) -> None:
    """Look at a list of weight files.

    Raises: GateError with each entry that leaves the folder or is not safetensors.
    """
    _refuse(index.parent, [f"{index.name}: {reason}" for reason in _json_reasons(index, index.parent)])


def _refuse(folder: Path, findings: list[str]) -> None:
    if findings:
        raise GateError("\n  ".join([say("model.gate", folder=folder), *findings]))


def _findings(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        suffix = path.suffix.lower()
        if suffix == ".json":
            yield from ((path, reason) for reason in _json_reasons(path, folder))
        elif suffix == ".safetensors":
            if not _is_safetensors(path):
                yield path, say("model.gate.not_safetensors")
        elif suffix in PICKLE_SUFFIXES or _is_pickle(path):
            yield path, say("model.gate.pickle")


def _is_pickle(path: Path) -> bool:
    """Whether the content is a pickle, or torch's zip around one, under any name."""
    with path.open("rb") as stream:
        first = stream.read(4)
    if first[:1] == b"\x80" and first[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return True
    if first != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _is_safetensors(path: Path) -> bool:
    """Whether the file starts as safetensors does: the header's length in 8 bytes, then JSON."""
    with path.open("rb") as stream:
        length = stream.read(8)
        if len(length) < 8 or struct.unpack("<Q", length)[0] > _HEADER_LIMIT_BYTES:
            return False
        return stream.read(1) == b"{"


def _json_reasons(path: Path, folder: Path, inert: Sequence[str] = ()) -> Iterator[str]:
    if path.name == "tokenizer.json":
        return  # Vocabulary and merges, megabytes of them; read by a parser that knows no code.
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        yield say("model.gate.not_json")
        return
    if path.name.endswith(".index.json"):
        yield from _index_reasons(value, folder)
        return
    for key, inner in _pairs(value):
        if key not in inert and _is_code_key(key, inner):
            yield say("model.gate.key", key=key)
        elif key.endswith("_file") and isinstance(inner, str) and _is_path(inner):
            yield say("model.gate.path", key=key, value=inner)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value, at any depth."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield from current.items()
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _is_code_key(key: str, value: Any) -> bool:
    if key in CODE_KEYS:
        return value not in (None, False)
    return key.startswith(_ATTENTION_PREFIX) and isinstance(value, str | dict)


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text in {".", ".."}


def _index_reasons(value: Any, folder: Path) -> Iterator[str]:
    entries = value.get("weight_map") if isinstance(value, dict) else None
    names = set(map(str, entries.values())) if isinstance(entries, dict) else set()
    for name in sorted(names):
        inside = (folder / name).absolute().is_relative_to(folder.absolute()) and ".." not in Path(name).parts
        if not inside or "\\" in name or not name.endswith(".safetensors"):
            yield say("model.gate.index", value=name)
