"""Files and folders are complete or absent."""

import json
from pathlib import Path

import pytest

from llm_finetune import files


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_text_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    files.write_text(path, "one")
    files.write_text(path, "二\n")
    assert path.read_bytes() == "二\n".encode()
    assert names(path.parent) == {"b.txt"}


def test_staged_folder_appears_with_its_manifest(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with files.staged_folder(target, {"step": 3}) as staging:
        (staging / "weights").write_bytes(b"123")
        assert not target.exists()
    assert files.manifest_fault(target) is None
    assert json.loads((target / "manifest.json").read_text())["step"] == 3
    assert names(tmp_path) == {"out"}


def fail_while_staging(target: Path) -> None:
    with files.staged_folder(target) as staging:
        (staging / "new").touch()
        raise RuntimeError


def test_a_failing_block_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError):
        fail_while_staging(target)
    assert names(target) == {"old"}
    assert names(tmp_path) == {"out"}


def test_an_existing_folder_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for name in ("one", "two"):
        with files.staged_folder(target) as staging:
            (staging / name).touch()
    assert names(target) == {"two"}
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize("damage", ["missing", "changed", "shorter", "no manifest", "bad manifest"])
def test_damage_is_found(tmp_path: Path, damage: str) -> None:
    target = tmp_path / "out"
    with files.staged_folder(target, {}) as staging:
        (staging / "weights").write_bytes(b"12345")
    match damage:
        case "missing":
            (target / "weights").unlink()
        case "changed":
            (target / "weights").write_bytes(b"12346")
        case "shorter":
            (target / "weights").write_bytes(b"1234")
        case "no manifest":
            (target / "manifest.json").unlink()
        case "bad manifest":
            (target / "manifest.json").write_text("{")
    assert files.manifest_fault(target)


def test_leftovers_are_swept(tmp_path: Path) -> None:
    for name in (".staging-x-1", ".trash-y-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "part").touch()
    (tmp_path / "checkpoint-3").mkdir()
    (tmp_path / ".hidden").touch()
    files.sweep_leftovers(tmp_path)
    assert names(tmp_path) == {"checkpoint-3", ".hidden"}


def test_one_lock_at_a_time(tmp_path: Path) -> None:
    import os

    lock = tmp_path / "logs" / ".lock"
    with files.folder_lock(lock), pytest.raises(files.FolderLockedError) as failure, files.folder_lock(lock):
        pass
    assert failure.value.pid == os.getpid()
    with files.folder_lock(lock):
        pass
