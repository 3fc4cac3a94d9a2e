"""The commands of the README and of the page on data run as they stand there, on the default model."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA_PAGES = ("docs/data.md", "docs/data.zh-TW.md")
SHORTER = {
    "train": ["training.max_steps=2", "training.per_device_train_batch_size=2"],
    "evaluate": ["evaluation.max_new_tokens=4"],
}


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(name: str) -> list[list[str]]:
    """Lines of the shell blocks as words, without comments."""
    lines = [line for block in blocks(name, "bash") for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def journey(name: str) -> list[list[str]]:
    return [words for words in commands(name) if words[0] in {"llm-finetune", "cd"}]


def test_both_readmes_give_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh-TW.md")
    assert commands("README.md")[:2] == [["make", "demo"], ["make", "test"]]


def test_the_rows_of_the_readme_are_right(cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("README.md", "README.zh-TW.md"):
        path = tmp_path / "rows.jsonl"
        path.write_text(blocks(name, "json")[0], encoding="utf-8")
        assert cli("check", path).code == 0


def test_the_configuration_of_the_readme_loads() -> None:
    from llm_finetune.config.read import Document, parse_scalar
    from llm_finetune.settings import parse_settings

    for name in ("README.md", "README.zh-TW.md"):
        settings = parse_settings(Document(name, parse_scalar(blocks(name, "yaml")[0])))
        assert settings.training_settings.learning_rate == 1e-3


@pytest.mark.real
def test_the_journey_runs_as_written(tmp_path: Path) -> None:
    folder, seen = tmp_path, []
    for words in journey("README.md"):
        if words[0] == "cd":
            folder = folder / words[1]
            for name, count in (("train", 4), ("validation", 2)):
                path = folder / "data" / f"{name}.jsonl"
                path.write_text(
                    "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:count]), encoding="utf-8"
                )
            continue
        if "--data" in words:
            folder = tmp_path / "own"
            folder.mkdir()
            (folder / "rows.jsonl").write_text('{"instruction": "a", "output": "b"}\n', encoding="utf-8")
        command = [sys.executable, "-m", "llm_finetune", *words[1:], *SHORTER.get(words[1], [])]
        done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", input="/quit\n", timeout=200)
        assert done.returncode == 0, (words, done.stderr)
        seen.append(words[1])
    asked = ["init", "check", "preview", "plan", "rehearse", "train", "evaluate", "generate", "chat", "merge", "push"]
    assert seen == [*asked, "init"]


def named_files(name: str) -> dict[str, str]:
    """Blocks whose fence names a file (```json rows.jsonl), by that name."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^```\w+ (\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return dict(found)


def test_the_pages_on_data_show_every_format() -> None:
    from llm_finetune.data.formats import FORMATS

    for name in DATA_PAGES:
        rows = [json.loads(line) for text in named_files(name).values() for line in text.splitlines() if line[0] == "{"]
        assert len(FORMATS) > 1
        for entry in FORMATS.values():
            shown = [row for row in rows if entry.recognises(row.keys())]
            assert shown, f"{name} shows no row of the format {entry.name}"


def test_the_pages_on_data_give_the_same_commands_and_files() -> None:
    english, chinese = DATA_PAGES
    assert commands(english) == commands(chinese)
    assert named_files(english).keys() == named_files(chinese).keys()
    assert len(commands(english)) > 8


def test_the_configurations_of_the_pages_on_data_load() -> None:
    from llm_finetune.config.read import Document, parse_scalar
    from llm_finetune.settings import parse_settings

    for name in DATA_PAGES:
        snippets = blocks(name, "yaml")
        assert len(snippets) > 3
        for text in snippets:
            parse_settings(Document(name, parse_scalar(text)))


@pytest.mark.real
@pytest.mark.parametrize("name", DATA_PAGES)
def test_the_commands_of_the_pages_on_data_run_as_written(
    name: str, tmp_path: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, text in named_files(name).items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    for words in commands(name):
        assert words[0] == "llm-finetune"
        outcome = cli(*words[1:])
        assert outcome.code == 0, (words, outcome.out, outcome.err)


def test_the_rows_of_the_pages_on_data_are_right(tmp_path: Path, cli: Any) -> None:
    """But for the file that shows bad rows, and the one whose columns have other names."""
    for name in DATA_PAGES:
        good = {file: text for file, text in named_files(name).items() if file.endswith(".jsonl")}
        assert {"bad.jsonl", "odd.jsonl"} <= good.keys()
        for file, text in good.items():
            (tmp_path / file).write_text(text, encoding="utf-8")
            code = 2 if file in {"bad.jsonl", "odd.jsonl"} else 0
            assert cli("check", "--no-tokens", tmp_path / file).code == code, (name, file)
