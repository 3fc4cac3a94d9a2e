"""Field cases A03 (merging a run on a quantised base) and E02 (QLoRA on a machine without a GPU)."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from llm_finetune.model import quantize
from llm_finetune.workflow import open_project
from llm_finetune.workflow.trained import find_trained, load_tuned

KINDS = ["int8", "nf4"]
SHORT = {"training__max_steps": 4, "training__save_steps": 2, "training__save_strategy": "steps"}
CHATTER = ("bitsandbytes", "torchao", "Failed to load", "MatMul8bitLt", "kernels", "UserWarning", "FutureWarning")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "nf4":
        pytest.importorskip("bitsandbytes")
    return str(request.param)


def record(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "logs" / "run.json").read_text(encoding="utf-8"))
    return found


def adapter_of(project: Path) -> Path:
    return project / "checkpoints" / "adapter_model"


def test_the_journey_on_a_quantised_base(make_project: Any, cli: Any, kind: str) -> None:
    """It trains, says what it did and why, is recorded, is loaded as it was trained, and merges into the base."""
    project = make_project(model__quantization=kind, **SHORT, data__validation=0.2)
    done = cli("train", "--project", project)
    assert done.code == 0, done.err
    assert f"Quantisation: {kind} in 14 linear layers" in done.err
    assert "multiplied in float32" in done.err
    run = record(project)
    losses = [entry["loss"] for entry in run["eval_losses"]]
    assert losses[-1] < losses[0]
    manifest = json.loads((adapter_of(project) / "manifest.json").read_text(encoding="utf-8"))
    assert run["quantization"] == manifest["identity"]["quantization"] == run["config"]["model"]["quantization"] == kind
    trained = find_trained(open_project(project), None, print)
    model = load_tuned(trained)
    assert quantize.share_of(model).layers == 14
    assert cli("generate", "Item 3?", "--project", project, "--max-new-tokens", 4).code == 0
    measured = cli("evaluate", "--json", "--project", project, "evaluation.max_new_tokens=2")
    assert measured.code == 0, measured.err
    scorecard = json.loads((project / "logs" / "scorecard.json").read_text(encoding="utf-8"))
    assert any(math.isclose(loss, losses[-1], rel_tol=1e-4) for loss in numbers_in(scorecard)), scorecard
    merged_as_it_should_be(project, cli, kind)


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers_in(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers_in(inner)]
    return [value] if isinstance(value, float) else []


def merged_as_it_should_be(project: Path, cli: Any, kind: str) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    told = cli("merge", "--project", project)
    assert told.code == 0, told.err
    assert f"Trained on an {kind} base, merged into the unrounded one" in told.out
    report = cli("merge", "--json", "--project", project).json()
    assert report["quantization"] == kind
    assert report["max_logit_difference"] < 1e-3
    assert report["kl_trained"] > 10 * report["kl_merged"] >= 0
    merged = AutoModelForCausalLM.from_pretrained(project / "exports" / "merged", dtype=torch.float32)
    assert getattr(merged.config, "quantization_config", None) is None
    assert not (project / "exports" / "merged" / "adapter_config.json").exists()
    base = AutoModelForCausalLM.from_pretrained(record(project)["base_path"], dtype=torch.float32)
    adapted = PeftModel.from_pretrained(base, adapter_of(project))
    tokens = torch.arange(5, 37).reshape(4, 8)
    with torch.no_grad():
        torch.testing.assert_close(merged(tokens).logits, adapted(tokens).logits, atol=1e-4, rtol=0)


def test_a_resumed_run_is_the_unbroken_run(make_project: Any, cli: Any, kind: str) -> None:
    whole = make_project("whole", model__quantization=kind, **SHORT)
    assert cli("train", "--project", whole).code == 0
    broken = whole.with_name("broken")
    shutil.copytree(whole, broken)
    shutil.rmtree(broken / "checkpoints" / "checkpoint-4")
    shutil.rmtree(adapter_of(broken))
    (broken / "logs" / "run.json").unlink()
    again = cli("train", "--project", broken)
    assert again.code == 0, again.err
    assert "going on from checkpoint-2" in again.err
    one, other = (load_file(adapter_of(folder) / "adapter_model.safetensors") for folder in (whole, broken))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_chatter_of_the_libraries_stays_off_the_screen(make_project: Any, process: Any) -> None:
    pytest.importorskip("bitsandbytes")
    project = make_project(model__quantization="nf4", training__max_steps=1)
    done = process("train", "--project", project)
    assert done.code == 0, done.err
    assert not [word for word in CHATTER if word in done.err + done.out], done.err


def test_a_run_is_not_continued_on_other_layers(make_project: Any, cli: Any) -> None:
    project = make_project(model__quantization="int8", **SHORT)
    assert cli("train", "--project", project).code == 0
    changed = cli("train", "--project", project, "model.quantization=none", "training.max_steps=6")
    assert changed.code == 2
    assert "quantization" in changed.err
    assert "int8" in changed.err


def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_named: Any) -> None:
        raise AssertionError("the base was looked for")

    for place in ("preparing", "trained"):
        monkeypatch.setattr(f"llm_finetune.workflow.{place}.resolve_base", refuse)
    monkeypatch.setattr("llm_finetune.workflow.preparing.is_at_hand", lambda *_arguments: False)


def test_a_missing_library_is_one_sentence_before_any_download(
    make_project: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(model__quantization="nf4")
    nothing_is_fetched(monkeypatch)
    monkeypatch.setattr(quantize, "find_spec", lambda name: None)
    for command in (["train"], ["generate", "Hi", "--base"]):
        refused = cli(*command, "--project", project)
        assert refused.code == 2, refused.err
        lines = [line for line in refused.err.splitlines() if line]
        assert len(lines) == 1
        assert "model.quantization: `model.quantization: nf4` needs the package bitsandbytes" in lines[0]
        assert "pip install llm-finetune[quant]" in lines[0]
        assert "model.quantization: int8" in lines[0]


def test_full_fine_tuning_is_refused_before_any_download(
    make_project: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(model__quantization="int8", method__adapter="none")
    nothing_is_fetched(monkeypatch)
    refused = cli("train", "--project", project)
    assert refused.code == 2
    assert "full fine-tuning cannot train on a quantised base (int8)" in refused.err
    assert "take one of: LoRA" in refused.err


def test_a_key_that_would_change_rounded_weights_is_told_with_its_file(make_project: Any, cli: Any) -> None:
    project = make_project(model__quantization="int8", adapter={"modules_to_save": ["q_proj"]})
    refused = cli("train", "--project", project)
    assert refused.code == 2
    assert "config/lora_config.json" in refused.err
    assert "`q_proj`" in refused.err
