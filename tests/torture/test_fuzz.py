"""Files damaged at random: no traceback, no hang, always file, line and reason. `make torture` does more."""

import gzip
import io
import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.formats import FORMATS

FILES = int(os.environ.get("LLM_FINETUNE_TORTURE", "1000"))
BATCHES = 10
SEED = os.environ.get("LLM_FINETUNE_TORTURE_SEED", "1")
TOKENS = [
    b"\x00", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b[2J", b"\xa4\xe9",
    b"\xed\xa0\xbd", b"\\ud83d", b"\\u0000", b"NaN", b"-Infinity", b"1e999", b"9" * 4400, b"[" * 300, b"{" * 1200, b"'",
    b'"', b'""', b",", b"}", b"{", b"]", b"}\n{", b"},\n{", b"null", b"true", b"\t", b";", b"|", b"\\", b"\xe9", b"//",
    b"{}",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 3.10, 10**30, "", "  ", "\x00", "\x1b[31m", "\ud83d", "\u202e", "x" * 5000, [], [[]], [None], {},
    {"": {}}, {"role": "user"}, {"role": "user", "content": None}, [{"from": "human", "value": "a"}], "narrator", ["a"],
    {"type": "text", "text": "a"}, "None", "<|im_end|>", "一" * 50,
]  # fmt: skip
KEYS = [
    "",
    "role",
    "content",
    "messages",
    "Output",
    "output ",
    "\x1b[1mkey",
    "\u202ekey",
    "a.b",
    "weight",
    "text",
    "鍵",
]


def changed(value: Any, dice: random.Random) -> Any:
    """The same JSON value with something replaced, removed, renamed or repeated, somewhere inside."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        key = dice.choice(list(value))
        rest = {name: inner for name, inner in value.items() if name != key}
        kind = dice.randrange(4)
        if kind == 0:
            return rest
        if kind == 1:
            return {**rest, dice.choice(KEYS): value[key]}
        return {**value, key: changed(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        index = dice.randrange(len(value))
        kind = dice.randrange(4)
        if kind == 0:
            return [*value[:index], *value[index + 1 :]]
        if kind == 1:
            return [*value[:index], value[index], *value[index:]]
        return [*value[:index], changed(value[index], dice), *value[index + 1 :]]
    return dice.choice(VALUES)


def rows(dice: random.Random) -> list[Any]:
    """Some rows of some formats; a few are changed."""
    samples = [dice.choice(list(FORMATS.values())).sample] * dice.randrange(1, 6)
    mixed = [dice.choice([sample, dice.choice(list(FORMATS.values())).sample]) for sample in samples]
    return [changed(row, dice) if dice.random() < 0.4 else row for row in mixed]


def table(values: Sequence[Any], separator: str, dice: random.Random) -> str:
    """Rows as a table, quoted where the dice say so."""
    names = list(FORMATS["alpaca"].sample)

    def cell(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return '"' + text.replace('"', '""') + '"' if dice.random() < 0.5 else text

    lines = [[str(row.get(name, "")) if isinstance(row, dict) else row for name in names] for row in values]
    return "\n".join([separator.join(names), *(separator.join(map(cell, line)) for line in lines)]) + "\n"


def parquet(values: Sequence[Any]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    stream = io.BytesIO()
    plain = [row for row in values if isinstance(row, dict) and row] or [FORMATS["alpaca"].sample]
    try:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(plain), stream)
    except (pyarrow.ArrowException, UnicodeEncodeError, OverflowError):  # what Arrow cannot hold
        pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), stream)
    return stream.getvalue()


def zstd(content: bytes) -> bytes:
    import pyarrow

    return bytes(pyarrow.compress(content, "zstd", asbytes=True))


def written(values: Sequence[Any], dice: random.Random) -> tuple[bytes, str]:
    """The bytes of a file with these rows, and an extension that may be wrong."""
    is_plain = dice.random() < 0.5
    kind = dice.choice(["lines", "lines", "lines", "array", "indented", "spread", "table", "parquet"])
    if kind == "parquet":
        return parquet(values), "parquet"
    if kind == "table":
        suffix, separator = dice.choice([("csv", ","), ("tsv", "\t"), ("csv", ";"), ("txt", "|"), ("jsonl", ",")])
        text = table(values, separator, dice)
    elif kind in {"array", "indented"}:
        suffix, text = "json", json.dumps(values, ensure_ascii=is_plain, indent=2 if kind == "indented" else None)
    else:
        indent = 2 if kind == "spread" else None
        suffix, text = "jsonl", "".join(json.dumps(row, ensure_ascii=is_plain, indent=indent) + "\n" for row in values)
    if dice.random() < 0.2:
        text = text.replace("\n", dice.choice(["\r\n", "\r", "\n\n"]))
    codec = dice.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-le", "cp950", "latin-1"])
    content = text.encode(codec, "surrogatepass" if codec.startswith("utf") else "replace")
    pack = dice.choice([bytes, bytes, bytes, bytes, gzip.compress, zstd])
    return pack(content), suffix


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The bytes with some places changed."""
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        start = dice.randrange(len(content) + 1)
        end = min(len(content), start + dice.choice([0, 1, 2, 10, 100]))
        middle = dice.choice(
            [b"", dice.choice(TOKENS), content[start:end] * 2, dice.randbytes(dice.randrange(1, 9)), bytes(end - start)]
        )
        content = content[:start] + middle + content[end:]
        if dice.random() < 0.1:
            content = content[:start]
    return content


@pytest.mark.parametrize("batch", range(BATCHES))
def test_damaged_files(tmp_path: Path, codes_of: Callable[[Path], tuple[int, list[str]]], batch: int) -> None:
    seen: set[str] = set()
    read = 0
    for number in range(batch, FILES, BATCHES):
        dice = random.Random(f"{SEED}:{number}")
        content, suffix = written(rows(dice), dice)
        path = tmp_path / f"{number}.{suffix}"
        path.write_bytes(damaged(content, dice))
        try:
            count, codes = codes_of(path)
        except BaseException as error:
            error.add_note(f"file {number} of seed {SEED}: {path.read_bytes()[:500]!r}")
            raise
        read += count
        seen.update(codes)
        path.unlink()
    assert read > FILES // BATCHES // 2, "the files are too broken to test anything"
    assert len(seen) > 5, "the files are too whole to test anything"
