"""From another tool's configuration to a trained adapter, with the commands a user types."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_finetune.scaffold.foreign import TOOLS

ROWS = [{"instruction": f"Item {n}?", "output": f"Value {n}"} for n in range(8)]
AXOLOTL: dict[str, Any] = {
    "adapter": "lora",
    "datasets": [{"path": "rows.jsonl", "type": "alpaca"}],
    "gradient_accumulation_steps": 1,
    "learning_rate": 0.001,
    "load_in_8bit": True,
    "lora_r": 4,
    "max_steps": 2,
    "micro_batch_size": 2,
    "sample_packing": True,
    "sequence_len": 256,
    "val_set_size": 0.2,
}
LLAMA_FACTORY: dict[str, Any] = {
    "cutoff_len": 256,
    "dataset": "numbers",
    "finetuning_type": "lora",
    "learning_rate": 0.001,
    "lora_rank": 4,
    "lora_target": "all",
    "max_steps": 2,
    "per_device_train_batch_size": 2,
    "plot_loss": True,
    "stage": "sft",
    "val_size": 0.2,
}
EXAMPLES = {"axolotl": AXOLOTL, "llama_factory": LLAMA_FACTORY}


def written(home: Path, tool: str, model: Path) -> Path:
    """The configuration, with its rows beside it."""
    (home / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    (home / "data").mkdir()
    (home / "data" / "numbers.json").write_text(json.dumps(ROWS), encoding="utf-8")
    info = {"numbers": {"file_name": "numbers.json"}}
    (home / "data" / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    path = home / f"{tool}.yaml"
    path.write_text(yaml.safe_dump({TOOLS[tool].required: str(model), **EXAMPLES[tool]}), encoding="utf-8")
    return path


@pytest.mark.parametrize("tool", EXAMPLES)
def test_from_a_foreign_configuration_to_an_adapter(
    tool: str, tmp_path: Path, tiny_model_folder: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = written(tmp_path, tool, tiny_model_folder)
    made = cli("init", "task", "--from", config)
    assert made.code == 0, made.err
    for name in {"load_in_8bit", "sample_packing", "plot_loss"} & EXAMPLES[tool].keys():
        assert f"  {name}: " in made.out
        assert f"#   {name}: " in (tmp_path / "task/config/finetune.yaml").read_text(encoding="utf-8")
    again = cli("init", "task", "--from", config)
    assert again.code == 2
    assert "not empty" in again.err
    checked = cli("check", "--project", "task")
    assert checked.code == 0, checked.out + checked.err
    trained = cli("train", "--project", "task")
    assert trained.code == 0, trained.err
    assert (tmp_path / "task/checkpoints/adapter_model/adapter_model.safetensors").is_file()


def test_what_is_printed_for_programs(tmp_path: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = tmp_path / "own.jsonl"
    rows.write_text('{"instruction": "a", "output": "b"}\n', encoding="utf-8")
    (tmp_path / "axolotl.yaml").write_text(yaml.safe_dump({"base_model": "a/b", **AXOLOTL}), encoding="utf-8")
    found = cli("init", "task", "--from", "axolotl.yaml", "--data", rows, "--json").json()
    assert found["tool"] == "Axolotl"
    assert found["taken"]["training.per_device_train_batch_size"] == "micro_batch_size"
    assert {item["key"] for item in found["left_out"]} == {"load_in_8bit", "sample_packing"}
    assert "data/train.jsonl" in found["files"]
    assert (tmp_path / "task/data/train.jsonl").read_bytes() == rows.read_bytes()
    (tmp_path / "other.yaml").write_text("trainer: {max_epochs: 3}\n", encoding="utf-8")
    refused = cli("init", "other", "--from", "other.yaml")
    assert refused.code == 2
    assert "Axolotl" in refused.err
    assert not (tmp_path / "other").exists()
