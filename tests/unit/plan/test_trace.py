"""What a traced step holds is what a real one allocates."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from transformers import AutoModelForCausalLM

from llm_finetune.engine.batch import collate
from llm_finetune.engine.checkpointing import recompute_activations
from llm_finetune.engine.loss import computing_in, inputs_as_they_come, summed_loss
from llm_finetune.methods import METHODS
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.plan.skeleton import Recipe, adapted_skeleton, sizes_of
from llm_finetune.plan.steps import BatchShape
from llm_finetune.plan.trace import LiveBytes, StepTracer

SHAPE = BatchShape(rows=8, length=128, kept=41)
CASES = [
    ("LORA", "bfloat16", False),
    ("LORA", "bfloat16", True),
    ("FULL", "float32", True),
    ("PROMPT_TUNING", "bfloat16", False),
]


class Row:
    """Tokens, of which the last ones are trained; a shorter row is padded, and that takes a mask."""

    def __init__(self, length: int = SHAPE.length) -> None:
        self.input_ids = [7] * length
        self.labels = [-100] * (SHAPE.length - SHAPE.kept + 1) + [7] * (length - SHAPE.length + SHAPE.kept - 1)


def most_allocated(folder: Path, step: Any) -> int:
    """Bytes that torch's CPU allocator held at most during a step, beyond those before it."""
    step()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    path = folder / "trace.json"
    profiler.export_chrome_trace(str(path))
    events = json.loads(path.read_text())["traceEvents"]
    changes = sorted((event["ts"], event["args"]["Bytes"]) for event in events if event["name"] == "[memory]")
    held = most = 0
    for _, change in changes:
        held += change
        most = max(most, held)
    return most


@pytest.mark.parametrize(("name", "precision", "recompute"), CASES)
def test_peak_is_that_of_a_real_step(
    name: str, precision: str, recompute: bool, tiny_config: Any, tmp_path: Path
) -> None:
    method = METHODS[name]
    settings = method.settings(**({"lora_dropout": 0.0} if name == "LORA" else {}))
    recipe = Recipe(tiny_config("llama"), method, settings, "float32" if name == "FULL" else precision, "none", 10)
    traced = StepTracer(
        adapted_skeleton(recipe), precision=precision, device="cpu", vocabulary=320, recompute=recompute
    ).training(SHAPE)
    with quiet_libraries():
        base = AutoModelForCausalLM.from_config(recipe.config).to(getattr(torch, recipe.stored))
        model = method.apply(base, settings, 10).train()
    if recompute:
        recompute_activations(model)
    batch = collate([*[Row()] * (SHAPE.rows - 1), Row(SHAPE.length - 9)], 0)
    assert batch["logits_to_keep"] == SHAPE.kept

    def step() -> None:
        model.zero_grad()
        with quiet_libraries(), inputs_as_they_come(model):
            with computing_in(precision, "cpu"):
                total, count = summed_loss(model, batch)
                loss = total / count
            loss.backward()

    real = most_allocated(tmp_path, step)
    assert traced.peak == pytest.approx(real, rel=0.08), (traced, real)
    assert traced.gradients == sizes_of(adapted_skeleton(recipe)).trained_bytes


def test_computing_again_keeps_less_and_evaluation_keeps_least(tiny_config: Any) -> None:
    recipe = Recipe(tiny_config("llama"), METHODS["LORA"], METHODS["LORA"].settings(), "float32", "none", 10)

    def tracer(recompute: bool) -> StepTracer:
        model = adapted_skeleton(recipe)
        return StepTracer(model, precision="float32", device="cpu", vocabulary=320, recompute=recompute)

    plain, again = tracer(False), tracer(True)
    assert again.training(SHAPE).peak < plain.training(SHAPE).peak
    assert plain.evaluation(SHAPE).peak < again.training(SHAPE).peak
    assert plain.training(SHAPE) == plain.training(SHAPE)


def test_bytes_are_counted_until_they_are_freed() -> None:
    weight = nn.Parameter(torch.empty(4, 10, device="meta"))
    with LiveBytes(iter([weight]), vocabulary=4) as live:
        x = torch.empty(3, 10, device="meta")
        logits = x @ weight.T
        assert live.now == 4 * (3 * 10 + 3 * 4)
        assert live.logits_now == 4 * 3 * 4
        del logits
        assert (live.now, live.logits_now) == (4 * 3 * 10, 0)
        del x
    assert (live.now, live.peak) == (0, 4 * (3 * 10 + 3 * 4))
