"""What `init` writes, and when it refuses."""

import json
import py_compile
from pathlib import Path

import pytest

from llm_finetune.errors import InputError
from llm_finetune.messages import LANGUAGES
from llm_finetune.project import Project
from llm_finetune.scaffold import create
from llm_finetune.scaffold.create import create_project
from llm_finetune.settings import load_settings, resolved

FILES = {
    "config/lora_config.json",
    "config/finetune.yaml",
    "data/train.jsonl",
    "data/validation.jsonl",
    "scripts/run_finetune.py",
    "requirements.txt",
    "README.md",
}
FOLDERS = {"config", "data", "scripts", "checkpoints", "checkpoints/adapter_model", "logs"}


def make(target: Path, language: str = "en", data: Path | None = None, model: str | None = None) -> list[str]:
    return create_project(target, language=language, data=data, model=model)


def contents(target: Path) -> tuple[set[str], set[str]]:
    entries = list(target.rglob("*"))
    return (
        {entry.relative_to(target).as_posix() for entry in entries if entry.is_file()},
        {entry.relative_to(target).as_posix() for entry in entries if entry.is_dir()},
    )


@pytest.fixture(params=LANGUAGES)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    target = tmp_path / "my 任務"
    make(target, request.param)
    return target


def test_writes_exactly_the_folder(project: Path) -> None:
    assert contents(project) == (FILES, FOLDERS)


def test_gives_the_files_made(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert set(made) == FILES
    assert len(made) == len(FILES)


def test_configuration_is_short_and_loads(project: Path) -> None:
    text = (project / "config/finetune.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    settings = load_settings(Project.at(project))
    assert settings.model.name == create.DEFAULT_MODEL
    assert settings.data.validation == "data/validation.jsonl"
    assert settings.data.system == (create.DEMO / "system.txt").read_text(encoding="utf-8").strip()
    assert settings.training_settings.learning_rate == 1e-3
    assert settings.method.adapter == "config/lora_config.json"


def test_configuration_names_the_shipped_schema(project: Path) -> None:
    first = (project / "config/finetune.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={create.SCHEMA.as_uri()}"
    assert create.SCHEMA.is_file()


def test_both_languages_set_the_same_values(tmp_path: Path) -> None:
    for language in LANGUAGES:
        make(tmp_path / language, language)
    english, chinese = (resolved(load_settings(Project.at(tmp_path / language))) for language in LANGUAGES)
    assert english == chinese
    assert "微調" in (tmp_path / "zh-TW/README.md").read_text(encoding="utf-8")


def test_adapter_configuration(project: Path) -> None:
    assert json.loads((project / "config/lora_config.json").read_text(encoding="utf-8")) == {
        "peft_type": "LORA",
        "r": 8,
        "lora_alpha": 32,
        "lora_dropout": 0.1,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
    }


def test_nothing_is_left_to_fill_in(project: Path) -> None:
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {project.name}\n")
    for name in ("README.md", "requirements.txt", "scripts/run_finetune.py"):
        assert "$" not in (project / name).read_text(encoding="utf-8")


def test_script_compiles_and_is_short(project: Path, tmp_path: Path) -> None:
    script = project / "scripts/run_finetune.py"
    py_compile.compile(str(script), cfile=str(tmp_path / "script.pyc"), doraise=True)
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 22


def test_demo_rows_answer_in_json() -> None:
    rows = [json.loads(line) for line in (create.DEMO / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    held_out = [
        json.loads(line) for line in (create.DEMO / "validation.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert (len(rows), len(held_out)) == (300, 60)
    assert not {row["instruction"] for row in rows} & {row["instruction"] for row in held_out}
    system = (create.DEMO / "system.txt").read_text(encoding="utf-8")
    for row in rows + held_out:
        answer = json.loads(row["output"])
        assert list(answer) == ["intent", "slots"]
        assert f"{answer['intent']}:" in system


def test_own_data_is_copied_byte_by_byte(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_bytes(b'\xef\xbb\xbf{"instruction": "a", "output": "b"}\r\n')
    made = make(tmp_path / "task", data=data)
    files, folders = contents(tmp_path / "task")
    assert files == set(made) == FILES - {"data/validation.jsonl"}
    assert folders == FOLDERS
    assert (tmp_path / "task/data/train.jsonl").read_bytes() == data.read_bytes()
    settings = load_settings(Project.at(tmp_path / "task"))
    assert settings.data.validation == 0.1
    assert settings.data.system is None
    assert "SNIPS" not in (tmp_path / "task/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["Qwen/Qwen3-0.6B", "3", "true", "odd: name # 1", "~nothing", 'quo"te'])
def test_own_model_arrives_as_written(tmp_path: Path, model: str) -> None:
    make(tmp_path / "task", model=model)
    assert load_settings(Project.at(tmp_path / "task")).model.name == model


def test_model_folder_is_named_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "task", model="models")
    assert load_settings(Project.at(tmp_path / "task")).model.name == str(tmp_path / "models")


def test_refuses_a_folder_with_anything_in_it(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(InputError, match="not empty") as caught:
        make(tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["not_empty"]
    assert contents(tmp_path) == ({".hidden"}, set())


def test_tells_all_problems_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        make(tmp_path / "file", "zh-tw", data=tmp_path / "absent.jsonl")
    assert [problem.code for problem in caught.value.problems] == [
        "unknown_language",
        "missing_file",
        "not_a_folder",
    ]
    assert "zh-TW" in caught.value.problems[0].fix


def test_half_a_project_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(_source: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(create.shutil, "copyfile", full_disk)
    with pytest.raises(InputError, match="No space left"):
        make(tmp_path / "task")
    assert contents(tmp_path / "task") == (set(), set())
