"""The project's script alone, and in two processes under torchrun."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

SCRIPT = Path(__file__).resolve().parents[2] / "src" / "llm_finetune" / "scaffold" / "templates" / "run_finetune.py"


def run_script(project: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    target = project / "scripts" / "run_finetune.py"
    target.parent.mkdir()
    target.write_bytes(SCRIPT.read_bytes())
    return subprocess.run(
        [sys.executable, *launcher, str(target)], capture_output=True, text=True, timeout=250, env=dict(os.environ)
    )


def test_the_script_trains_and_compares(make_project: Any) -> None:
    project = make_project(evaluation__max_new_tokens=2)
    done = run_script(project)
    assert done.returncode == 0, done.stderr
    assert "exact_match: base" in done.stdout
    assert json.loads((project / "logs" / "run.json").read_text())["status"] == "finished"


def test_two_processes_train_what_one_trains(make_project: Any, cli: Any) -> None:
    """The same rows in each step, halved over two processes, give the same adapter but for the order of sums."""
    rows = [
        {"instruction": f"Item {n}?", "output": f"Value {n}" * (1 + n % 3)} for n in range(13)
    ]  # 12 after the split
    settings: dict[str, Any] = {"rows": rows, "adapter": {"lora_dropout": 0.0}, "evaluation__max_new_tokens": 2}
    one = make_project("one", **settings, training__per_device_train_batch_size=4)
    two = make_project("two", **settings, training__per_device_train_batch_size=2)
    assert cli("train", "--project", one).code == 0
    done = run_script(two, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    assert done.returncode == 0, done.stderr
    run = json.loads((two / "logs" / "run.json").read_text())
    assert run["world_size"] == 2
    assert run["status"] == "finished"
    name = Path("checkpoints", "adapter_model", "adapter_model.safetensors")
    weights = load_file(two / name)
    for key, expected in load_file(one / name).items():
        assert float((weights[key] - expected).abs().max()) == pytest.approx(0.0, abs=2e-4), key
    assert done.stdout.count("exact_match: base") == 1
