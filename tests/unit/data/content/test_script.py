"""Simplified characters in a Traditional set."""

import sys

import pytest

from llm_finetune.data.content.script import SIMPLIFIED, TRADITIONAL, ScriptCheck, ScriptReport, script_classes

TRADITIONAL_ROWS = [
    "這裡的圖書館開門了，請把書還給櫃檯。",
    "台灣的后里、只要一天、干預、面對、云林",
    "學習機器學習的書單",
] * 10


def report_of(texts: list[str]) -> ScriptReport:
    check = ScriptCheck()
    for line, text in enumerate(texts, 1):
        check.add(text, "t.jsonl", line)
    return check.report()


def test_characters_of_both_scripts() -> None:
    classes = script_classes()
    assert {character for character in "体国这们说万与机听" if classes[ord(character)] != SIMPLIFIED} == set()
    assert {character for character in "體國這們說萬與機聽" if classes[ord(character)] != TRADITIONAL} == set()
    assert {character for character in "台里后只干面系云山水人" if classes[ord(character)]} == set()


def test_a_few_simplified_rows_in_a_traditional_set() -> None:
    report = report_of([*TRADITIONAL_ROWS, "这个图书馆", "這個图書館", "日本の学校の図書館で国語を学ぶ"])
    assert report.is_mixed
    assert (report.simplified, report.rows) == (6, 2)
    assert report.first == (("t.jsonl", 31), ("t.jsonl", 32))


@pytest.mark.parametrize("texts", [TRADITIONAL_ROWS, ["这个图书馆开门了"] * 9 + ["這個"], ["plain café"], []])
def test_sets_of_one_script_are_not_mixed(texts: list[str]) -> None:
    assert not report_of(texts).is_mixed


def test_without_opencc_it_is_told_once_and_only_where_there_is_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    assert report_of(["這裡", "这里"]).unchecked
    assert not report_of(["café"]).unchecked
