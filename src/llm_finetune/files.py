"""Files and folders that are complete or absent. Knows no stage.

A file is written beside its place and renamed. A folder is staged beside its place, every file is synced, a manifest
with sizes and hashes is written last, and one rename makes it appear.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MANIFEST_NAME = "manifest.json"
STAGING_PREFIX = ".staging-"
TRASH_PREFIX = ".trash-"
_CHUNK_BYTES = 1 << 20


def sha256_of_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of_text(text: str) -> str:
    """Hexadecimal SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def folder_size_bytes(folder: Path) -> int:
    """Bytes of all regular files below a folder; 0 if it is not there."""
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file() and not entry.is_symlink())


def sync_folder(folder: Path) -> None:
    """Ask the operating system to put a folder's entries on disk."""
    if sys.platform == "win32":
        return  # Windows cannot open a folder; its file systems journal the entries themselves.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Ask the operating system to put a file's bytes on disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


@contextlib.contextmanager
def staged_file(path: Path) -> Iterator[IO[str]]:
    """Give a UTF-8 stream; when the block ends well its text becomes `path` in one rename, else nothing is left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{STAGING_PREFIX}{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file so that a reader sees the old text or the new one, never a part."""
    with staged_file(path) as stream:
        stream.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, as `write_text` does."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a UTF-8 JSON file, with or without a byte order mark."""
    return json.loads(path.read_text(encoding="utf-8-sig"))


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write `manifest.json`: the facts given, and size and SHA-256 of every file in the folder."""
    entries = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_json(folder / MANIFEST_NAME, {**facts, "files": entries})


def manifest_fault(folder: Path) -> str | None:
    """Why a folder does not match its manifest, or None if every file is there with its size and hash."""
    try:
        entries = read_json(folder / MANIFEST_NAME)["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{MANIFEST_NAME}: {error}"
    if not isinstance(entries, dict):
        return f"{MANIFEST_NAME}: files is not an object"
    for name, facts in entries.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != facts["bytes"] or sha256_of_file(path) != facts["sha256"]:
            return f"{name} is not what was written"
    return None


def discard_folder(folder: Path) -> None:
    """Remove a folder so that it is never seen half removed: rename first, delete then."""
    trash = folder.with_name(f"{TRASH_PREFIX}{folder.name}-{uuid.uuid4().hex[:8]}")
    folder.rename(trash)
    shutil.rmtree(trash, ignore_errors=True)


def sweep_leftovers(parent: Path) -> None:
    """Delete staging and trash folders that an ended process left in `parent`."""
    for entry in parent.glob(".*") if parent.is_dir() else ():
        if entry.name.startswith((STAGING_PREFIX, TRASH_PREFIX)):
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)


@contextlib.contextmanager
def staged_folder(target: Path, facts: Mapping[str, Any] | None = None) -> Iterator[Path]:
    """Give a folder to fill; when the block ends well it becomes `target` in one rename, else nothing is left.

    With `facts`, a manifest is written last. A folder already at `target` is replaced.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = target.with_name(f"{STAGING_PREFIX}{target.name}-{uuid.uuid4().hex[:8]}")
    staging.mkdir()
    try:
        yield staging
        for path in staging.rglob("*"):
            if path.is_file():
                sync_file(path)
        if facts is not None:
            write_manifest(staging, facts)
        sync_folder(staging)
        if target.exists():
            discard_folder(target)
        staging.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


class FolderLockedError(OSError):
    """Another process holds the lock; `pid` is its number, or 0 if unknown."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path} is locked by process {pid}")
        self.pid = pid


def _lock_stream(stream: IO[str]) -> None:
    if sys.platform == "win32":
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold an advisory lock file; it frees itself when the process ends, however it ends.

    Raises: FolderLockedError if another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        try:
            _lock_stream(stream)
        except (BlockingIOError, PermissionError) as error:
            stream.seek(0)
            text = stream.read().strip()
            raise FolderLockedError(path, int(text) if text.isdigit() else 0) from error
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield
