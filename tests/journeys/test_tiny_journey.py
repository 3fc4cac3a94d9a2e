"""The journey in one process on a tiny model: what each verb writes, and what it says the second time."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def trained(make_project: Any, cli: Any) -> Path:
    project = make_project()
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    return project


def metrics_of(project: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project / "logs" / "metrics.jsonl").read_text().splitlines()]


def test_train_writes_adapter_log_metrics_and_run(trained: Path) -> None:
    adapter = trained / "checkpoints" / "adapter_model"
    names = {path.name for path in adapter.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "chat_template.jinja"} <= names
    assert [path for path in trained.rglob("*") if path.suffix in {".bin", ".pt", ".pth", ".pkl"}] == []
    assert not list(trained.rglob("*.pt"))
    assert not list(trained.rglob("*.pth"))
    run = json.loads((trained / "logs" / "run.json").read_text())
    assert run["status"] == "finished"
    assert run["done_steps"] == run["planned_steps"] == 12
    assert run["rows"] == {"train": 11, "validation": 1}
    assert run["tokens"]["real"] > run["tokens"]["trained"] > 0
    for key in (
        "versions",
        "config",
        "base_path",
        "base_name",
        "base_sha256",
        "config_sha256",
        "dtype",
        "dtype_reason",
        "peak_memory_bytes",
        "data_sha256",
        "device",
        "seed",
        "seconds",
    ):
        assert run[key], key
    rows = metrics_of(trained)
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 13))
    assert len([row for row in rows if "eval_loss" in row]) == 2
    assert {"epoch", "loss", "grad_norm", "learning_rate", "tokens", "tokens_per_second"} <= rows[0].keys()
    assert "step 12/12" in (trained / "logs" / "training.log").read_text()
    assert (trained / "logs" / "samples.jsonl").read_text().count("\n") == 2


def test_finished_run_says_so_and_changes_nothing(trained: Path, cli: Any) -> None:
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file() and path.name != ".lock"}
    outcome = cli("train", "--project", trained)
    assert outcome.code == 0
    assert "already complete (12 of 12 steps)" in outcome.out
    after = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file() and path.name != ".lock"}
    assert after == before


def test_fresh_archives_the_run_and_starts_anew(trained: Path, cli: Any) -> None:
    outcome = cli("train", "--fresh", "--project", trained, "training.max_steps=2")
    assert outcome.code == 0, outcome.err
    archived = list((trained / "runs").iterdir())
    assert len(archived) == 1
    assert (archived[0] / "checkpoints" / "adapter_model" / "adapter_model.safetensors").is_file()
    assert json.loads((archived[0] / "logs" / "run.json").read_text())["done_steps"] == 12
    assert json.loads((trained / "logs" / "run.json").read_text())["done_steps"] == 2
    listed = cli("runs", "--json", "--project", trained).json()["runs"]
    assert [line["steps"] for line in listed] == ["2/2", "12/12"]
    assert cli("runs", "--prune", "--yes", "--project", trained).code == 0
    assert list((trained / "runs").iterdir()) == []


def test_changed_method_is_refused_with_old_and_new_value(trained: Path, cli: Any) -> None:
    config = trained / "config" / "lora_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "r": 8}))
    outcome = cli("train", "--project", trained)
    assert outcome.code == 2
    assert "method.r was 4 in the run on disk, and is 8 now" in outcome.err
    assert "--fresh" in outcome.err


def test_more_epochs_go_on_from_the_last_checkpoint(trained: Path, cli: Any) -> None:
    outcome = cli("train", "--project", trained, "training.num_train_epochs=3")
    assert outcome.code == 0, outcome.err
    assert "going on from checkpoint-12" in outcome.err
    steps = [row["step"] for row in metrics_of(trained) if "loss" in row]
    assert steps == list(range(1, 19))


def test_chosen_checkpoint_is_delivered(trained: Path, cli: Any) -> None:
    outcome = cli("train", "--checkpoint", 6, "--project", trained)
    assert outcome.code == 0, outcome.err
    weights = Path("adapter_model.safetensors")
    delivered = trained / "checkpoints" / "adapter_model" / weights
    assert delivered.read_bytes() == (trained / "checkpoints" / "checkpoint-6" / weights).read_bytes()
    wrong = cli("train", "--checkpoint", 7, "--project", trained)
    assert wrong.code == 2
    assert "On disk: 6, 12" in wrong.err


def test_evaluate_writes_the_scorecard(trained: Path, cli: Any) -> None:
    outcome = cli("evaluate", "--json", "--project", trained, "evaluation.max_new_tokens=4")
    assert outcome.code == 0, outcome.err
    rows = {row["metric"]: row for row in outcome.json()["rows"]}
    assert rows["validation_loss"]["tuned"] < rows["validation_loss"]["base"]
    assert rows["exact_match"]["n"] == 1
    assert json.loads((trained / "logs" / "scorecard.json").read_text()) == outcome.json()
    assert len((trained / "logs" / "outputs.jsonl").read_text().splitlines()) == 1


def test_failed_gate_ends_with_3_after_writing(trained: Path, cli: Any) -> None:
    outcome = cli(
        "evaluate", "--project", trained, "evaluation.max_new_tokens=4", 'evaluation.gates.exact_match=">= 2"'
    )
    assert outcome.code == 3
    assert (trained / "logs" / "scorecard.json").is_file()
    assert "exact_match" in outcome.err


def test_generate_gives_the_answer_alone(trained: Path, cli: Any, tmp_path: Path) -> None:
    tuned = cli("generate", "Item 3?", "--project", trained, "--max-new-tokens", 5)
    base = cli("generate", "Item 3?", "--base", "--project", trained, "--max-new-tokens", 5)
    assert tuned.code == base.code == 0, tuned.err
    assert tuned.out != base.out
    prompts, answers = tmp_path / "prompts.txt", tmp_path / "answers.jsonl"
    prompts.write_text("Item 1?\n\nItem 3?\n", encoding="utf-8")
    many = cli("generate", "--input", prompts, "--output", answers, "--project", trained, "--max-new-tokens", 5)
    assert many.code == 0, many.err
    assert many.out == ""
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert rows[1]["answer"] == tuned.out.removesuffix("\n")


def test_merge_gives_a_full_model_with_the_same_logits(trained: Path, cli: Any) -> None:
    outcome = cli("merge", "--json", "--project", trained)
    assert outcome.code == 0, outcome.err
    report = outcome.json()
    assert report["max_logit_difference"] <= 1e-4
    merged = trained / "exports" / "merged"
    assert (merged / "model.safetensors").is_file()
    assert not (merged / "adapter_config.json").exists()


def test_push_dry_run_lists_the_files_and_no_others(trained: Path, cli: Any) -> None:
    (trained / "checkpoints" / "adapter_model" / ".env").write_text("HF_TOKEN=hf_secret")
    outcome = cli("push", "me/mine", "--dry-run", "--json", "--project", trained)
    assert outcome.code == 0, outcome.err
    names = [entry["name"] for entry in outcome.json()["files"]]
    assert "adapter_model.safetensors" in names
    assert "README.md" in names
    assert ".env" not in names
    assert outcome.json()["url"] is None
    refused = cli("push", "me/mine", "--project", trained)
    assert refused.code == 2


def test_nothing_trained_yet(make_project: Any, cli: Any) -> None:
    project = make_project()
    for verb in (("evaluate",), ("generate", "Hi"), ("merge",), ("push", "me/mine", "--dry-run")):
        outcome = cli(*verb, "--project", project)
        assert outcome.code == 2, verb
        assert "llm-finetune train" in outcome.err


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (None, "<|im_start|>user\nItem 1?<|im_end|>\n<|im_start|>assistant\nValue 1!<|im_end|>\n"),
        ("alpaca", "### Instruction:\nItem 1?\n\n### Response:\nValue 1!<|im_end|>\n\n"),
    ],
)
def test_a_model_without_a_template_gets_ours_and_keeps_it(
    chosen: str | None, text: str, *, make_project: Any, cli: Any, tmp_path: Path, write_model: Any
) -> None:
    """Base models bring no chat template; the one used is told, trained with its end token, and saved."""
    folder = write_model(tmp_path / "base", "gpt2", chat_template=None)
    project = make_project(model=folder, model__chat_template=chosen, training__max_steps=2)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert ("has no chat template; `chatml` is used" in outcome.err) == (chosen is None)
    shown = cli("preview", "--json", "--rows", 1, "--project", project).json()[0]
    assert shown["text"] == text
    assert shown["trained"] == ["Value 1!<|im_end|>"]
    saved = (project / "checkpoints" / "adapter_model" / "chat_template.jinja").read_text()
    assert ("### Response:" in saved) == (chosen == "alpaca")
    assert cli("generate", "Item 3?", "--project", project, "--max-new-tokens", 3).code == 0
