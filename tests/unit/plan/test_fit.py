"""Components add up, and what is offered makes a run fit, step by step."""

from dataclasses import replace
from typing import Any

import pytest

from llm_finetune.methods import METHODS
from llm_finetune.plan.fit import changes_to_fit, fits, needs_checkpointing
from llm_finetune.plan.machine import Machine
from llm_finetune.plan.memory import MemoryPlanner, Situation
from llm_finetune.plan.skeleton import Recipe
from llm_finetune.plan.steps import BatchShape, PlannedBatch, Steps

BATCHES = (PlannedBatch((0,), BatchShape(8, 256, 100)), PlannedBatch((1,), BatchShape(8, 200, 199)))
STEPS = Steps(2, 1.0, BATCHES, 1000, 100, 0)


def situation(config: Any, name: str = "LORA", **changes: Any) -> Situation:
    method = METHODS[name]
    settings = method.settings(**({"lora_dropout": 0.0} if name == "LORA" else {}))
    recipe = Recipe(config, method, settings, "float32", "none", 10)
    made = Situation(recipe, "float32", "cpu", STEPS, BatchShape(8, 220, 100), 1, "adamw_torch", 1_000_000, 0)
    return replace(made, **changes)


def machine(size: int) -> Machine:
    return Machine("named", size, size)


def test_components_add_up_to_the_moment_when_most_is_in_use(tiny_config: Any) -> None:
    planner = MemoryPlanner(situation(tiny_config("llama")))
    plan, sizes = planner.plan(recomputes=False), planner.sizes
    assert plan.process == 1_000_000
    assert plan.weights + plan.trained == sizes.frozen_bytes + sizes.trained_bytes
    assert plan.optimizer == 8 * sizes.trained
    names = ("process", "weights", "trained", "gradients", "optimizer", "activations", "logits", "allocator")
    assert plan.step == sum(getattr(plan, name) for name in names)
    assert plan.total >= max(plan.step, plan.loading, plan.updating, plan.evaluating)
    again = planner.plan(recomputes=True)
    assert again.activations < plan.activations
    assert again.allocator == plan.allocator


def test_accumulation_keeps_whole_gradients_and_reading_other_formats_takes_room(tiny_config: Any) -> None:
    config = tiny_config("llama")
    plan = MemoryPlanner(situation(config, "FULL", accumulation=2, file_bytes=10**9)).plan(recomputes=False)
    assert plan.gradients == plan.trained
    assert plan.total == plan.loading > 10**9


def test_a_model_that_cannot_be_traced_is_guessed_and_says_so(tiny_config: Any, monkeypatch: Any) -> None:
    from llm_finetune.plan.trace import StepTracer

    def fail(self: Any, shape: BatchShape) -> None:
        raise RuntimeError("data-dependent")

    traced = MemoryPlanner(situation(tiny_config("llama"))).plan(recomputes=False)
    monkeypatch.setattr(StepTracer, "training", fail)
    guessed = MemoryPlanner(situation(tiny_config("llama"))).plan(recomputes=False)
    assert guessed.is_rough
    assert not traced.is_rough
    assert 0.2 < guessed.total / traced.total < 5


def test_a_mixture_in_float32_is_traced_in_16_bits_and_doubled(tiny_config: Any) -> None:
    plan = MemoryPlanner(situation(tiny_config("mixtral"))).plan(recomputes=False)
    assert plan.is_rough
    assert plan.activations > 0


def test_changes_are_offered_in_order_until_the_run_fits(tiny_config: Any) -> None:
    planner = MemoryPlanner(situation(tiny_config("llama"), process_bytes=0))
    plan = planner.plan(recomputes=False)
    assert changes_to_fit(planner, plan, machine(2 * plan.total)) == ()
    first = changes_to_fit(planner, plan, machine(round(plan.total * 0.95)))
    assert [change.setting for change in first] == ["training.gradient_checkpointing=true"]
    assert first[0].fits
    more = changes_to_fit(planner, plan, machine(round(first[0].total_bytes * 0.9)))
    assert more[1].setting == (
        "training.per_device_train_batch_size=4 training.gradient_accumulation_steps=2 "
        "training.per_device_eval_batch_size=4"
    )
    totals = [change.total_bytes for change in more]
    assert totals == sorted(totals, reverse=True)
    assert more[-1].fits
    assert not any(change.fits for change in more[:-1])


def offered(made: Situation) -> str:
    planner = MemoryPlanner(made)
    changes = changes_to_fit(planner, planner.plan(recomputes=False), machine(1000))
    assert not changes[-1].fits
    return " ".join(change.setting for change in changes)


def test_all_changes_are_told_where_none_is_enough(tiny_config: Any) -> None:
    settings = offered(situation(tiny_config("llama"), "FULL", process_bytes=0))
    order = ["gradient_checkpointing", "train_batch_size=1 ", "training.optim=", "data.max_length="]
    places = [settings.index(part) for part in order]
    assert places == sorted(places)


def test_where_weights_take_most_fewer_of_them_are_offered(tiny_config: Any) -> None:
    few = Steps(1, 1.0, (PlannedBatch((0,), BatchShape(1, 8, 4)),), 8, 4, 0)
    made = {"process_bytes": 0, "steps": few, "evaluation": None}
    assert "method.adapter=config/lora_config.json" in offered(situation(tiny_config("llama"), "FULL", **made))
    assert "model.quantization=int8" in offered(situation(tiny_config("llama"), "LORA", **made))


def test_a_method_that_needs_its_activations_is_not_told_to_compute_them_again(tiny_config: Any) -> None:
    planner = MemoryPlanner(situation(tiny_config("llama"), "PREFIX_TUNING", process_bytes=0))
    changes = changes_to_fit(planner, planner.plan(recomputes=False), machine(1000))
    assert changes
    assert "gradient_checkpointing" not in changes[0].setting


@pytest.mark.parametrize(("share", "needed"), [(1.3, False), (1.05, True), (0.5, True)])
def test_computing_again_is_asked_for_where_the_rest_does_not_fit(share: float, needed: bool, tiny_config: Any) -> None:
    plan = MemoryPlanner(situation(tiny_config("llama"), process_bytes=0)).plan(recomputes=False)
    room = machine(round(plan.total * share))
    found, reason = needs_checkpointing(plan, room)
    assert found == needed == (not fits(plan.total, room))
    assert "MB" in reason
