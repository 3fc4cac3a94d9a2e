"""Field case R10: AdaLoRA really cuts its ranks, tells them, and goes on after a cut."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.methods.adalora_training import RankCutting

ADALORA = {"peft_type": "ADALORA", "init_r": 8, "target_r": 4, "r": 8, "lora_alpha": 16}
STEPS = 30
CUT_STEP = 15
MODULES = 14


@pytest.fixture
def make_run(make_project: Any) -> Any:
    """A function that writes a project of thirty updates on a tiny model."""

    def make(name: str, **settings: Any) -> Path:
        values = {"training__max_steps": STEPS, "training__save_strategy": "steps", "training__save_steps": 5}
        return Path(make_project(name, adapter=ADALORA, data__validation=0.25, **{**values, **settings}))

    return make


def weights_of(project: Path) -> bytes:
    return (project / "checkpoints" / "adapter_model" / "adapter_model.safetensors").read_bytes()


def run_of(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "logs" / "run.json").read_text()))


def metrics_of(project: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project / "logs" / "metrics.jsonl").read_text().splitlines()]


def test_r10_the_ranks_add_up_to_the_target_and_are_told(
    make_run: Any, cli: Any, tiny_model_folder: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from llm_finetune.model.quiet import quiet_libraries

    project = make_run("cut")
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert f"until step {CUT_STEP} of {STEPS}" in outcome.err
    run = run_of(project)
    report = run["method_report"]
    assert report["schedule"] == {"total_step": STEPS, "tinit": 3, "tfinal": CUT_STEP}
    assert report["rank_sum"] == sum(report["ranks"].values()) == 4 * MODULES
    assert len(report["ranks"]) == MODULES
    assert f"add up to {4 * MODULES} over {MODULES} layers" in (project / "logs" / "training.log").read_text()
    adapter = project / "checkpoints" / "adapter_model"
    assert not list(adapter.glob("method.*"))
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["total_step"] == STEPS
    assert sum(map(sum, config["rank_pattern"].values())) == 4 * MODULES
    assert run["delivered"]["step"] >= CUT_STEP
    rows = metrics_of(project)
    assert all(row["penalty"] > 0 for row in rows if "loss" in row)
    assert min(row["loss"] for row in rows if "loss" in row) < rows[0]["loss"]
    with quiet_libraries():
        base = AutoModelForCausalLM.from_pretrained(tiny_model_folder)
        model = PeftModel.from_pretrained(base, str(adapter)).eval()
    tokens = torch.arange(5, 37).reshape(4, 8)
    with torch.no_grad():
        tuned = model(tokens).logits
        with model.disable_adapter():
            assert not torch.allclose(model(tokens).logits, tuned, atol=1e-3)
    assert cli("merge", "--project", project).code == 0
    merged = AutoModelForCausalLM.from_pretrained(project / "exports" / "merged")
    with torch.no_grad():
        torch.testing.assert_close(merged(tokens).logits, tuned, atol=1e-4, rtol=1e-4)


def test_r10_the_validation_loss_is_that_of_the_answers_alone(make_run: Any, cli: Any) -> None:
    """With a penalty a thousand times as heavy the first measurement, before anything has changed, is the same."""
    losses = []
    for name, weight in (("light", 1e-6), ("heavy", 1e3)):
        project = make_run(name, training__save_steps=10, training__max_steps=10, training__learning_rate=1e-12)
        text = {**ADALORA, "orth_reg_weight": weight}
        (project / "config" / "lora_config.json").write_text(json.dumps({**text, "task_type": "CAUSAL_LM"}))
        assert cli("train", "--project", project).code == 0
        rows = metrics_of(project)
        losses.append((rows[0]["loss"], next(row["eval_loss"] for row in rows if "eval_loss" in row)))
    assert losses[0][0] == pytest.approx(losses[1][0], abs=1e-3)
    assert losses[0][1] == pytest.approx(losses[1][1], abs=1e-6)


@pytest.mark.parametrize("keys", [{}, {"tinit": 20, "tfinal": 20}])
def test_r10_three_updates_are_too_few(make_run: Any, cli: Any, keys: dict[str, int]) -> None:
    project = make_run("short", training__max_steps=3)
    (project / "config" / "lora_config.json").write_text(json.dumps({**ADALORA, **keys}))
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "config/lora_config.json" in outcome.err
    assert "3" in outcome.err
    assert all(str(value) in outcome.err for value in keys.values())
    assert not (project / "logs" / "run.json").exists()


def test_r10_too_few_rows_are_told_before_weights_are_loaded(
    make_project: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_finetune.model import load

    monkeypatch.setattr(load, "load_model", lambda *_: pytest.fail("weights were loaded"))
    project = make_project(adapter=ADALORA, data__validation="none", training__num_train_epochs=1)
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "this run has 6" in outcome.err


def test_r10_a_run_cut_into_pieces_gives_the_bits_of_a_whole_one(
    make_run: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped beside a checkpoint, while ranks fall, and after they have fallen."""
    whole, pieces = make_run("whole"), make_run("pieces")
    assert cli("train", "--project", whole).code == 0
    original = RankCutting.after_optimizer
    for stop_at in (5, 9, 20):

        def stopping(cutting: RankCutting, step: int, last: int = stop_at) -> None:
            original(cutting, step)
            if step == last:
                os.kill(os.getpid(), signal.SIGTERM)

        monkeypatch.setattr(RankCutting, "after_optimizer", stopping)
        assert cli("train", "--project", pieces).code == 143
        assert (pieces / "checkpoints" / f"checkpoint-{stop_at}" / "method.safetensors").is_file()
    monkeypatch.setattr(RankCutting, "after_optimizer", original)
    assert cli("train", "--project", pieces).code == 0
    assert weights_of(pieces) == weights_of(whole)
    assert run_of(pieces)["method_report"] == run_of(whole)["method_report"]
    assert run_of(pieces)["eval_losses"] == run_of(whole)["eval_losses"]
    assert [row["loss"] for row in metrics_of(pieces) if "loss" in row] == [
        row["loss"] for row in metrics_of(whole) if "loss" in row
    ]


def test_r10_a_better_loss_before_the_cut_is_not_delivered(
    make_run: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the old checkpoints would push the new ones out."""
    from llm_finetune.train.trainer import FinetuneTrainer

    def worsening(trainer: FinetuneTrainer, *_: Any, **__: Any) -> dict[str, float]:
        metrics = {"eval_loss": float(trainer.state.global_step)}
        trainer.log(metrics)
        trainer.control = trainer.callback_handler.on_evaluate(trainer.args, trainer.state, trainer.control, metrics)
        return metrics

    monkeypatch.setattr(FinetuneTrainer, "evaluate", worsening)
    project = make_run("worse", training__early_stopping_patience=2, training__save_total_limit=2)
    assert cli("train", "--project", project).code == 0
    run = run_of(project)
    assert run["delivered"]["step"] == CUT_STEP
    assert run["done_steps"] == CUT_STEP + 10
    assert run["method_report"]["rank_sum"] == 4 * MODULES
