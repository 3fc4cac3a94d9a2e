"""`plan`: what a run will need, whether it fits, and how long it takes."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_finetune.cli.arguments import ConfigArguments, JsonOption, ProjectOption, QuietOption, open_with
from llm_finetune.cli.output import print_json, print_line, readable_seconds, teller
from llm_finetune.cli.tables import print_columns, print_heading
from llm_finetune.errors import FinetuneError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.plan.result import Plan

MOMENTS = ("loading", "updating", "evaluating")
PARTS = ("process", "weights", "trained", "gradients", "optimizer", "activations", "logits", "allocator")


def plan(
    arguments: ConfigArguments = None,
    *,
    measure: Annotated[
        bool, typer.Option("--measure", help="Run a few real steps in another process, for time and peak memory.")
    ] = False,
    memory: Annotated[
        str | None, typer.Option("--memory", help="Plan for a machine of this size, such as 24GB.", metavar="SIZE")
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Count parameters, steps, memory and disk before any weight is loaded, and say what to change if it does not fit.

    Exit code 1 if it does not fit.
    """
    from llm_finetune import workflow

    opened = open_with(project, arguments)
    with contextlib.redirect_stdout(sys.stderr):
        made = workflow.plan(opened, memory=memory, measure=measure, tell=teller(quiet=quiet))
    if as_json:
        print_json(made.as_dict())
    else:
        _print_plan(made)
    if not made.fits:
        raise typer.Exit(FinetuneError.exit_code)


def _print_plan(made: "Plan") -> None:
    _print_work(made)
    print_line()
    _print_memory(made)
    print_line()
    _print_choices(made)
    print_line()
    _print_verdict(made)


def _print_work(made: "Plan") -> None:
    sizes, steps = made.sizes, made.steps
    values = {"architecture": sizes.architecture, "trained": sizes.trained, "total": sizes.total}
    print_line(say("plan.show.parameters", share=sizes.trained / sizes.total, **values))
    computed = steps.tokens + steps.padding
    print_line(
        say(
            "plan.show.steps",
            steps=steps.steps,
            epochs=steps.epochs,
            real=steps.tokens,
            trained=steps.trained,
            padding=steps.padding,
            share=steps.padding / computed,
        )
    )
    batch = made.memory.batch
    print_line(say("plan.show.batch", rows=batch.rows, length=batch.length, kept=batch.kept))


def _print_memory(made: "Plan") -> None:
    from llm_finetune.plan.fit import readable_bytes
    from llm_finetune.plan.memory import STATED_ERROR

    memory = made.memory
    values = memory.as_dict()
    names = {part: say(f"plan.part.{part}") for part in PARTS}
    if memory.recomputes:
        names["activations"] = say("plan.part.recomputed")
    rows = [[names[part], readable_bytes(values[part])] for part in PARTS]
    rows.append([say("plan.part.total", error=STATED_ERROR), readable_bytes(memory.step)])
    print_columns([say("plan.show.memory"), say("plan.show.size")], rows, numbers=frozenset({1}))
    most = max(MOMENTS, key=lambda moment: values[moment])
    if values[most] > memory.step:
        print_line(say(f"plan.moment.{most}", size=readable_bytes(values[most])))
    if memory.is_rough:
        print_line(say("plan.show.rough"))
    if (measured := made.measured) is None:
        print_line(say("plan.show.unmeasured"))
    else:
        print_line(
            say(
                "plan.show.measured",
                steps=measured.steps_run,
                memory=readable_bytes(measured.peak_bytes),
                step_seconds=measured.seconds_per_step,
                speed=measured.tokens_per_second,
                time=readable_seconds(measured.seconds),
            )
        )


def _print_choices(made: "Plan") -> None:
    rows = [[choice.what, choice.value, choice.reason] for choice in made.choices]
    print_columns(
        [say("plan.show.choices"), say("plan.show.value"), say("plan.show.reason")], rows, numbers=frozenset()
    )


def _print_verdict(made: "Plan") -> None:
    from llm_finetune.plan.fit import readable_bytes

    disk, machine = made.disk, made.machine
    sizes = {"total": readable_bytes(disk.total), "one": readable_bytes(disk.checkpoint_bytes)}
    print_line(say("plan.show.disk", count=disk.checkpoints, free=readable_bytes(disk.free_bytes), **sizes))
    if not disk.fits:
        print_line(say("plan.show.disk_full"))
    room = {"free": readable_bytes(machine.free_bytes), "total": readable_bytes(machine.total_bytes)}
    told = say(f"plan.machine.{machine.limit or machine.kind}", **room)
    key = "plan.show.fits" if made.memory_fits else "plan.show.too_big"
    print_heading(say(key, needed=readable_bytes(made.needed_bytes), machine=told))
    if made.changes and not made.memory_fits:
        _print_changes(made)


def _print_changes(made: "Plan") -> None:
    from llm_finetune.plan.fit import readable_bytes

    print_line()
    rows = [
        [
            str(number),
            change.setting,
            readable_bytes(change.total_bytes) + (f" ({say('plan.show.enough')})" if change.fits else ""),
            change.effect,
        ]
        for number, change in enumerate(made.changes, 1)
    ]
    names = ["", say("plan.show.changes"), say("plan.show.then"), say("plan.show.effect")]
    print_columns(names, rows, numbers=frozenset({0}))
    if not made.changes[-1].fits:
        print_line(say("plan.show.never"))
