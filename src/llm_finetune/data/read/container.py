"""Open a file and give its bytes in pieces, unpacked. Knows no encoding and no rows.

Memory stays flat: a piece is at most a mebibyte, and nothing is read twice but the first one.
"""

import gzip
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from llm_finetune.data.read.faults import fault
from llm_finetune.errors import Problem
from llm_finetune.messages import say

PIECE_BYTES = 1 << 20
_UNPACKED_PIECE_BYTES = 1 << 16
"""Less at a time from an archive, so that little before a damaged place is lost with it."""
_SPECIAL_KINDS: tuple[tuple[int, str], ...] = (
    (stat.S_IFIFO, "fifo"),
    (stat.S_IFSOCK, "socket"),
    (stat.S_IFCHR, "device"),
    (stat.S_IFBLK, "device"),
)


@dataclass(slots=True)
class Opened:
    """An open file, and how it was when it was opened."""

    path: Path
    shown: str
    handle: IO[bytes]
    before: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        self.before = _state(os.fstat(self.handle.fileno()))

    def has_changed(self) -> bool:
        """Whether another file, another size or another time stands under the path now."""
        try:
            return _state(os.stat(self.path)) != self.before
        except OSError:
            return True


def opened(path: Path, shown: str) -> Opened | Problem:
    """The file, open for reading, or why it is none; whatever is no regular file is not even opened."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return fault("is_folder", shown)
        if not stat.S_ISREG(mode):
            kind = next((name for bits, name in _SPECIAL_KINDS if stat.S_IFMT(mode) == bits), "device")
            return fault("special_file", shown, kind=say(f"data.special_file.{kind}"))
        return Opened(path, shown, path.open("rb", buffering=0))
    except OSError as error:
        return fault("missing_file", shown, what=error.strerror or str(error))
    except ValueError as error:  # a zero byte in the name
        return fault("missing_file", shown, what=str(error))


def _state(facts: os.stat_result) -> tuple[int, ...]:
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)


class Pieces:
    """The bytes of a file, unpacked, a piece at a time. They end where the file ends or cannot be read further."""

    def __init__(self, handle: IO[bytes], packing: str | None) -> None:
        self.damage = ""
        """Why the bytes ended too early: `cut_off`, or what the library said."""
        self.lines = 0
        """Line feeds given so far."""
        self._handle, self._packing = handle, packing

    def __iter__(self) -> Iterator[bytes]:
        size = PIECE_BYTES if self._packing is None else _UNPACKED_PIECE_BYTES
        try:
            read = self._reader()
            while piece := read(size):
                self.lines += piece.count(b"\n")
                yield piece
        except EOFError:
            self.cut_off()
        except (OSError, zlib.error) as error:
            text = str(error) or type(error).__name__
            self.damage = "cut_off" if text.startswith("Truncated") else text

    def cut_off(self) -> None:
        """Say that the bytes end in the middle of something."""
        self.damage = "cut_off"

    def _reader(self) -> Callable[[int], bytes]:
        """What gives the next unpacked bytes. `read1`, because `read` keeps back what came before a damaged place."""
        if self._packing == "gzip":
            return gzip.GzipFile(fileobj=self._handle).read1
        if self._packing == "zstd":
            return _zstd_reader(self._handle)
        return self._handle.read


def _zstd_reader(handle: IO[bytes]) -> Callable[[int], bytes]:
    import pyarrow  # type: ignore[import-untyped]

    stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(handle, mode="r"), "zstd")
    read: Callable[[int], bytes] = stream.read
    return read
