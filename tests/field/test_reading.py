"""Field cases D10 and E01: tables, archives, other encodings, and the same faults in every container."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import Checked, CheckReport, check_sources
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings

Input = Callable[[str], Path]


def both(path: Path) -> Checked:
    return check_sources([Source(path, path.name)], DataSettings())


def answers(checked: Checked) -> list[str]:
    return [row.reference for row in checked.conversations]


def places(report: CheckReport) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.field, problem.code) for problem in report.errors]


def test_d10_csv_keeps_every_text(field_input: Input) -> None:
    checked = both(field_input("D10.csv"))
    assert answers(checked) == ["NA", "None", "null", "007", "1e5", 'first, line\nsecond "line"']
    assert [row.line for row in checked.conversations] == [2, 3, 4, 5, 6, 7]
    assert checked.conversations[5].prompt[0]["content"] == "Two lines, please"
    assert checked.report.errors == ()
    assert [problem.code for problem in checked.report.warnings] == ["byte_order_mark"]


def test_d10_semicolons_are_detected(field_input: Input) -> None:
    checked = both(field_input("D10-semicolon.csv"))
    assert (answers(checked), checked.report.errors) == (["Rome", "Greetings"], ())
    assert checked.conversations[1].prompt[0]["content"] == "Grüße auf Englisch?"


def test_d10_gzip_tells_the_line(field_input: Input, cli: Any) -> None:
    checked = both(field_input("D10.jsonl.gz"))
    assert answers(checked) == ["1", "2"]
    assert places(checked.report) == [(3, "", "bad_json")]
    assert cli("check", field_input("D10.jsonl.gz")).code == 2


def test_d10_parquet_tells_the_null(field_input: Input) -> None:
    checked = both(field_input("D10.parquet"))
    assert answers(checked) == ["1", "2"]
    assert places(checked.report) == [(3, "output", "null_field")]
    told = " ".join(map(str, checked.report.warnings))
    assert "row numbers" in told
    assert "label" in told


def test_d10_other_kinds_are_named_with_those_that_are_read(tmp_path: Path, cli: Any) -> None:
    path = tmp_path / "rows.xlsx"
    path.write_bytes(b"PK\x03\x04\x14\0\0\0[Content_Types].xml....xl/workbook.xml")
    outcome = cli("check", path)
    assert outcome.code == 2
    assert all(word in outcome.out for word in ("Excel", "JSON", "CSV", "Parquet", "gzip"))


def parquet(rows: list[dict[str, str]]) -> bytes:
    import io

    import pyarrow
    import pyarrow.parquet

    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stream)
    return stream.getvalue()


def tabular(rows: list[dict[str, str]], separator: str) -> str:
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(separator.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line) + "\n" for line in cells)


def json_lines(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


CONTAINERS: dict[str, Callable[[list[dict[str, str]]], bytes]] = {
    "lines.jsonl": lambda rows: json_lines(rows).encode(),
    "windows.jsonl": lambda rows: b"\xef\xbb\xbf" + json_lines(rows).replace("\n", "\r\n").encode(),
    "escaped.jsonl": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    "spread.jsonl": lambda rows: "\n".join(json.dumps(row, indent=2, ensure_ascii=False) for row in rows).encode(),
    "utf16.jsonl": lambda rows: json_lines(rows).encode("utf-16"),
    "array.json": lambda rows: json.dumps(rows, ensure_ascii=False).encode(),
    "indented.json": lambda rows: json.dumps(rows, ensure_ascii=False, indent=4).encode(),
    "lines.jsonl.gz": lambda rows: gzip.compress(json_lines(rows).encode()),
    "table.csv": lambda rows: tabular(rows, ",").encode(),
    "table.tsv": lambda rows: tabular(rows, "\t").encode(),
    "excel.csv": lambda rows: b"\xef\xbb\xbf" + tabular(rows, ";").replace("\n", "\r\n").encode(),
    "excel.txt": lambda rows: tabular(rows, "\t").encode("utf-16"),
    "table.csv.gz": lambda rows: gzip.compress(tabular(rows, ",").encode()),
    "rows.parquet": parquet,
}
ROWS = [
    {"instruction": "春天 🙂 means?", "input": "", "output": "NA"},
    {"instruction": 'a "quoted", word', "input": "x; y\tz", "output": "null"},
    {"instruction": "three", "input": "\u2028", "output": "007"},
    {"instruction": "four", "input": "two\nlines", "output": " 1e5 "},
]


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_conversations(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CONTAINERS[name](ROWS))
    checked = both(path)
    assert checked.report.errors == ()
    assert answers(checked) == [row["output"] for row in ROWS]
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(CONTAINERS["lines.jsonl"](ROWS))
    wanted = [row.messages for row in both(plain).conversations]
    assert [row.messages for row in checked.conversations] == wanted


@pytest.mark.parametrize("name", CONTAINERS)
def test_an_empty_answer_is_told_in_every_container(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CONTAINERS[name]([*ROWS, {"instruction": "five", "input": "", "output": ""}]))
    report = both(path).report
    assert [(problem.field, problem.code) for problem in report.errors] == [("output", "empty_field")]
    assert (report.read, report.kept, report.dropped) == (5, 4, 1)


@pytest.mark.parametrize("name", ["lines.jsonl", "array.json", "indented.json", "table.csv", "lines.jsonl.gz"])
def test_e01_big5_is_named_in_every_text_container(tmp_path: Path, name: str) -> None:
    rows = [{"instruction": "用一句話介紹臺北", "output": "臺北是臺灣的首都。"}]
    content = CONTAINERS[name](rows)
    utf8 = gzip.decompress(content) if name.endswith(".gz") else content
    big5 = utf8.decode().encode("cp950")
    path = tmp_path / name
    path.write_bytes(gzip.compress(big5) if name.endswith(".gz") else big5)
    report = both(path).report
    assert {problem.code for problem in report.errors} == {"bad_encoding"}
    first = report.errors[0]
    physical = big5.split(b"\n")[first.line - 1]
    offset = next(index for index, byte in enumerate(physical, 1) if byte > 127)
    assert f"byte {offset} of the line" in first.message
    assert "cp950" in first.message
    assert "iconv -f CP950 -t UTF-8" in first.fix
