"""See the data: `check`, `preview` and `stats` as a user calls them."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.messages import LANGUAGE_VARIABLE

HOSTILE = "</script><script>alert(1)</script>\x1b[31m\u202e"
ROWS: list[Any] = [
    {"instruction": "Item 1?", "output": "Value 1"},
    {"instruction": "Item 2?", "output": None},
    {"instruction": HOSTILE, "output": "fine"},
    {"instruction": "long", "output": "word " * 120},
]


@pytest.fixture
def project(make_project: Any) -> Path:
    root: Path = make_project(rows=ROWS, data__validation="none")
    with (root / "data" / "train.jsonl").open("a", encoding="utf-8") as stream:
        stream.write("{not json\n")
    return root


def test_preview_shows_good_and_bad_rows(cli: Any, project: Path) -> None:
    outcome = cli("preview", "--rows", 5, "--project", project)
    assert outcome.code == 0, outcome.err
    assert "data/train.jsonl:1 · " in outcome.out
    assert "⟦Value 1<|im_end|>⟧" in outcome.out
    assert "null_field: output: the value is null." in outcome.out
    assert "overlong: " in outcome.out
    assert "bad_json: " in outcome.out
    assert "3 of 5 rows shown cannot be trained on" in outcome.err


def test_nothing_in_the_data_reaches_the_terminal_raw(cli: Any, project: Path) -> None:
    for verb in (["preview", "--rows", 5], ["check"], ["preview", "--line", 3]):
        outcome = cli(*verb, "--project", project)
        assert "\x1b" not in outcome.out + outcome.err
        assert "\u202e" not in outcome.out + outcome.err
    shown = cli("preview", "--line", 3, "--project", project)
    assert "␛[31m‹U+202E›" in shown.out


def test_a_name_on_the_command_line_reaches_the_terminal_escaped(cli: Any) -> None:
    for verb in ("check", "preview", "stats"):
        outcome = cli(verb, "absent\x1b[31m.jsonl")
        assert outcome.code == 2
        assert "\x1b" not in outcome.out + outcome.err
        assert "absent␛[31m.jsonl" in outcome.out + outcome.err


def test_preview_of_a_line(cli: Any, project: Path) -> None:
    outcome = cli("preview", "--line", 3, "--line", 1, "--project", project)
    assert outcome.code == 0, outcome.err
    assert "data/train.jsonl:1 · " in outcome.out
    assert "data/train.jsonl:3 · " in outcome.out
    assert "data/train.jsonl:2" not in outcome.out
    refused = cli("preview", "--line", 2, "--project", project)
    assert refused.code == 2
    assert "null_field" in refused.out
    absent = cli("preview", "--line", 99, "--line", 1, "--project", project)
    assert absent.code == 2
    assert "no row begins at line 99" in absent.err
    assert "line 1" not in absent.err.replace("line 99", "")


def test_preview_json_has_every_row(cli: Any, project: Path) -> None:
    rows = cli("preview", "--rows", 5, "--json", "--project", project).json()
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["usable"] for row in rows] == [True, False, True, False, False]
    assert rows[2]["trained"] == ["fine<|im_end|>"]
    assert HOSTILE in rows[2]["text"]


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def test_preview_as_a_page(cli: Any, project: Path, tmp_path: Path) -> None:
    target = tmp_path / "pages" / "rows.html"
    outcome = cli("preview", "--html", target, "--rows", 4, "--project", project)
    assert outcome.code == 0, outcome.err
    assert outcome.out.strip() == f"wrote 4 of 5 rows to {target}"
    page = target.read_text(encoding="utf-8")
    assert _Tags(page).tags.count("script") == 2
    assert "4 of 5 rows" in page
    assert "https://" not in page
    written = cli("preview", "--html", target, "--json", "--project", project).json()
    assert written == {"path": str(target), "count": 5, "total": 5}


def test_check_groups_what_it_found(cli: Any, make_project: Any) -> None:
    rows = [{"instruction": f"Item {n}?", "output": ""} for n in range(30)] + [{"instruction": "a", "output": "b"}] * 2
    project = make_project(rows=rows, data__validation="none")
    outcome = cli("check", "--project", project)
    assert outcome.code == 2
    assert "empty_field (30) " in outcome.out
    assert outcome.out.count("output: the text is empty.") == 20
    assert "… and 10 more of empty_field" in outcome.out
    assert "dropped by reason: empty_field 30" in outcome.out
    assert "32 rows read, 2 kept, 30 dropped" in outcome.out
    assert "30 problems." in outcome.out
    quiet = cli("check", "--quiet", "--project", project)
    assert quiet.code == 2
    assert "rows read" not in quiet.out
    assert "data/train.jsonl:1: output: the text is empty." in quiet.out


def test_check_shows_what_tokens_come_to(cli: Any, make_project: Any) -> None:
    project = make_project()
    outcome = cli("check", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "tokens per example: mean" in outcome.out
    assert "█" in outcome.out
    without = cli("check", "--no-tokens", "--project", project, "model.name=absent/model/folder")
    assert without.code == 0, without.err
    assert "tokens per example" not in without.out


def test_check_writes_what_passed(cli: Any, project: Path, tmp_path: Path) -> None:
    target = tmp_path / "clean.jsonl"
    outcome = cli("check", "--write-clean", target, "--project", project)
    assert outcome.code == 2
    assert "2 rows to" in outcome.out
    kept = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert kept == [ROWS[0], ROWS[2]]
    removed = [json.loads(line) for line in (tmp_path / "clean.removed.jsonl").read_text("utf-8").splitlines()]
    assert [(row["line"], row["code"]) for row in removed] == [(2, "null_field"), (4, "overlong"), (5, "bad_json")]
    assert all(row["message"] and row["path"] == "data/train.jsonl" for row in removed)
    again = cli("check", target, "--no-tokens")
    assert again.code == 0, again.out


def test_stats_counts_and_saves(cli: Any, make_project: Any) -> None:
    project = make_project()
    outcome = cli("stats", "--project", project)
    assert outcome.code == 0, outcome.err
    for part in ("12 examples, ", "tokens per example", "p99", "user 12 · assistant 12", "2 turns: 12", "alpaca 12"):
        assert part in outcome.out, part
    saved = json.loads((project / "logs" / "data_stats.json").read_text(encoding="utf-8"))
    printed = cli("stats", "--json", "--project", project).json()
    assert saved == printed
    assert (printed["rows"], printed["read"], printed["left_out"]) == (12, 12, 0)
    assert printed["length"]["max"] >= printed["length"]["p50"] > 0


def test_stats_counts_rows_that_are_too_long_and_leaves_out_those_that_cannot_be_read(cli: Any, project: Path) -> None:
    found = cli("stats", "--json", "--project", project).json()
    assert (found["read"], found["rows"], found["left_out"]) == (5, 3, 2)
    assert found["limits"]["rows_over_max_length"] == 1
    assert found["longest"][0]["line"] == 4


def test_stats_of_files_saves_nothing(cli: Any, project: Path, tiny_model_folder: Path) -> None:
    rows = project / "data" / "train.jsonl"
    outcome = cli("stats", rows, f"model.name={tiny_model_folder}", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json()["rows"] == 3
    assert not (project / "logs" / "data_stats.json").exists()


def test_all_of_it_in_chinese(cli: Any, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh-TW")
    assert "受訓" in cli("preview", "--rows", 5, "--project", project).out
    assert "捨棄的原因" in cli("check", "--project", project).out
    assert "個範例" in cli("stats", "--project", project).out
    assert cli("preview", "--html", tmp_path / "p.html", "--project", project).out.startswith("已將 5 筆")


def test_a_terminal_without_brackets_gets_others(process: Any, project: Path) -> None:
    outcome = process("preview", "--rows", 1, "--project", project, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert outcome.code == 0, outcome.err
    assert "[[Value 1<|im_end|>]]" in outcome.out
