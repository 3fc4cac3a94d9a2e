"""CSV, TSV and Parquet: every text as it stands in the cell."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

ODD_TEXTS = ["NA", "None", "null", "007", "1e5", "", " x ", "true", "1,5", 'say "hi"', "a\nb", "a\n\nb", "春", "=1+1"]
Reading = Callable[..., Any]


def table(rows: list[list[str]], **dialect: object) -> str:
    stream = io.StringIO()
    csv.writer(stream, **dialect).writerows(rows)  # type: ignore[arg-type]
    return stream.getvalue()


def columns(result: Any) -> list[list[object]]:
    return [list(row.values.values()) for row in result.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_texts_stay_texts(reading: Reading, delimiter: str, quoting: int, line_end: str) -> None:
    rows = [[f"q{number}", text] for number, text in enumerate(ODD_TEXTS)]
    text = table([["instruction", "output"], *rows], delimiter=delimiter, quoting=quoting, lineterminator="\n")
    for name in ("a.csv", "a.txt"):
        result = reading(text.replace("\n", line_end), name)
        assert result.problems == []
        assert columns(result) == rows
        assert [row.line for row in result.rows] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 17, 18]


def test_quotes_that_are_ordinary_characters(reading: Reading) -> None:
    text = 'id\tsentence\n1\t"Stop\n2\thim", he said\n3\t"a" b\n4\t5" wide\n'
    result = reading(text, "a.tsv")
    assert columns(result) == [["1", '"Stop'], ["2", 'him", he said'], ["3", '"a" b'], ["4", '5" wide']]


def test_one_open_quote_costs_only_its_row(reading: Reading) -> None:
    rows = "".join(f'"q{number}","a, b"\n' for number in range(50))
    result = reading(f'instruction,output\n{rows}"open,x\n{rows}', "a.csv")
    assert len(result.rows) == 100
    assert [(problem.code, problem.line) for problem in result.problems] == [("open_quote", 52)]
    result = reading(f'instruction,output\n{rows}"open,x\n' + "c,d\n" * 50, "a.csv")
    assert len(result.rows) == 100
    assert [(problem.code, problem.line) for problem in result.problems] == [("open_quote", 52)]


def test_ragged_rows_name_both_counts(reading: Reading) -> None:
    result = reading("instruction,output\na,b\nc\nd,e,f\n\ng,h\n", "a.csv")
    assert [row.line for row in result.rows] == [2, 6]
    assert [(problem.code, problem.line) for problem in result.problems] == [("ragged_row", 3), ("ragged_row", 4)]
    assert "1 cells, the header 2" in str(result.problems[0])
    assert "3 cells, the header 2" in str(result.problems[1])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,2\n3,4\n", "no_header"),
        ("gj04\t1\t\tThe sailors rode the breeze clear of the rocks.\n", "no_header"),
        ("a,b,a\n1,2,3\n", "duplicate_column"),
        ("instruction,output\n", "no_records"),
        ("", "no_records"),
    ],
)
def test_headers(reading: Reading, text: str, code: str) -> None:
    assert [problem.code for problem in reading(text, "a.csv").problems] == [code]


@pytest.mark.parametrize(
    ("text", "code"), [(b"a\xe9,b\n1,2\n", "bad_encoding"), (b'"instruction"x,output\n"a","b"\n', "bad_table_row")]
)
def test_without_a_readable_header_no_row_is_taken_for_one(reading: Reading, text: bytes, code: str) -> None:
    result = reading(text, "a.csv")
    assert (result.rows, result.places) == ([], [(code, 1), ("unreadable_header", 0)])


def test_a_column_without_a_name_is_called_by_its_number(reading: Reading) -> None:
    (row,) = reading(", instruction ,output\n0,a, b\n", "a.csv").rows
    assert row.values == {"column_1": "0", "instruction": "a", "output": " b"}


def test_a_table_is_known_by_its_extension_or_by_a_well_known_column(reading: Reading) -> None:
    assert columns(reading("frage,antwort\na,b\n", "a.csv")) == [["a", "b"]]
    assert [problem.code for problem in reading("frage,antwort\na,b\n", "a.txt").problems] == ["no_known_layout"]
    assert columns(reading("question;antwort\na;b\n", "a.txt")) == [["a", "b"]]
    assert columns(reading("text\na\nb\n", "a.csv")) == [["a"], ["b"]]


def parquet(**values: object) -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(values), stream)
    return stream.getvalue()


def test_parquet(reading: Reading) -> None:
    content = parquet(
        a=["x", None, "NA"], b=[[{"role": "user"}], [], None], day=[date(2024, 1, 2)] * 3,
        score=[1.5, float("nan"), None], raw=[b"\xff", b"ok", None],
    )  # fmt: skip
    result = reading(content, "any.name")
    assert [note.code for note in result.notes] == ["row_numbers"]
    assert [row.line for row in result.rows] == [1, 2, 3]
    assert columns(result) == [
        ["x", [{"role": "user"}], "2024-01-02", 1.5, "\\xff"],
        [None, [], "2024-01-02", None, "ok"],
        ["NA", None, "2024-01-02", None, None],
    ]


def test_parquet_that_cannot_be_read(reading: Reading) -> None:
    content = parquet(a=["x" * 100] * 1000)
    for damaged in (b"PAR1....", content[: len(content) // 2], content[:50] + b"\0" * 50 + content[100:]):
        assert [problem.code for problem in reading(damaged, "b.parquet").problems] == ["damaged_parquet"]
    assert [problem.code for problem in reading(parquet(a=pyarrow.array([], "string"))).problems] == ["no_records"]
    bad_text = pyarrow.array([b"ok", b"\xff"]).view("string")
    result = reading(parquet(a=bad_text))
    assert [(problem.code, problem.line) for problem in result.problems] == [("bad_text_in_row", 2)]
    assert result.values == ["ok"]
