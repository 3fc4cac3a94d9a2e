"""What kind of file the first bytes show. Knows no rows and opens nothing."""

import re

PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
PARQUET = b"PAR1"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"PARE", "encrypted Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\xff\xff\xff\xff", "Arrow stream"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"%PDF-", "PDF"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\xd0\xcf\x11\xe0", "old Word or Excel (doc, xls)"),
    (b"{\\rtf", "RTF"),
    (b"\x89HDF", "HDF5"),
    (b"\x93NUMPY", "NumPy"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"GGUF", "GGUF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x7fELF", "program"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x95\]}(c\x8c]", re.DOTALL)
_ZIPPED: tuple[tuple[bytes, str], ...] = (
    (b"xl/", "Excel (xlsx)"),
    (b"word/", "Word (docx)"),
    (b"opendocument.spreadsheet", "OpenDocument (ods)"),
    (b"data.pkl", "PyTorch"),
)
GIT_LFS = "Git LFS"
_TEXTS: tuple[tuple[str, str], ...] = (
    ("version https://git-lfs", GIT_LFS),
    ("<!doctype html", "HTML"),
    ("<html", "HTML"),
    ("<?xml", "XML"),
)
_TAR_MARK = slice(257, 262)


def packing_of(head: bytes) -> str | None:
    """How the bytes are packed, or None."""
    return next((name for start, name in PACKED if head.startswith(start)), None)


def foreign_kind(head: bytes) -> str | None:
    """The name of a kind that is not read, or None."""
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head.startswith(b"PK\x03\x04"):
        return next((name for member, name in _ZIPPED if member in head[:10_000]), "zip")
    if head[_TAR_MARK] == b"ustar":
        return "tar"
    return "pickle" if _PICKLE.match(head) else None


def text_kind(text: str) -> str | None:
    """The kind of a text that is clearly no data file, or None."""
    start = text[:100].lstrip().lower()
    return next((name for first, name in _TEXTS if start.startswith(first)), None)
