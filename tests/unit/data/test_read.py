"""Rows with their physical lines, from files as they come."""

import gzip
import json
import os
import random
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.read import Number, json_type, lines, read_rows
from llm_finetune.data.rows import Row
from llm_finetune.errors import Problem

Reading = Callable[..., Any]


def zstd(content: bytes) -> bytes:
    import pyarrow

    return bytes(pyarrow.compress(content, "zstd", asbytes=True))


PACK: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstd}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}\n{"a": 2}', [1, 2]),
        ('\n\n{"a": 1}\n\n{"a": 2}\n', [3, 5]),
        ('[{"a": 1},\n\n {"a": 2}]', [1, 3]),
        ('[\n  {\n    "a": 1\n  },\n  {"a": 2}\n]\n', [2, 5]),
        ('[{\n  "a": 1\n}, {\n  "a": 2\n}]', [1, 3]),
        ('{\n "a": 1\n}\n{"a": 2}\n', [1, 4]),
        ('{"a": "x\\u0085y"}\n{"a": "\u2028"}\n{"a": "\x85"}\n', [1, 2, 3]),
        ('  {"a": 1}  \r\n\t{"a": 2}\r\n', [1, 2]),
        ('{"a": [\n1\n,\n2]}\n\n\n{"a":\n3\n}', [1, 7]),
        ("[]", []),
        ("[ ]\n\n", []),
        ("\ufeff", []),
    ],
)
def test_lines(reading: Reading, text: str, found: list[int]) -> None:
    result = reading(text)
    assert [row.line for row in result.rows] == found
    assert result.codes == ([] if found else ["no_records"])


def record(kind: int, number: int) -> str:
    """A record in one of several ways to write it."""
    value = {"number": number, "text": "x\ny" * (number % 3), "more": [{"b": [1, 2]}]}
    blank = "\n" * (number % 4)
    return (
        blank
        + [json.dumps(value), json.dumps(value, indent=2), json.dumps(value, indent="\t", separators=(",", ":"))][kind]
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", ["", *PACK])
@pytest.mark.parametrize("in_array", [False, True])
def test_line_numbers_are_those_of_sed(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, line_end: str, packed: str, in_array: bool
) -> None:
    """Whatever stands before a row, line N of the file is where it begins; also across the pieces a file is read in."""
    monkeypatch.setattr("llm_finetune.data.read.container.PIECE_BYTES", 97)
    monkeypatch.setattr("llm_finetune.data.read.container._UNPACKED_PIECE_BYTES", 97)
    monkeypatch.setattr("llm_finetune.data.read.array.PIECE_BYTES", 97)
    dice = random.Random(7)
    records = [record(dice.randrange(3), number) for number in range(200)]
    text = "[" + ",\n".join(records) + "]" if in_array else "\n".join(records)
    content = text.replace("\n", line_end).encode()
    result = reading(PACK[packed](content) if packed else content)
    assert result.problems == []
    assert [row.values["number"] for row in result.rows] == list(range(200))
    physical = content.split(b"\n")
    assert all(b"{" in physical[row.line - 1] for row in result.rows)
    starts = [number for number, line in enumerate(physical, 1) if b'"number"' in line]
    assert all(start - row.line in {0, 1} for start, row in zip(starts, result.rows, strict=True))


def test_content_decides_and_not_the_extension(reading: Reading) -> None:
    for name in ("a.txt", "a.json", "a.csv", "a", "a.parquet", "a.jsonl.gz"):
        assert reading('{"a": 1}\n{"a": 2}\n', name).values == [1, 2]
        assert reading('[{"a": 1},\n{"a": 2}]\n', name).values == [1, 2]


def test_a_broken_element_of_an_array_costs_only_itself(reading: Reading) -> None:
    result = reading('[\n{"a": 1},\n{"a": },\n{"a": 3}\n]')
    assert result.values == [1, 3]
    assert result.places == [("bad_json", 3)]


@pytest.mark.parametrize(
    ("text", "values", "places"),
    [
        # Cut off: the next element is not lost with it.
        ('[\n{"a": 1},\n{"a": 2,\n{"a": 3}\n]', [1, 3], [("bad_json", 3)]),
        # Inner lines that begin an object are further right, so they begin no element.
        ('[\n  {\n    "a": [\n      {x},\n      {"b": 1}\n    ]\n  },\n  {"a": 2}\n]', [2], [("bad_json", 4)]),
        ('[{\n  "a": x\n}, {\n  "a": 2\n}]', [2], [("bad_json", 2)]),
        ('[\n{"a": 1},\n{"a": x}\n]', [1], [("bad_json", 3)]),
        # All on one line: what follows cannot be told apart, and that is told.
        ('[{"a": 1}, {"a": x}, {"a": 3}]', [1], [("bad_json", 1), ("rest_of_array", 0)]),
        ('[\n{"a": 1},\n{"a": 2', [1], [("bad_json", 3), ("unfinished_array", 0)]),
        ('[{"a": 1}]\n[{"a": 2}]', [], [("row_not_object", 1), ("row_not_object", 2)]),
        ('[\n{"a": 1}\n]\n{"a": 2}', [1], [("text_after_array", 0)]),
        ('[\n"x",\n{"a": 1},\n[2]]', [1], [("row_not_object", 2), ("row_not_object", 4)]),
    ],
)
def test_broken_arrays(reading: Reading, text: str, values: list[int], places: list[tuple[str, int]]) -> None:
    result = reading(text)
    assert (result.values, result.places) == (values, places)


@pytest.mark.parametrize(
    ("text", "values", "places"),
    [
        ('{"a": 1}\n{"a": 2,\n{"a": 3}\n', [1, 3], [("bad_json", 2)]),
        ('{"a": 1}\n{"a": [\n{"a": 3}\n{"a": 4}\n', [1, 3, 4], [("bad_json", 2)]),
        ('{\n "a": 1,\n "b": x,\n "c": {\n }\n}\n{"a": 2}\n', [2], [("bad_json", 3)]),
        ('{\n "a": 1\n}\n{\n "a": 2\n', [1], [("bad_json", 4)]),
        ('{"a": 1} {"a": 2}\n{"a": 3}\n', [3], [("bad_json", 1)]),
        ('{\n "a": 1\n} x\n{"a": 2}\n', [2], [("bad_json", 3)]),
        ('not json\n{"a": 1}\n', [1], [("bad_json", 1)]),
    ],
)
def test_broken_lines_cost_only_themselves(
    reading: Reading, text: str, values: list[int], places: list[tuple[str, int]]
) -> None:
    result = reading(text)
    assert (result.values, result.places) == (values, places)


def test_a_file_of_beginnings_is_read_in_linear_time(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line might go on below; how much is parsed in vain stays in proportion."""
    parsed_characters = 0
    real = lines.parsed

    def counted(text: str, start: int = 0) -> tuple[object, int]:
        nonlocal parsed_characters
        parsed_characters += len(text)
        return real(text, start)

    monkeypatch.setattr(lines, "parsed", counted)
    monkeypatch.setattr(lines, "FREE_LINES_IN_VAIN", 100)
    text = '{"a": [\n' * 5000
    result = reading(text)
    assert result.places == [("bad_json", number) for number in range(1, 5001)]
    assert parsed_characters < 10 * len(text)


def test_records_that_are_no_objects(reading: Reading) -> None:
    result = reading('[1, 2]\n"text"\n7\nnull\n{"a": 1}\n')
    assert result.places == [("row_not_object", number) for number in (1, 2, 3, 4)]
    assert len(result.rows) == 1


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"PK\x03\x04....xl/workbook.xml", "a.xlsx", "Excel"),
        (b"PK\x03\x04....", "a.zip", "zip"),
        (b"ARROW1\0\0", "a.feather", "Arrow"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "a.arrow", "Arrow"),
        (b"\x80\x04\x95\x10", "a.pkl", "pickle"),
        (b"%PDF-1.7", "a.pdf", "PDF"),
        (b"SQLite format 3\0", "a.db", "SQLite"),
        (b"\xd0\xcf\x11\xe0", "a.xls", "xls"),
        (b"BZh9", "a.jsonl.bz2", "bzip2"),
        (b"\0" * 257 + b"ustar", "a.tar", "tar"),
        (gzip.compress(b"PAR1...."), "a.parquet.gz", "Parquet in gzip"),
        (gzip.compress(gzip.compress(b"{}")), "a.gz.gz", "gzip in gzip"),
        (b"\xff\xfe\0\0{\0\0\0", "a.jsonl", "UTF-32"),
        (b"<!DOCTYPE html><html>", "a.jsonl", "HTML"),
        (b"<?xml version='1.0'?>", "a.jsonl", "XML"),
    ],
)
def test_kinds_that_are_not_read_are_named(reading: Reading, content: bytes, name: str, kind: str) -> None:
    result = reading(content, name)
    assert result.codes == ["unsupported_kind"]
    assert kind in result.problems[0].message
    assert all(word in result.problems[0].fix for word in ("JSON Lines", "CSV", "Parquet", "gzip"))


def test_a_git_lfs_pointer_is_named(reading: Reading) -> None:
    result = reading("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert result.codes == ["git_lfs_pointer"]


@pytest.mark.parametrize("text", ["Once upon a time.\nAnd so on.\n", "a: 1\nb: 2\n", "one, two and three\nfour\n"])
def test_plain_text_is_refused_once(reading: Reading, text: str) -> None:
    for name in ("a.txt", "a.jsonl"):
        assert reading(text, name).places == [("no_known_layout", 0)]


def test_what_is_no_file(tmp_path: Path, reading_of: Callable[[Path], Any]) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        cases = {
            "absent": "missing_file",
            "": "is_folder",
            "loop": "missing_file",
            "pipe": "special_file",
            "socket": "special_file",
            "/dev/null": "special_file",
            "zero\0byte": "missing_file",
            "x" * 300: "missing_file",
        }
        for name, code in cases.items():
            assert reading_of(tmp_path / name).codes == [code], name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path, reading_of: Callable[[Path], Any]) -> None:
    (tmp_path / "a.jsonl").touch(mode=0)
    assert reading_of(tmp_path / "a.jsonl").codes == ["missing_file"]


@pytest.mark.parametrize("change", ["longer", "other", "gone"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    items = read_rows(path, "a.jsonl")
    next(items)
    if change == "longer":
        with path.open("a") as stream:
            stream.write("{}\n")
    elif change == "other":
        (tmp_path / "b").write_text('{"a": 1}\n{"a": 2}\n')
        (tmp_path / "b").replace(path)
    else:
        path.unlink()
    *_, last = items
    assert isinstance(last, Problem)
    assert (last.code, last.line) == ("changed_while_read", 0)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16(reading: Reading, codec: str) -> None:
    text = '{"a": "春🙂"}\n{"a": "\U0001f355"}\n'
    for content in (text, "a,b\n春,🙂\n", "[" + text.replace("\n", ",", 1) + "]"):
        name = "a.csv" if content.startswith("a,") else "a.jsonl"
        result = reading(content.encode(codec), name)
        assert [note.code for note in result.notes] == ["read_as_utf16"]
        assert result.problems == []
        assert result.values in (["春🙂", "\U0001f355"], ["春"])


def test_utf_16_with_half_a_character_or_half_a_unit(reading: Reading) -> None:
    content = '{"a": 1}\n{"a": "\ud83d"}\n{"a": 3}\n'.encode("utf-16-le", "surrogatepass")
    result = reading(content)
    assert (result.values, result.places) == ([1, 3], [("lone_surrogate", 2)])
    assert reading(content[:-1]).codes == ["lone_surrogate", "cut_off_file"]


def test_bad_bytes_cost_only_their_line(reading: Reading) -> None:
    for text in (b'{"a": 1}\n{"a": "\xff\xfe"}\n{"a": 3}\n', b'[{"a": 1},\n{"a": "\xff\xfe"},\n{"a": 3}]\n'):
        result = reading(text)
        assert result.values == [1, 3]
        assert result.places == [("bad_encoding", 2)]
        assert "byte 8 of" in str(result.problems[0])
    result = reading(b"a,b\n1,2\n\xe9,4\n5,6\n", "a.csv")
    assert (result.values, result.places) == (["1", "5"], [("bad_encoding", 3)])


CHINESE, JAPANESE = "請寫一首關於春天的短詩", "春についての短い詩を書いてください"


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        (CHINESE, "cp950", "CP950"),
        ("请写一首关于春天的短诗", "gb18030", "GB18030"),
        (JAPANESE, "cp932", "CP932"),
        ("Über die Größe", "latin-1", "CP1252"),
        ("“café”", "cp1252", "CP1252"),
        ("25°C, £30", "latin-1", "CP1252"),
        ("\x81é", "latin-1", "ISO-8859-1"),
    ],
)
def test_the_likely_encoding_is_named_with_a_command(reading: Reading, text: str, codec: str, named: str) -> None:
    for shape in ('{{"a": "{}"}}\n', '[{{"a": "{}"}}]', "a,b\n{},1\n"):
        name = "a.csv" if shape.startswith("a") else "a.jsonl"
        (problem,) = reading(shape.format(text).encode(codec), name).problems
        assert problem.code == "bad_encoding"
        assert f"iconv -f {named} -t UTF-8" in problem.fix


def test_one_broken_character_in_utf8_is_not_taken_for_another_encoding(reading: Reading) -> None:
    line = f'{{"a": "{CHINESE}"}}\n'.encode()
    (problem,) = reading(line[:12] + line[13:]).problems
    assert problem.code == "bad_encoding"
    assert "iconv" not in problem.fix


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ('{"a": NaN}', "bad_json", "column 7"),
        ('{"a": "NaN", "b": -Infinity}', "bad_json", "column 19"),
        ('{"a": 1e999}', "bad_json", "column 7"),
        ('{"a": ' + "9" * 5000 + "}", "bad_json", "too many digits"),
        ('{"a": ' + "[" * 100_000 + "}", "nesting_too_deep", "200 levels"),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", "nesting_too_deep", "200 levels"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "duplicate_key", "`c`"),
        ('{"a": "x\ty"}', "bad_json", "Write a tab as"),
        ('{"a": "\0"}', "bad_json", "control character"),
        ('{"a": "\\x"}', "bad_json", "backslash"),
        ('{"a": "\\u12"}', "bad_json", "hexadecimal"),
        ("{'a': 1}", "bad_json", "double quotes"),
        ('{"a": 1,}', "bad_json", "comma before the closing"),
        ('{"a": 1},', "bad_json", "Remove the comma"),
        ('{"a": 1}{"a": 2}', "bad_json", "a line of its own"),
        ('{"a": 1}\r{"a": 2}', "bad_json", "carriage return"),
        ('\ufeff{"a": 1}', "bad_json", "byte order mark"),
        ('{"a": 1', "bad_json", "closing bracket is missing"),
        ('{"a": "1', "bad_json", "not finished"),
    ],
)
def test_what_python_takes_or_words_badly(reading: Reading, line: str, code: str, words: str) -> None:
    result = reading(f'{{"a": 1}}\n{line}\n{{"a": 3}}\n')
    assert (result.values, result.places) == ([1, 3], [(code, 2)])
    assert words in str(result.problems[0])
    assert len(result.problems[0].message) < 160


@pytest.mark.parametrize("value", ["NaN", "1e999", "9" * 5000, "[" * 100_000, '{"b": 1, "b": 2}'])
def test_the_same_in_an_array(reading: Reading, value: str) -> None:
    result = reading(f'[{{"a": 1}},\n{{"a": {value}}},\n{{"a": 3}}]')
    assert result.values == [1, 3]
    assert {problem.line for problem in result.problems} == {2}


def test_numbers_keep_how_they_were_written(reading: Reading) -> None:
    (row,) = reading('{"a": 3.10, "b": 1e2, "c": 7}').rows
    number = row.values["a"]
    assert isinstance(number, Number)
    assert (number, number.literal, row.values["b"].literal) == (3.1, "3.10", "1e2")
    assert type(row.values["c"]) is int


def test_nothing_from_a_file_reaches_the_screen_raw(reading: Reading) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\u202e\x00\x85\u2028"
    texts = [f'{{"a": {evil}}}', f'{{"a": "{evil}"}}', json.dumps({evil: 1})[:-1] + f", {json.dumps(evil)}: 2}}", evil]
    for text in texts:
        for name in ("a.jsonl", "a.csv"):
            for shape in (text, f"[\n{text}\n]", f"a,b\n{text}\n1,2\n"):
                result = reading(shape, name)
                told = "".join(map(str, (*result.problems, *result.notes)))
                assert told.isprintable() or set(told) & set(evil) == set(), told


def test_a_line_over_the_limit_is_skipped(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "ROW_LIMIT_BYTES", 3 << 20)
    long = json.dumps({"a": "x" * (5 << 20)})
    result = reading(f'{{"a": 1}}\n{long}\n{{"a": 3}}\n{long}')
    assert (result.values, result.places) == ([1, 3], [("row_too_large", 2), ("row_too_large", 4)])
    assert "5 MiB" in str(result.problems[0])


@pytest.mark.parametrize("text", ['{"a": 1}\r{"a": 2}\r', "instruction,output\ra,b\r", "plain\rtext"])
def test_carriage_returns_alone_are_told(reading: Reading, text: str) -> None:
    result = reading(text)
    assert (result.rows, result.places) == ([], [("carriage_returns", 0)])
    assert reading('[{"a": 1},\r{"a": 2}]\r').values == [1, 2]


@pytest.mark.parametrize("packing", PACK)
def test_packed_texts(reading: Reading, packing: str) -> None:
    pack = PACK[packing]
    assert reading(pack(b'{"a": 1}\n{"a": 2}'), "any.name").values == [1, 2]
    assert reading(pack(b'[{"a": 1},\n{"a": 2}]'), "any.name").values == [1, 2]
    assert reading(pack(b"a,b\n1,2\n"), f"a.csv.{packing}").values == ["1"]
    assert reading(pack(b'{"a": 1}\n') + pack(b'{"a": 2}\n'), "two.members").values == [1, 2]
    assert reading(pack('{"a": 1}'.encode("utf-16")), "any.name").values == [1]
    assert reading(pack(b""), "any.name").codes == ["no_records"]


@pytest.mark.parametrize("packing", PACK)
def test_a_cut_off_archive_gives_the_rows_before(reading: Reading, packing: str) -> None:
    rows = [{"a": number, "b": random.Random(number).random()} for number in range(20_000)]
    packed = PACK[packing]("".join(json.dumps(row) + "\n" for row in rows).encode())
    result = reading(packed[: len(packed) // 2])
    assert result.values == list(range(len(result.rows)))
    assert len(result.rows) > 1000
    assert result.places == [("cut_off_file", 0)]
    assert f"line {len(result.rows) + 1} " in str(result.problems[0])


def test_a_damaged_archive_gives_the_rows_before(reading: Reading) -> None:
    rows = "".join(json.dumps({"a": number, "b": random.Random(number).random()}) + "\n" for number in range(20_000))
    packed = bytearray(gzip.compress(rows.encode()))
    packed[-6] ^= 1
    assert reading(bytes(packed)).codes == ["damaged_file"]
    assert len(reading(bytes(packed)).rows) == 20_000
    packed[len(packed) // 2 : len(packed) // 2 + 8] = b"\xff" * 8
    result = reading(bytes(packed))
    assert result.codes[-1] == "damaged_file"
    assert len(result.rows) > 1000
    assert reading(gzip.compress(b'{"a": 1}\n') + b"garbage").codes == ["damaged_file"]


def test_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = json.dumps({"instruction": "x" * 1500, "output": "y" * 1500}) + "\n"
    with path.open("w") as stream:
        for _ in range(100):
            stream.write(row * 200)
    tracemalloc.start()
    try:
        count = sum(isinstance(item, Row) for item in read_rows(path, "a.jsonl"))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (count, path.stat().st_size > 60_000_000) == (20_000, True)
    assert peak_bytes < 8_000_000


@pytest.mark.parametrize(
    ("value", "name"),
    [(True, "boolean"), (1, "number"), (1.5, "number"), ("", "text"), ([], "array"), ({}, "object"), (None, "null")],
)
def test_names_of_types(value: object, name: str) -> None:
    assert json_type(value) == name
