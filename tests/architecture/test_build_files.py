"""The lock files, the scaffolded pins and the built wheel agree, and hold what they should."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
SCAFFOLD = "llm_finetune/scaffold"
SHIPPED = {
    f"{SCAFFOLD}/finetune.schema.json",
    f"{SCAFFOLD}/demo/LICENSE.md",
    f"{SCAFFOLD}/demo/system.txt",
    f"{SCAFFOLD}/demo/train.jsonl",
    f"{SCAFFOLD}/demo/validation.jsonl",
    f"{SCAFFOLD}/templates/lora_config.json",
    f"{SCAFFOLD}/templates/requirements.txt",
    f"{SCAFFOLD}/templates/run_finetune.py",
    f"{SCAFFOLD}/templates/en/README.md",
    f"{SCAFFOLD}/templates/en/finetune.yaml",
    f"{SCAFFOLD}/templates/zh-TW/README.md",
    f"{SCAFFOLD}/templates/zh-TW/finetune.yaml",
    "llm_finetune/py.typed",
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins_of(name: str) -> dict[str, str]:
    return dict(PIN.findall(text_of(name)))


def normalised(requirement: str) -> str:
    return re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", text_of(lock).strip())
    assert len(blocks) > 40
    assert [block for block in blocks if not PIN.match(block) or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host_and_no_torch(lock: str) -> None:
    assert "://" not in text_of(lock)
    assert "index-url" not in text_of(lock)
    heavy = [name for name in pins_of(lock) if name in {"torch", "triton"} or name.startswith(("nvidia-", "cuda-"))]
    assert heavy == []


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    runtime = {normalised(name) for name in project["project"]["dependencies"]} - {"torch"}
    dev = {normalised(name) for name in project["dependency-groups"]["dev"]}
    assert len(runtime) >= 15
    assert runtime | {"hatchling", "editables"} <= pins_of("requirements.lock").keys()
    assert runtime | dev <= pins_of("requirements-dev.lock").keys()


def test_both_locks_agree() -> None:
    runtime, dev = pins_of("requirements.lock"), pins_of("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime


def test_scaffolded_pins_are_the_locked_ones() -> None:
    scaffolded = pins_of("src/llm_finetune/scaffold/templates/requirements.txt")
    locked = pins_of("requirements.lock") | pins_of("requirements-torch.txt")
    assert len(scaffolded) == 7
    assert {name: locked.get(name) for name in scaffolded} == scaffolded


def test_lock_knows_the_torch_that_is_installed() -> None:
    overridden = tomllib.loads(text_of("uv.toml"))["dependency-metadata"]
    assert [(entry["name"], entry["version"]) for entry in overridden] == [*pins_of("requirements-torch.txt").items()]


def test_wheel_ships_templates_and_demo_data(tmp_path: Path) -> None:
    build = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert SHIPPED - names == set()
    outside = {name for name in names if not name.startswith(("llm_finetune/", "llm_finetune-"))}
    assert outside == set()
    assert not [name for name in names if "__pycache__" in name]
