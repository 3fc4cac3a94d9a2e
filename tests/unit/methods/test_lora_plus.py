"""LoRA+ groups parameters as PEFT does, and a run with it goes on exactly."""

from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.methods.lora import LoraSettings, apply
from llm_finetune.methods.lora_plus import faster_second_factor
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("llama", {}),
        ("llama", {"use_dora": True, "modules_to_save": ["model.norm"]}),
        ("qwen2", {"bias": "lora_only", "trainable_token_indices": [3]}),
    ],
)
def test_groups_are_those_of_peft(tiny_model: Any, architecture: str, settings: dict[str, Any]) -> None:
    from peft.optimizers import create_loraplus_optimizer

    base = load_model(Base(architecture, str(tiny_model(architecture)), None, "folder", None), "float32")
    model = apply(base, LoraSettings(**settings), 1)
    names = {parameter: name for name, parameter in model.named_parameters()}
    reference = create_loraplus_optimizer(
        model, torch.optim.AdamW, lr=0.01, loraplus_lr_ratio=16, loraplus_weight_decay=0.1
    )
    expected = {names[p]: group["lr"] for group in reference.param_groups for p in group["params"]}
    groups = faster_second_factor(model, 16)(0.01, 0.1)
    found = {names[p]: group["lr"] for group in groups for p in group["params"]}
    assert found == pytest.approx(expected)
    assert {round(rate, 6) for rate in found.values()} == {0.01, 0.16}
    decays = {group["weight_decay"]: {p.ndim > 1 for p in group["params"]} for group in groups}
    assert all(kinds == {rate > 0} for rate, kinds in decays.items())


def rates_of(project: Path) -> set[float]:
    from llm_finetune.train.state_files import read_optimizer

    newest = max((project / "checkpoints").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    return {round(group["initial_lr"], 6) for group in read_optimizer(newest)["param_groups"]}


def test_a_run_goes_on_exactly(make_project: Any, cli: Any, stopped_at: Any) -> None:
    from safetensors.torch import load_file

    settings = {"training__max_steps": 4, "training__save_steps": 2, "training__save_strategy": "steps"}
    settings |= {"method__loraplus_lr_ratio": 8, "data__validation": "none"}
    whole, parts = make_project("whole", **settings), make_project("parts", **settings)
    assert cli("train", "--project", whole).code == 0
    assert rates_of(whole) == {0.01, 0.08}

    undo = stopped_at(2)
    assert cli("train", "--project", parts).code == 143
    undo()
    outcome = cli("train", "--project", parts)
    assert outcome.code == 0, outcome.err
    assert "checkpoint-2" in outcome.err
    names = "checkpoints/adapter_model/adapter_model.safetensors"
    first, second = load_file(whole / names), load_file(parts / names)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_it_is_for_lora_alone(make_project: Any, cli: Any) -> None:
    project = make_project(adapter={"peft_type": "IA3"}, method__loraplus_lr_ratio=8)
    (project / "config" / "lora_config.json").write_text('{"peft_type": "IA3"}')
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "LoRA+ is for LoRA" in outcome.err
