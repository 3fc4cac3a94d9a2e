"""The commands of the README run as they stand there, on the default model, with a few rows and steps."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
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
    assert seen == ["init", "check", "preview", "train", "evaluate", "generate", "chat", "merge", "push", "init"]
