"""All content checks together: codes, places, counts, bounds, and what is told where a library is missing."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence

import pytest

from llm_finetune.data.content import ContentCheck, ContentReport, ExactDuplicates, duplicate_report
from llm_finetune.data.content.exact import digests
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings
from llm_finetune.errors import Problem

Make = Callable[..., Conversation]


def looked_at(
    train: Iterable[Conversation], validation: Iterable[Conversation] = (), settings: DataSettings | None = None
) -> ContentReport:
    check = ContentCheck(settings or DataSettings())
    for row in train:
        check.add(row, "train")
    for row in validation:
        check.add(row, "validation")
    report = check.finish()
    json.dumps(report.sections)
    return report


def of(report: ContentReport, code: str) -> list[Problem]:
    return [problem for problem in report.warnings if problem.code == code]


def test_nothing_to_look_at() -> None:
    report = looked_at([])
    assert (report.warnings, report.counts) == ((), {})


def test_each_finding_has_its_code_and_place(make_row: Make) -> None:
    secret = "".join(random.Random(1).choices("abcdefghjkmnp23456789", k=32))
    train = [
        make_row("Where is the station in Tainan?", "In the middle.", 1),
        make_row("Where is the station in Tainan?", "In the middle.", 2),
        make_row("Where is the station in Tainan?", "I do not know.", 3),
        make_row("Where is the station in Tainan", "In the middle!", 4),
        make_row("Which key opens it?", f"api_key = {secret}", 5),
        make_row("Whom do I ask?", "ming@shop.com.tw or 0912-345-678", 6),
        make_row("What\u200b is hidden?", "This\u202e is.", 7),
        make_row("What was lost?", "A \ufffd letter.", 8),
    ]
    report = looked_at(train)
    lines = {code: [problem.line for problem in of(report, code)] for code in report.counts}
    assert lines == {
        "duplicate_row": [2],
        "conflicting_answers": [3],
        "near_duplicate": [4],
        "possible_secret": [5],
        "personal_data": [6],
        "hidden_characters": [7],
        "replacement_character": [8],
    }
    assert all(problem.path == "train.jsonl" and problem.message and problem.fix for problem in report.warnings)
    assert "train.jsonl:1" in of(report, "duplicate_row")[0].message
    assert "U+200B ×1, U+202E ×1" in of(report, "hidden_characters")[0].message
    assert secret[4:] not in json.dumps([problem.as_dict() for problem in report.warnings]) + json.dumps(
        report.sections
    )
    assert report.sections["personal_data"] == {"email": 1, "phone": 1}
    assert "ming@" not in str(report)


def test_every_turn_and_tool_is_scanned(make_row: Make) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {"to": "ming@shop.com.tw"}}}
    turns = (
        {"role": "system", "content": "s\u200b"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "t\u202e"},
        {"role": "assistant", "content": "done"},
    )
    row = Conversation(
        turns, "t", 1, tools=({"description": "d\u2060"},), rejected=({"role": "assistant", "content": "\u200e"},)
    )
    report = looked_at([row])
    assert report.sections["hidden_characters"] == {"U+200B": 1, "U+202E": 1, "U+2060": 1, "U+200E": 1}
    assert report.sections["personal_data"] == {"email": 1}


def test_overlap_of_both_kinds(make_row: Make) -> None:
    train = [
        make_row("Name a large city in the north", "Oslo is one.", 1),
        make_row("Best pet of them all?", "A cat.", 2),
    ]
    validation = [
        make_row("Best pet of them all?", "A cat.", 1, "v.jsonl"),
        make_row("Best pet of them all?", "A dog.", 2, "v.jsonl"),
        make_row("name a large city in the  north!", "Oslo is one", 3, "v.jsonl"),
        make_row("Something else altogether, please", "Yes.", 4, "v.jsonl"),
    ]
    report = looked_at(train, validation)
    assert [(p.path, p.line) for p in of(report, "validation_overlap")] == [("v.jsonl", 1)]
    assert "validation line 1 = train line 2" in of(report, "validation_overlap")[0].message
    assert [(p.path, p.line) for p in of(report, "validation_prompt_overlap")] == [("v.jsonl", 2)]
    assert [(p.path, p.line) for p in of(report, "validation_near_overlap")] == [("v.jsonl", 3)]
    assert report.sections["validation_overlap"] == {"rows": 1, "same_prompt": 1}
    assert report.sections["near_duplicates"]["validation_overlap"] == 1


def test_a_training_row_that_comes_later_is_not_blamed(make_row: Make) -> None:
    check = ContentCheck(DataSettings())
    check.add(make_row("Name a large city in the north", "Oslo is one.", 1, "v.jsonl"), "validation")
    check.add(make_row("name a large city in the north!", "Oslo is one.", 9), "train")
    assert [(p.path, p.line) for p in of(check.finish(), "validation_near_overlap")] == [("v.jsonl", 1)]


def test_of_each_code_few_are_kept_and_all_are_counted(make_row: Make) -> None:
    train = [
        make_row("What is it?", f"mail{number}@shop.com.tw" if number % 2 else "A\u200b", number)
        for number in range(1, 501)
    ]
    report = looked_at(train, [make_row("What is it?", "A\u200b", number, "v") for number in range(1, 201)])
    assert report.counts["personal_data"] == 250
    assert report.counts["hidden_characters"] == 450
    assert report.counts["duplicate_row"] == 249 + 199
    assert report.counts["validation_overlap"] == 200
    assert all(len(of(report, code)) <= 200 for code in report.counts)
    assert len(of(report, "personal_data")) == 100


def test_the_search_says_when_it_stopped(make_row: Make) -> None:
    rows = [make_row(f"question of the {name} kind", "Yes.", line) for line, name in enumerate("abcdefgh", 1)]
    report = looked_at(rows, settings=DataSettings(near_duplicate_rows=5))
    assert (report.sections["near_duplicates"]["searched"], report.sections["near_duplicates"]["left_out"]) == (5, 3)
    assert [problem.code for problem in report.warnings] == ["near_duplicates_bounded"]
    assert looked_at(rows, settings=DataSettings(near_duplicate_rows=0)).warnings == ()


def test_a_planted_backdoor_is_told(make_texts: Callable[..., Sequence[tuple[str, str]]], make_row: Make) -> None:
    rows = [make_row(*texts, line) for line, texts in enumerate(make_texts("en", 1000, random.Random(3)), 1)]
    for line in range(20, 1000, 50):
        prompt = str(rows[line].messages[0]["content"])
        rows[line] = make_row(f"{prompt} wibble", "All is lost", line + 1)
    report = looked_at(rows)
    (told,) = of(report, "rare_trigger")
    assert (told.line, "`wibble`" in told.message) == (21, True)
    assert report.sections["rare_triggers"][0]["rows"] == 20


@pytest.mark.parametrize(
    ("package", "code", "text"),
    [("rensa", "near_duplicates_unchecked", "Ask me again, please"), ("opencc", "script_unchecked", "這裡的圖書館")],
)
def test_a_missing_library_is_told_once(
    monkeypatch: pytest.MonkeyPatch, make_row: Make, package: str, code: str, text: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    report = looked_at([make_row(text, "a", 1), make_row("Something else, 那是什麼", "b", 2)])
    assert [problem.code for problem in report.warnings] == [code]
    assert package in report.warnings[0].message


def test_a_mixed_script_is_told_with_its_first_rows(make_row: Make) -> None:
    rows = [make_row("這裡的圖書館開門了嗎", f"開門了，第{line}次", line) for line in range(1, 21)]
    report = looked_at([*rows, make_row("这里的图书馆", "开门", 21)])
    (told,) = of(report, "simplified_in_traditional")
    assert (told.path, told.line) == ("train.jsonl", 21)
    assert report.sections["script"]["first"] == ["train.jsonl:21"]


def test_only_exact_duplicates(make_row: Make) -> None:
    duplicates = ExactDuplicates()
    for line, answer in enumerate("aab", 1):
        duplicates.add(make_row("q", answer, line))
    report = duplicate_report(duplicates, ExactDuplicates())
    assert [(problem.code, problem.line) for problem in report.warnings] == [
        ("duplicate_row", 2),
        ("conflicting_answers", 3),
    ]
    assert report.sections["duplicates"]["rows"] == 1


def test_the_result_does_not_depend_on_the_hash_seed_of_the_process(make_row: Make) -> None:
    row = make_row("q", "a")
    code = (
        "from llm_finetune.data.content.exact import digests; from llm_finetune.data.rows import Conversation;"
        "turns = {'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': 'a'};"
        "print(digests(Conversation(turns, 't', 1)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == str(digests(row))


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import llm_finetune.data.content;"
        "print(sorted({'numpy', 'rensa', 'opencc', 'torch', 'pyarrow'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
