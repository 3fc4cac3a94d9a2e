"""Field cases E02, E03 and E04: hardware that is not there, no network, and paths with spaces and other scripts."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.model.precision import device_name

WITHOUT_GPU = pytest.mark.skipif(device_name() != "cpu", reason="needs a machine without a GPU")
BLOCK_SOCKETS = """
import socket, sys
attempts = []
def refuse(self, address, *rest):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        attempts.append(address)
        raise OSError(f"connection attempt to {address}")
    return original(self, address, *rest)
original = socket.socket.connect
socket.socket.connect = refuse
socket.socket.connect_ex = refuse
real_lookup = socket.getaddrinfo
def lookup(*arguments, **options):
    attempts.append(arguments[0])
    raise OSError(f"lookup of {arguments[0]}")
socket.getaddrinfo = lookup
from llm_finetune.cli.app import main
for words in (
    ["check"], ["preview"], ["train"], ["evaluate", "evaluation.max_new_tokens=4"],
    ["generate", "Hello", "--max-new-tokens", "4"], ["merge"], ["push", "me/mine", "--dry-run"],
):
    sys.argv = ["llm-finetune", *words, "--project", sys.argv[-1]]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (words, end.code)
assert attempts == [], attempts
"""


@WITHOUT_GPU
@pytest.mark.parametrize(
    ("setting", "use_instead"), [("model.dtype=float16", "model.dtype"), ("training.fp16=true", "model.dtype")]
)
def test_e02_wishes_the_hardware_cannot_fulfil(make_project: Any, cli: Any, setting: str, use_instead: str) -> None:
    project = make_project()
    outcome = cli("train", "--project", project, setting)
    assert outcome.code == 2
    assert use_instead in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not (project / "checkpoints").exists()


@WITHOUT_GPU
def test_e02_tf32_without_a_gpu(make_project: Any, cli: Any) -> None:
    outcome = cli("train", "--project", make_project(), "training.tf32=true")
    assert outcome.code == 2
    assert "tf32" in outcome.err
    assert "Traceback" not in outcome.err


def test_e02_defaults_run(make_project: Any, cli: Any) -> None:
    outcome = cli("train", "--project", make_project(model__dtype="auto", training__max_steps=1))
    assert outcome.code == 0, outcome.err
    assert "computing in" in outcome.err


def test_e03_no_connection_is_tried(make_project: Any) -> None:
    project = make_project(training__max_steps=2)
    done = subprocess.run(
        [sys.executable, "-c", BLOCK_SOCKETS, str(project)],
        capture_output=True,
        text=True,
        timeout=250,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr


def test_e03_offline_and_not_cached_is_one_sentence(make_project: Any, process: Any, tmp_path: Path) -> None:
    project = make_project()
    for name in ("nobody/no-such-model", "smollm2-135m-instruct"):
        empty = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"), "LLM_FINETUNE_CACHE": str(tmp_path / "none")}
        outcome = process("train", "--project", project, f"model.name={name}", **empty)
        assert outcome.code == 2
        assert len(outcome.err.strip().splitlines()) == 1, outcome.err
        assert "Traceback" not in outcome.err


SPAWNED = """
import multiprocessing, sys
from llm_finetune import workflow

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    opened = workflow.open_project(sys.argv[1], overrides=["training.dataloader_num_workers=1"])
    assert not workflow.check(opened).errors
    print(workflow.train(opened).delivered)
"""


def test_e04_spawned_workers_spaces_and_other_scripts_in_paths(
    make_project: Any, tiny_model_folder: Path, tmp_path: Path
) -> None:
    """Workers that start anew run nothing twice, and the folder's name survives in what is written."""
    model = Path(shutil.copytree(tiny_model_folder, tmp_path / "my run" / "模型 基底"))
    project = make_project("my run/模型 1", model=model, training__max_steps=2)
    script = project / "scripts" / "run 訓練.py"
    script.parent.mkdir()
    script.write_text(SPAWNED, encoding="utf-8")
    done = subprocess.run([sys.executable, script, project], capture_output=True, encoding="utf-8", timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == [str(project / "checkpoints" / "adapter_model"), ""]
    run = json.loads((project / "logs" / "run.json").read_text(encoding="utf-8"))
    assert run["status"] == "finished"
    assert run["config"]["model"]["name"] == str(model)
    assert (project / ".cache" / "tokens").is_dir()
