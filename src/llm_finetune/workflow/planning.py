"""Plan: what a run will do and need, whether it fits, and how long it takes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_finetune.messages import say
from llm_finetune.workflow import quantizing
from llm_finetune.workflow.counting import (
    counted_steps,
    disk_of,
    events_of,
    optimizer_name,
    planner_of,
    step_tokens,
    training_device,
)
from llm_finetune.workflow.forecasting import keep_forecast
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.preparing import Prepared, template_for
from llm_finetune.workflow.starting import with_added_rows

if TYPE_CHECKING:
    from llm_finetune.plan.machine import Machine
    from llm_finetune.plan.memory import MemoryPlan, MemoryPlanner
    from llm_finetune.plan.result import Choice, Plan


def plan(opened: Opened, *, memory: str | None = None, measure: bool = False, tell: Tell = tell_on_stderr) -> "Plan":
    """Count what the run needs, before any weight is loaded; with `measure`, run a few of its steps besides.

    `memory` names a machine by its size, such as `24GB`; without it this one is meant.
    Raises: InputError with every problem of configuration and data; FinetuneError if the steps cannot be run.
    """
    from llm_finetune.plan.fit import changes_to_fit
    from llm_finetune.plan.machine import named_memory, this_machine
    from llm_finetune.plan.result import Plan
    from llm_finetune.workflow.training import identity_of, prepare_training

    machine = named_memory(memory) if memory is not None else None
    prepared = prepare_training(opened, tell)
    opened = with_added_rows(opened, prepared.base)
    steps = counted_steps(opened, prepared)
    planner = planner_of(opened, prepared, steps)
    machine = machine or this_machine(training_device(opened))
    counted, reason = _checkpointing(opened, planner, machine)
    events = events_of(opened, prepared, steps)
    made = Plan(
        sizes=planner.sizes,
        steps=steps,
        memory=counted,
        machine=machine,
        disk=disk_of(opened, prepared, planner, events),
        choices=tuple(_choices(opened, prepared, counted, reason)),
        changes=tuple(changes_to_fit(planner, counted, machine)),
    )
    if measure:
        made = _measured(opened, made, events, tell)
    keep_forecast(opened.project, identity_of(opened, prepared), made)
    return made


def _checkpointing(opened: Opened, planner: "MemoryPlanner", machine: "Machine") -> tuple["MemoryPlan", str]:
    """The plan with what `training.gradient_checkpointing` comes to, and why."""
    from llm_finetune.plan.fit import needs_checkpointing

    wanted = opened.settings.training_settings.gradient_checkpointing
    if wanted != "auto":
        return planner.plan(recomputes=wanted), say("train.checkpointing.asked")
    plain = planner.plan(recomputes=False)
    needed, reason = needs_checkpointing(plain, machine)
    if not opened.method.checkpointing:
        return plain, say("train.checkpointing.method", method=opened.method.title)
    if needed and not planner.can_recompute:
        return plain, say("train.checkpointing.architecture", architecture=planner.sizes.architecture)
    return (planner.plan(recomputes=True) if needed else plain), reason


def _measured(opened: Opened, made: "Plan", events: Any, tell: Tell) -> "Plan":
    from llm_finetune.plan.measure import forecast
    from llm_finetune.workflow.measuring import run_trial, sweep_trials

    tell(say("plan.measuring"))
    sweep_trials(opened.project.trials)
    trial = run_trial(opened, recomputes=made.memory.recomputes)
    accumulation = opened.settings.training_settings.gradient_accumulation_steps
    return made.with_measured(forecast(trial, step_tokens(made.steps, accumulation), made.steps.tokens, events))


def _choices(opened: Opened, prepared: Prepared, memory: "MemoryPlan", reason: str) -> "Iterator[Choice]":
    """Everything that was chosen, or left at a default that matters, with the reason."""
    from llm_finetune.plan.result import Choice

    settings, device = opened.settings, training_device(opened)
    yield Choice("device", device, say(f"plan.device.{'cpu' if device == 'cpu' else 'gpu'}"))
    yield Choice("model.dtype", prepared.precision.name, prepared.precision.reason)
    if quantizing.is_asked(opened):
        yield Choice("model.quantization", settings.model.quantization, say("plan.asked", key="model.quantization"))
    yield Choice("training.gradient_checkpointing", say("plan.on" if memory.recomputes else "plan.off"), reason)
    yield _template(opened, prepared)
    yield _validation(opened, prepared)
    limit, longest = settings.data.max_length, prepared.text_model.limit
    is_lower = longest is not None and longest < limit
    lower = say("plan.length.model", limit=longest)
    yield Choice("data.max_length", str(longest if is_lower else limit), lower if is_lower else say("plan.length.set"))
    optimizer = settings.training_settings.passed_through().get("optim")
    key = "plan.default" if optimizer is None else "plan.asked"
    yield Choice("training.optim", optimizer_name(opened), say(key, key="training.optim"))


def _template(opened: Opened, prepared: Prepared) -> "Choice":
    from llm_finetune.model.load import load_tokenizer
    from llm_finetune.plan.result import Choice

    name = opened.settings.model.chat_template
    if name is not None:
        return Choice("model.chat_template", name, say("plan.asked", key="model.chat_template"))
    tokenizer = load_tokenizer(prepared.base)
    if tokenizer.chat_template:
        return Choice("model.chat_template", prepared.base.name, say("plan.template.own"))
    template, reason = template_for(tokenizer)
    return Choice("model.chat_template", template.name, reason)


def _validation(opened: Opened, prepared: Prepared) -> "Choice":
    from llm_finetune.plan.result import Choice

    wanted, rows = opened.settings.data.validation, len(prepared.validation)
    if prepared.rows.split is not None:
        total = len(prepared.train) + rows
        reason = say("plan.validation.share", share=f"{rows / total:.1%}", asked=f"{float(wanted):.1%}")
    else:
        reason = say("plan.validation.file" if rows else "plan.validation.none", name=wanted)
    return Choice("data.validation", say("plan.rows", count=rows), reason)
