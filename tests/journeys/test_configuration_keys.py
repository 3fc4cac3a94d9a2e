"""Every key of our own changes something, or is refused; no documented key is dead."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.settings import DataSettings
from llm_finetune.engine.settings import EngineSettings
from llm_finetune.evaluate.settings import EvaluationSettings
from llm_finetune.methods.settings import MethodSettings
from llm_finetune.model.settings import ModelSettings
from llm_finetune.train.settings import OWN_KEYS, CheckedTrainingSettings, TrainingSettings

OTHER_TEMPLATE = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}<|im_end|>{% endfor %}"
OVERLONG = {"instruction": "a", "output": "word " * 80}
SECTIONS: dict[str, Any] = {
    "model": ModelSettings,
    "data": DataSettings,
    "method": MethodSettings,
    "evaluation": EvaluationSettings,
    "engine": EngineSettings,
}
DATA_CHANGES: dict[str, tuple[str, ...]] = {
    # Key → overrides that must change what `preview`, or the row counts of `check`, say.
    "model.chat_template": ("model.chat_template=other.jinja",),
    "model.added_tokens": ("model.added_tokens=[Item]",),
    "data.train": ("data.train=data/other.jsonl",),
    "data.format": ("data.format=messages",),
    "data.columns": ("data.columns.output=answer",),
    "data.system": ("data.system=Be brief.",),
    "data.max_length": ("data.max_length=16",),
    "data.overlong": ("data.max_length=16", "data.overlong=drop"),
    "data.train_on": ("data.train_on=all",),
    "data.validation": ("data.validation=data/other.jsonl",),
    "data.system_role": ("data.system=Be brief.", "data.system_role=fold"),
    "data.on_bad_rows": ("data.columns.output=gap", "data.on_bad_rows=drop"),
    "data.repair": ("data.columns.output=number", "data.repair=[text_values]"),
    "data.group_by": ("data.validation=0.5", "data.group_by=kind"),
    "data.near_duplicate_rows": ("data.near_duplicate_rows=3",),
    "model.chat_template_kwargs": ("model.chat_template=asks.jinja", "model.chat_template_kwargs.tone=dry"),
}
ELSEWHERE: dict[str, str] = {
    # Keys whose effect another test shows, and which.
    "model.name": "test_training_runs.py: architectures",
    "model.revision": "tests/unit/model/test_resolve.py",
    "model.quantization": "tests/field/test_quantized.py",
    "model.dtype": "test_determinism.py, test_environment.py",
    "method.adapter": "test_full_fine_tuning below",
    "method.start_from": "tests/field/test_adapters.py: A02",
    "method.loraplus_lr_ratio": "tests/unit/methods/test_lora_plus.py",
    "evaluation.max_new_tokens": "tests/unit/evaluate/test_compare.py",
    "evaluation.gates": "test_tiny_journey.py: gate",
    "method.train_layers": "tests/field/test_full_tuning.py",
    "training.gradient_checkpointing": "tests/field/test_full_tuning.py: R08",
    "training.early_stopping_patience": "test_determinism.py: early stopping",
}


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    rows = [
        {
            "instruction": f"Item {n}?",
            "output": f"Value {n}",
            "answer": f"Other {n}",
            "gap": "filled" if n else None,
            "number": n,
            "kind": f"kind {n % 2}",
        }
        for n in range(10)
    ]
    root = make_project(rows=rows)
    (root / "other.jinja").write_text(OTHER_TEMPLATE, encoding="utf-8")
    (root / "asks.jinja").write_text("{{ tone }}" + OTHER_TEMPLATE, encoding="utf-8")
    (root / "data" / "other.jsonl").write_text('{"instruction": "x", "output": "y"}\n' * 2, encoding="utf-8")
    return root


def seen(cli: Any, project: Path, *overrides: str) -> tuple[Any, ...]:
    preview = cli("preview", "--json", "--rows", 10, "--project", project, *overrides)
    check = cli("check", "--json", "--project", project, *overrides)
    return preview.code, preview.out, check.code, check.out


def test_every_own_key_is_in_a_list() -> None:
    own = {f"{section}.{key}" for section, model in SECTIONS.items() for key in model.model_fields}
    own |= {f"training.{key}" for key in OWN_KEYS}
    assert own == DATA_CHANGES.keys() | ELSEWHERE.keys()
    assert len(own) <= 60


@pytest.mark.parametrize("key", sorted(DATA_CHANGES))
def test_key_changes_what_is_read(project: Path, cli: Any, key: str) -> None:
    """The last override is the key's own; those before it make the ground it acts on."""
    *before, _ = DATA_CHANGES[key]
    assert seen(cli, project, *DATA_CHANGES[key]) != seen(cli, project, *before)


def test_training_keys_reach_the_library(tmp_path: Path) -> None:
    """Every key that is not ours stands in `TrainingArguments` as it was given."""
    from llm_finetune.train.arguments import training_arguments

    given: dict[str, Any] = {
        "num_train_epochs": 2.5,
        "learning_rate": 3e-4,
        "adam_beta1": 0.8,
        "weight_decay": 0.01,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 7,
        "gradient_accumulation_steps": 3,
        "label_smoothing_factor": 0.1,
        "dataloader_num_workers": 1,
        "max_grad_norm": 0.5,
        "logging_steps": 3,
        "save_steps": 11,
        "eval_steps": 12,
        "eval_strategy": "steps",
        "seed": 9,
        "per_device_train_batch_size": 3,
        "per_device_eval_batch_size": 5,
        "max_steps": 4,
    }
    arguments = training_arguments(CheckedTrainingSettings(**given), tmp_path, precision="float32", has_validation=True)
    for key, value in given.items():
        found = getattr(arguments, key)
        assert getattr(found, "value", found) == value, key


def test_defaults_of_ours_reach_the_library(tmp_path: Path) -> None:
    from llm_finetune.train.arguments import training_arguments

    arguments = training_arguments(TrainingSettings(), tmp_path, precision="float32", has_validation=True)
    assert arguments.learning_rate == TrainingSettings().learning_rate
    assert arguments.eval_strategy == "epoch"
    assert arguments.report_to == []


def test_full_fine_tuning(make_project: Any, cli: Any) -> None:
    """`method.adapter: none` trains every weight, and the other verbs read the full model as they read an adapter."""
    project = make_project(method__adapter="none", training__learning_rate=1e-3, training__max_steps=4)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "(100.00%)" in outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    assert run["delivered"]["path"] == "checkpoints/model"
    assert (project / "checkpoints" / "model" / "model.safetensors").is_file()
    tuned = cli("generate", "Item 3?", "--project", project, "--max-new-tokens", 4)
    base = cli("generate", "Item 3?", "--base", "--project", project, "--max-new-tokens", 4)
    assert tuned.code == base.code == 0, tuned.err
    assert tuned.out != base.out
    assert cli("evaluate", "--project", project, "evaluation.max_new_tokens=2").code == 0
    refused = cli("merge", "--project", project)
    assert refused.code == 2
    assert "full model already" in refused.err
    assert cli("train", "--project", project).out.startswith("This run is already complete")
