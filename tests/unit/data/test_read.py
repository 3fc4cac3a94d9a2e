"""Rows with their physical lines, from files as they come."""

from pathlib import Path

import pytest

from llm_finetune.data.read import Reading, read_rows


def reading(tmp_path: Path, text: str | bytes, name: str = "a.jsonl") -> Reading:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_rows(path, name)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('{"a": 1}\n{"a": 2}', [1, 2]),
        ('\n\n{"a": 1}\n\n{"a": 2}\n', [3, 5]),
        ('[{"a": 1},\n\n {"a": 2}]', [1, 3]),
        ('[\n  {\n    "a": 1\n  },\n  {"a": 2}\n]\n', [2, 5]),
        ('{\n "a": 1\n}\n{"a": 2}\n', [1, 4]),
        ('{"a": "x\\u0085y"}\n{"a": "\u2028"}\n{"a": "\x85"}\n', [1, 2, 3]),
        ("[]", []),
    ],
)
def test_lines(tmp_path: Path, text: str, lines: list[int]) -> None:
    found = reading(tmp_path, text)
    assert [row.line for row in found.rows] == lines
    assert [problem.code for problem in found.problems] == ([] if lines else ["no_records"])


def test_a_broken_element_of_an_array_costs_only_itself(tmp_path: Path) -> None:
    found = reading(tmp_path, '[\n{"a": 1},\n{"a": },\n{"a": 3}\n]')
    assert [row.values["a"] for row in found.rows] == [1, 3]
    assert [(problem.code, problem.line) for problem in found.problems] == [("bad_json", 3)]


def test_records_that_are_no_objects(tmp_path: Path) -> None:
    found = reading(tmp_path, '[1, 2]\n"text"\n7\nnull\n{"a": 1}\n')
    assert [problem.line for problem in found.problems] == [1, 2, 3, 4]
    assert {problem.code for problem in found.problems} == {"row_not_object"}
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"\x1f\x8b\x08\x00", "a.jsonl", "gzip"),
        (b"PAR1....", "a.jsonl", "Parquet"),
        (b"\xff\xfe{\x00}\x00", "a.jsonl", "UTF-16"),
        (b"a,b\n1,2\n", "a.csv", "CSV"),
    ],
)
def test_kinds_that_are_not_read_are_named(tmp_path: Path, content: bytes, name: str, kind: str) -> None:
    found = reading(tmp_path, content, name)
    assert [problem.code for problem in found.problems] == ["unsupported_kind"]
    assert kind in str(found.problems[0])


def test_bad_bytes_cost_only_their_line(tmp_path: Path) -> None:
    found = reading(tmp_path, b'{"a": 1}\n{"a": "\xff\xfe"}\n{"a": 3}\n')
    assert [row.line for row in found.rows] == [1, 3]
    assert [(problem.code, problem.line) for problem in found.problems] == [("bad_encoding", 2)]


def test_a_missing_file_is_a_problem_and_no_error(tmp_path: Path) -> None:
    assert [problem.code for problem in read_rows(tmp_path / "absent", "absent").problems] == ["missing_file"]
    assert [problem.code for problem in read_rows(tmp_path, "folder").problems] == ["missing_file"]


def test_a_cut_off_array_is_told(tmp_path: Path) -> None:
    found = reading(tmp_path, '[{"a": 1},\n{"a": 2},\n')
    assert len(found.rows) == 2
    assert [problem.code for problem in found.problems] == ["unfinished_array"]


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 100_000])
def test_what_python_cannot_parse_costs_only_its_line(tmp_path: Path, value: str) -> None:
    for text in (f'{{"a": 1}}\n{{"a": {value}}}\n{{"a": 3}}\n', f'[{{"a": 1}},\n{{"a": {value}}},\n{{"a": 3}}]'):
        found = reading(tmp_path, text)
        assert {problem.line for problem in found.problems} == {2}
        assert [row.values["a"] for row in found.rows] == [1, 3]
