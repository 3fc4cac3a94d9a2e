"""Tables and bars: aligned, and with texts as they are."""

import io
import sys
from typing import Any

import pytest

from llm_finetune.cli.tables import BAR_WIDTH, bar_of, listed, print_columns, print_histogram


def test_cells_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_columns(["name", "rows"], [["[red]x[/red] :smile: [bold", "1,000"], ["中文", "7"]], numbers=frozenset({1}))
    lines = capsys.readouterr().out.splitlines()
    assert "[red]x[/red] :smile: [bold" in lines[2]
    assert all(line == line.rstrip() for line in lines)
    assert lines[3].endswith("    7")
    assert lines[2].endswith("1,000")


def test_bars_show_the_share_and_any_row_at_all() -> None:
    assert bar_of(100, 100) == "█" * BAR_WIDTH
    assert bar_of(50, 100) == "█" * (BAR_WIDTH // 2)
    assert bar_of(1, 1_000_000) == "▏"
    assert bar_of(0, 100) == bar_of(0, 0) == ""


def test_bars_where_blocks_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert bar_of(100, 100) == "#" * BAR_WIDTH
    assert bar_of(1, 1_000_000) == "#"


def test_a_histogram_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    bins: list[dict[str, Any]] = [{"from": 0, "to": 9, "rows": 5}, {"from": 1000, "to": 1000, "rows": 1234}]
    print_histogram({"scale": "linear", "bins": bins})
    assert capsys.readouterr().out.splitlines() == ["    0–9      5  ▏", f"  1,000  1,234  {'█' * BAR_WIDTH}"]


def test_listed() -> None:
    assert listed({"alpaca": 1200, "messages": 3}) == "alpaca 1,200 · messages 3"
    assert listed({}) == "—"
