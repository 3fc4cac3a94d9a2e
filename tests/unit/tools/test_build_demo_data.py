"""The demonstration data is chosen the same way each time, and holds no damaged or leaking row."""

import gzip
import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "tools" / "build_demo_data.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_demo_data", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_demo_data = _load()


def row(text: str, intent: str, *slots: tuple[str, str]) -> dict[str, Any]:
    return {
        "text": text,
        "intent": intent,
        "slots": [{"name": name, "value": value} for name, value in slots],
    }


TRAIN = [
    *[row(f"play song {number}", "Play", ("song", f"{number}")) for number in range(6)],
    *[row(f"book  {number} and {number}", "Book", ("seat", "1"), ("seat", "2"), ("day", "é")) for number in range(6)],
    row("damaged \ufffd", "Play"),
]
VALIDATION = [
    row("play song 1", "Play"),  # stands in train too
    row("play it", "Play"),
    row("play more", "Play"),
    row("book 1 and 1", "Book"),  # stands in train but for a blank
    row("book it", "Book"),
    row("book me", "Book"),
]


def build(folder: Path, *options: str) -> Path:
    train, validation = folder / "train.jsonl.gz", folder / "validation.jsonl"
    train.write_bytes(gzip.compress("".join(json.dumps(r) + "\n" for r in TRAIN).encode()))
    validation.write_text("".join(json.dumps(r) + "\n" for r in VALIDATION), encoding="utf-8")
    out = folder / "out"
    build_demo_data.main(["--train", str(train), "--validation", str(validation), "--out", str(out), *options])
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_balanced_and_answer_in_json(tmp_path: Path) -> None:
    rows = rows_of(build(tmp_path, "--rows", "7", "--held-out", "3") / "train.jsonl")
    answers = [json.loads(r["output"]) for r in rows]
    assert Counter(answer["intent"] for answer in answers) == {"Book": 4, "Play": 3}
    assert all(list(r) == ["instruction", "input", "output"] and r["input"] == "" for r in rows)
    book = next(answer for answer in answers if answer["intent"] == "Book")
    assert [slot["name"] for slot in book["slots"]] == ["seat", "seat", "day"]
    assert any("é" in r["output"] for r in rows)
    assert not any("  " in r["instruction"] or "\ufffd" in r["instruction"] for r in rows)


def test_held_out_sentences_are_unseen(tmp_path: Path) -> None:
    held_out = rows_of(build(tmp_path, "--rows", "4", "--held-out", "4") / "validation.jsonl")
    assert {r["instruction"] for r in held_out} == {"play it", "play more", "book it", "book me"}


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for seed in ("1", "1", "2"):
        out = build(tmp_path, "--rows", "6", "--held-out", "2", "--seed", seed)
        texts.append((out / "train.jsonl").read_bytes())
    assert texts[0] == texts[1] != texts[2]


def test_system_prompt_lists_intents_with_frequent_slots(tmp_path: Path) -> None:
    out = build(tmp_path, "--rows", "4", "--held-out", "2")
    lines = (out / "system.txt").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["Book: seat day", "Play: song"]
    assert "CC0" in (out / "LICENSE.md").read_text(encoding="utf-8")


def test_too_few_rows_are_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Book has 6 rows, 10 are needed"):
        build(tmp_path, "--rows", "20", "--held-out", "2")
