"""From a prepared run to what the plan floor counts: batches, sizes, memory, disk."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from llm_finetune.errors import FinetuneError
from llm_finetune.model import quantize
from llm_finetune.model.resolve import Base, base_folder, weight_names
from llm_finetune.train.arguments import planned_steps
from llm_finetune.workflow.opening import Opened
from llm_finetune.workflow.preparing import Prepared

if TYPE_CHECKING:
    from llm_finetune.plan.disk import DiskPlan
    from llm_finetune.plan.measure import Events
    from llm_finetune.plan.memory import MemoryPlanner, Situation
    from llm_finetune.plan.steps import BatchShape, RowSize, Steps

DEFAULT_OPTIMIZER = "adamw_torch_fused"
BOUND_FACTOR = 3
"""Times the published bytes of activations: more than any method was seen to keep, fp32 and adapters included."""
PARAMETER_BOUND_BYTES = 24
"""float32 weights, gradients, two moments, and one copy more."""
SCORE_BYTES = 12
"""Attention scores where an architecture keeps them, in three copies of 32 bits."""


def counted_steps(opened: Opened, prepared: Prepared) -> "Steps":
    """Every batch of the run that this process will compute."""
    from llm_finetune.plan.steps import RowSize, count_steps
    from llm_finetune.train.planned_batches import batches_by_epoch

    settings = opened.settings.training_settings
    return count_steps(
        [RowSize.of(row) for row in prepared.train],
        batches_by_epoch(settings, prepared.train),
        planned_steps(len(prepared.train), settings, 1),
        settings.gradient_accumulation_steps,
    )


def held_out_shapes(opened: Opened, prepared: Prepared) -> "list[BatchShape]":
    """The batches in which the loss of the held-out rows is measured; none where it never is."""
    from llm_finetune.plan.steps import evaluation_shapes

    if not prepared.validation or opened.settings.training_settings.evaluates_when == "no":
        return []
    size = opened.settings.training_settings.per_device_eval_batch_size
    return evaluation_shapes(_sizes(prepared), size)


def _sizes(prepared: Prepared) -> "list[RowSize]":
    from llm_finetune.plan.steps import RowSize

    return [RowSize.of(row) for row in prepared.validation]


def optimizer_name(opened: Opened) -> str:
    """The optimizer by the Trainer's name."""
    return str(opened.settings.training_settings.passed_through().get("optim") or DEFAULT_OPTIMIZER)


def training_device(opened: Opened) -> str:
    """The kind of device that training runs on."""
    from llm_finetune.model.precision import device_name

    return "cpu" if opened.settings.training_settings.use_cpu else device_name()


def planner_of(opened: Opened, prepared: Prepared, steps: "Steps") -> "MemoryPlanner":
    """Counts the memory of the run.

    Raises: ModelError if the method cannot be counted on this model.
    """
    from llm_finetune.plan.memory import MemoryPlanner

    return MemoryPlanner(situation_of(opened, prepared, steps))


def situation_of(opened: Opened, prepared: Prepared, steps: "Steps") -> "Situation":
    """Everything that decides memory."""
    from llm_finetune.model.load import load_config
    from llm_finetune.plan.machine import CONTEXT_BYTES, process_bytes
    from llm_finetune.plan.memory import Situation
    from llm_finetune.plan.skeleton import Recipe
    from llm_finetune.workflow.training import stored_format

    settings, device = opened.settings.training_settings, training_device(opened)
    config, stored = load_config(prepared.base), stored_format(opened, prepared)
    quantization = opened.settings.model.quantization
    is_mapped = quantization == quantize.NONE and stored == str(config.dtype).removeprefix("torch.")
    held_out = held_out_shapes(opened, prepared)
    return Situation(
        recipe=Recipe(config, opened.method, opened.method_settings, stored, quantization, steps.steps),
        precision=prepared.precision.name,
        device=device,
        steps=steps,
        evaluation=max(held_out, key=lambda shape: (shape.tokens, shape.logit_rows), default=None),
        accumulation=settings.gradient_accumulation_steps,
        optimizer=optimizer_name(opened),
        process_bytes=process_bytes() if device == "cpu" else CONTEXT_BYTES,
        file_bytes=0 if is_mapped or device != "cpu" else _weight_bytes(prepared.base),
    )


def _weight_bytes(base: Base) -> int:
    folder = base_folder(base)
    return sum((folder / name).stat().st_size for name in weight_names(folder))


def surely_fits(opened: Opened, prepared: Prepared) -> bool:
    """Whether a bound that no run was seen to reach lies within the memory that is free; it costs nothing to count."""
    from llm_finetune.model.facts import skeleton
    from llm_finetune.model.load import load_config
    from llm_finetune.plan.machine import process_bytes, this_machine
    from llm_finetune.plan.memory import LOGIT_COPIES_BYTES, ROUGH_BYTES

    model = skeleton(load_config(prepared.base))
    text, settings = model.config.get_text_config(), opened.settings.training_settings
    batch = max(settings.per_device_train_batch_size, settings.per_device_eval_batch_size)
    length = max(example.length for example in (*prepared.train, *prepared.validation))
    tokens = batch * (length + opened.virtual_tokens)
    block = 2 * BOUND_FACTOR * ROUGH_BYTES * text.hidden_size + SCORE_BYTES * text.num_attention_heads * length
    bound = process_bytes() + PARAMETER_BOUND_BYTES * model.num_parameters()
    bound += tokens * (block * text.num_hidden_layers + 2 * LOGIT_COPIES_BYTES * text.vocab_size)
    return bool(bound <= this_machine(training_device(opened)).free_bytes)


def reason_to_recompute(opened: Opened, prepared: Prepared) -> str | None:
    """Why memory needs activations to be computed again; None where it does not, or cannot be counted."""
    from llm_finetune.plan.fit import needs_checkpointing
    from llm_finetune.plan.machine import this_machine

    if surely_fits(opened, prepared):
        return None
    try:
        planner = planner_of(opened, prepared, counted_steps(opened, prepared))
    except FinetuneError:
        return None
    if not planner.can_recompute:
        return None
    needed, reason = needs_checkpointing(planner.plan(recomputes=False), this_machine(training_device(opened)))
    return reason if needed else None


def events_of(opened: Opened, prepared: Prepared, steps: "Steps") -> "Events":
    """How often the run measures and saves."""
    from llm_finetune.plan.disk import saves_of
    from llm_finetune.plan.measure import Events

    settings = opened.settings.training_settings
    saves = saves_of(settings.save_strategy, settings.save_steps, steps.steps, _epochs(opened, steps))
    shapes = held_out_shapes(opened, prepared)
    measured = saves_of(settings.evaluates_when, settings.evaluates_every, steps.steps, _epochs(opened, steps))
    # Every checkpoint that is written is measured too.
    return Events(max(measured, saves) if shapes else 0, sum(shape.tokens for shape in shapes), saves)


def _epochs(opened: Opened, steps: "Steps") -> float:
    settings = opened.settings.training_settings
    return steps.epochs if settings.max_steps > 0 else settings.num_train_epochs


def disk_of(opened: Opened, prepared: Prepared, planner: "MemoryPlanner", events: "Events") -> "DiskPlan":
    """What the run writes, against what is free."""
    from llm_finetune.plan.disk import disk_plan, kept_of
    from llm_finetune.plan.optimizers import state_bytes

    sizes = planner.sizes
    weights = sizes.trained_bytes if opened.method.is_adapter else sizes.trained_bytes + sizes.frozen_bytes
    return disk_plan(
        opened.project.checkpoints,
        weights_bytes=weights,
        state_bytes=state_bytes(planner.situation.optimizer, sizes.trained_shapes),
        other_bytes=sum(_other_file_bytes(prepared.base)),
        checkpoints=kept_of(events.saves, opened.settings.training_settings.save_total_limit),
    )


def _other_file_bytes(base: Base) -> Iterator[int]:
    """Sizes of a base's tokenizer and configuration, which stand in each checkpoint too."""
    folder: Path = base_folder(base)
    for path in folder.glob("*"):
        if path.is_file() and path.suffix in {".json", ".jinja", ".model", ".txt"}:
            yield path.stat().st_size


def step_tokens(steps: "Steps", accumulation: int) -> list[int]:
    """Computed tokens of each optimizer step."""
    tokens = [batch.shape.tokens for batch in steps.batches]
    per_step = ceil(len(tokens) / steps.steps) if steps.steps else accumulation
    return [sum(tokens[start : start + per_step]) for start in range(0, len(tokens), per_step)]
