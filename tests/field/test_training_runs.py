"""Field cases R02, R03, R09, R12: what a step computes, how many there are, and what they cost."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Input = Callable[[str], Path]


def weights_of(project: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(project / "checkpoints" / "adapter_model" / "adapter_model.safetensors")


def test_r02_accumulation_changes_nothing(field_input: Input, make_project: Any, cli: Any) -> None:
    import torch

    rows = [json.loads(line) for line in field_input("R02.jsonl").read_text(encoding="utf-8").splitlines()]
    results = []
    for name, batch, accumulation in (("whole", 4, 1), ("parts", 1, 4)):
        project = make_project(
            name,
            rows=rows[:4],
            adapter={"lora_dropout": 0.0},
            data__validation="none",
            data__max_length=512,
            training__max_steps=1,
            training__per_device_train_batch_size=batch,
            training__gradient_accumulation_steps=accumulation,
            training__optim="sgd",
            training__warmup_steps=0,
            training__max_grad_norm=0.0,
        )
        outcome = cli("train", "--project", project)
        assert outcome.code == 0, outcome.err
        first = json.loads((project / "logs" / "metrics.jsonl").read_text().splitlines()[0])
        results.append((first["loss"], weights_of(project)))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-4)
    for name, tensor in results[0][1].items():
        torch.testing.assert_close(tensor, results[1][1][name], rtol=1e-5, atol=1e-7)


def test_r03_every_row_is_seen_in_every_epoch(
    field_input: Input, make_project: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_finetune.train import trainer

    seen: Counter[tuple[int, ...]] = Counter()
    original = trainer.collate

    def noting(rows: Any, pad_id: int) -> Any:
        seen.update(tuple(row.input_ids) for row in rows)
        return original(rows, pad_id)

    monkeypatch.setattr(trainer, "collate", noting)
    rows = [json.loads(line) for line in field_input("R03.jsonl").read_text(encoding="utf-8").splitlines()]
    project = make_project(
        rows=rows,
        data__validation="none",
        training__num_train_epochs=3,
        training__gradient_accumulation_steps=2,
    )
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "9 optimizer steps" in outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    assert run["done_steps"] == run["planned_steps"] == 9
    assert len(seen) == 9
    assert set(seen.values()) == {3}
    last = json.loads((project / "logs" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["epoch"] == 3.0


@pytest.mark.parametrize(("validation", "held_out"), [("none", 0), (0.1, 1)])
def test_r03_a_batch_larger_than_the_set_still_steps(
    field_input: Input, make_project: Any, cli: Any, validation: Any, held_out: int
) -> None:
    rows = [json.loads(line) for line in field_input("R03-three.jsonl").read_text(encoding="utf-8").splitlines()]
    project = make_project(
        rows=rows,
        data__validation=validation,
        training__per_device_train_batch_size=8,
        training__gradient_accumulation_steps=4,
        training__warmup_steps=0,
    )
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    run = json.loads((project / "logs" / "run.json").read_text())
    assert run["done_steps"] == 2
    assert run["rows"] == {"train": 3 - held_out, "validation": held_out}
    assert any(bool((tensor != 0).any()) for name, tensor in weights_of(project).items() if "lora_B" in name)


def test_r03_one_row_cannot_be_split(make_project: Any, cli: Any) -> None:
    outcome = cli("train", "--project", make_project(rows=[{"instruction": "a", "output": "b"}]))
    assert outcome.code == 2
    assert "data.validation: none" in outcome.err


def test_r09_a_wrong_target_names_the_models_own(
    make_project: Any, cli: Any, tiny_model: Callable[[str], Path]
) -> None:
    project = make_project(model=tiny_model("gpt2"), adapter={"target_modules": ["q_proj"]})
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert all(name in outcome.err for name in ("q_proj", "c_attn", "c_proj", "c_fc"))
    assert not (project / "checkpoints").exists()


@pytest.mark.parametrize("architecture", ["gpt2", "falcon", "mistral", "qwen2", "llama"])
def test_r09_the_automatic_choice_trains_merges_and_leaves_the_head_out(
    make_project: Any, cli: Any, tiny_model: Callable[[str], Path], architecture: str
) -> None:
    project = make_project(model=tiny_model(architecture), training__max_steps=4)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    weights = weights_of(project)
    assert not any("lm_head" in name for name in weights)
    assert all(bool((tensor != 0).any()) for name, tensor in weights.items() if "lora_B" in name)
    merged = cli("merge", "--json", "--project", project)
    assert merged.code == 0, merged.err
    assert merged.json()["max_logit_difference"] <= 1e-4


def test_r12_measuring_more_rows_keeps_no_more_logits(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits of one batch are alive at a time, whatever the number of rows."""
    import weakref

    import torch
    from transformers import AutoModelForCausalLM

    from llm_finetune.engine import loss
    from llm_finetune.engine.batch import NOT_TRAINED

    model = AutoModelForCausalLM.from_pretrained(tiny_model_folder)
    alive: list[Any] = []
    most = 0
    original = loss.summed_loss

    def watching(*arguments: Any, **options: Any) -> Any:
        nonlocal most
        result = original(*arguments, **options)
        most = max(most, sum(1 for reference in alive if reference() is not None))
        return result

    def keep_reference(_module: Any, _inputs: Any, output: torch.Tensor) -> None:
        alive.append(weakref.ref(output))

    monkeypatch.setattr(loss, "summed_loss", watching)
    model.lm_head.register_forward_hook(keep_reference)

    class Row:
        input_ids = [5] * 64
        labels = [NOT_TRAINED] * 8 + [5] * 56

    value = loss.mean_token_loss(model, [Row()] * 40, batch_size=4, pad_id=2, precision="float32")
    assert value > 0
    assert len(alive) == 10
    assert most <= 1
