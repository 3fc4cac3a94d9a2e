"""Train: decide whether to start, go on or stop, and hand the job to the training stage."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune import files
from llm_finetune.data.encode import Example
from llm_finetune.data.split import write_split
from llm_finetune.errors import ConfigError, InputError, Problem
from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.settings import resolved
from llm_finetune.train.arguments import planned_steps, training_arguments
from llm_finetune.train.checkpoint import (
    Checkpoint,
    deliver,
    newest,
    open_checkpoint,
    steps_on_disk,
)
from llm_finetune.train.hardware import hardware_problems
from llm_finetune.train.identity import Identity, data_sha256, differences, step_keys
from llm_finetune.train.ledger import read_run, versions
from llm_finetune.train.progress import ShowProgress
from llm_finetune.workflow import quantizing
from llm_finetune.workflow.checkpointing import method_problems, resolve_checkpointing
from llm_finetune.workflow.forecasting import forecast_for, record_comparison
from llm_finetune.workflow.history import archive
from llm_finetune.workflow.opening import Opened, Tell, collecting, is_main_process, tell_on_stderr
from llm_finetune.workflow.preparing import Prepared, in_method_file, prepare
from llm_finetune.workflow.processes import process_count, wait_for_everyone
from llm_finetune.workflow.sampling import sample_answers
from llm_finetune.workflow.starting import (
    begin,
    facts_of_start,
    identity_of_start,
    in_training,
    require_trainable,
    with_added_rows,
)

if TYPE_CHECKING:
    from llm_finetune.train.run import Job


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What `train` tells: the run is complete, and where its result lies."""

    delivered: Path
    summary: str
    already_complete: bool
    run: dict[str, Any]


def train(
    opened: Opened,
    *,
    fresh: bool = False,
    tell: Tell = tell_on_stderr,
    show: ShowProgress | None = None,
) -> TrainResult:
    """Fine-tune, or go on with an interrupted run, or say that it is complete.

    Raises: InputError for wrong input; Interrupted after a signal, with the state saved.
    """
    prepared = prepare_training(opened, tell)
    opened = with_added_rows(opened, prepared.base)
    if not is_main_process():
        return _train_locked(opened, prepared, fresh=fresh, tell=_silent, show=None)
    try:
        with files.folder_lock(opened.project.lock):
            return _train_locked(opened, prepared, fresh=fresh, tell=tell, show=show)
    except files.FolderLockedError as error:
        problem = Problem("locked", say("train.locked", pid=error.pid), say("train.locked.fix"))
        raise InputError(problem) from error


def prepare_training(opened: Opened, tell: Tell) -> Prepared:
    """Everything known before weights are loaded, after the library has seen its arguments too.

    Raises: InputError with every problem found.
    """
    training = opened.settings.training_settings
    problems = [*hardware_problems(training), *method_problems(opened)]
    with collecting(problems):
        training_arguments(
            training,
            opened.project.checkpoints,
            precision="float32",
            has_validation=True,
            without={problem.field.removeprefix("training.") for problem in problems},
        )
    counts_steps = opened.settings.training_settings.max_steps > 0
    with collecting(problems):
        if counts_steps:
            method_choices(opened, 0)
    with collecting(problems):
        prepared = prepare(opened, tell, may_fetch=not problems)
        if not counts_steps:
            method_choices(opened, len(prepared.train))
    if problems:
        raise InputError(problems)
    return prepared


def method_choices(opened: Opened, rows: int) -> tuple[str, ...]:
    """What the method makes of the number of steps that so many rows give, in sentences.

    Raises: ModelError if its settings do not fit them.
    """
    choices = opened.method.choices
    if choices is None:
        return ()
    with in_method_file(opened):
        return choices(opened.method_settings, planned_steps(rows, opened.settings.training_settings, process_count()))


def _silent(_line: str) -> None:
    """What the other processes tell."""


def _train_locked(
    opened: Opened, prepared: Prepared, *, fresh: bool, tell: Tell, show: ShowProgress | None
) -> TrainResult:
    project, settings = opened.project, opened.settings.training_settings
    if is_main_process():
        files.sweep_leftovers(project.checkpoints)
        if fresh and (name := archive(project)):
            tell(say("train.archived", folder=name))
    wait_for_everyone()
    identity = identity_of(opened, prepared)
    planned = planned_steps(len(prepared.train), settings, process_count())
    checkpoint, passed_over = newest(project)
    for step, fault in passed_over:
        tell(say("train.passed_over", step=step, fault=fault))
    _refuse_changes(project, checkpoint, identity)
    if done := _complete(project, planned, checkpoint, tell):
        return done
    wait_for_everyone()
    if checkpoint:
        tell(say("train.resumed", step=checkpoint.step))
    tell(say("train.precision", name=prepared.precision.name, reason=prepared.precision.reason))
    tell(_plan_line(prepared, planned))
    for line in method_choices(opened, len(prepared.train)):
        tell(line)
    if is_main_process() and prepared.rows.split is not None:
        write_split(project.splits, prepared.rows.train, prepared.rows.validation)
    return _run(opened, prepared, identity, checkpoint, tell=tell, show=show)


def _plan_line(prepared: Prepared, planned: int) -> str:
    return say(
        "train.plan",
        rows=len(prepared.train),
        validation=len(prepared.validation),
        tokens=sum(example.length for example in prepared.train),
        trained=sum(example.trained for example in prepared.train),
        steps=planned,
    )


def _run(
    opened: Opened,
    prepared: Prepared,
    identity: Identity,
    checkpoint: Checkpoint | None,
    *,
    tell: Tell,
    show: ShowProgress | None,
) -> TrainResult:
    from llm_finetune.train.run import run_training

    job = make_job(opened, prepared, identity, checkpoint, tell=tell, show=show)
    result = run_training(job)
    run = read_run(opened.project)
    if is_main_process():
        run = record_comparison(opened.project, run, tell)
    return TrainResult(result.delivered, result.reason, False, run)


def make_job(
    opened: Opened,
    prepared: Prepared,
    identity: Identity,
    checkpoint: Checkpoint | None,
    *,
    tell: Tell,
    show: ShowProgress | None,
) -> "Job":
    """Load the model, make it trainable, and put together all that training needs."""
    from llm_finetune.train.run import Job

    checkpointing = resolve_checkpointing(opened, prepared)
    tell(checkpointing.sentence)
    settings = opened.settings.training_settings.model_copy(update={"gradient_checkpointing": checkpointing.is_on})
    model, trainable, total = _adapted_model(opened, prepared, tell)
    planned = planned_steps(len(prepared.train), settings, process_count())
    tell(say("train.parameters", trainable=trainable, total=total, share=f"{trainable / total:.2%}"))
    return Job(
        project=opened.project,
        settings=settings,
        model=model,
        tokenizer=prepared.text_model.tokenizer,
        rows=prepared.train,
        validation_rows=prepared.validation,
        precision=prepared.precision.name,
        identity=identity,
        facts={
            **_facts(opened, prepared, trainable, total),
            "gradient_checkpointing": {"on": checkpointing.is_on, "reason": checkpointing.reason},
            "forecast": forecast_for(opened.project, identity, planned),
        },
        end_ids=prepared.text_model.end_ids,
        in_training=in_training(opened, model, planned),
        resume_from=checkpoint,
        observers=sample_answers(opened, prepared),
        show=show,
    )


def _adapted_model(opened: Opened, prepared: Prepared, tell: Tell) -> tuple[Any, int, int]:
    from transformers import set_seed

    from llm_finetune.methods.trainable import trainable_parameters
    from llm_finetune.model.generation import repair_generation
    from llm_finetune.model.load import load_model

    settings = opened.settings.training_settings
    model = load_model(prepared.base, stored_format(opened, prepared), opened.settings.model.quantization)
    for line in quantizing.told(opened, model, prepared.precision.name):
        tell(line)
    if keys := repair_generation(model):
        tell(say("model.generation_repaired", name=prepared.base.name, keys=", ".join(keys)))
    set_seed(settings.seed)
    planned = planned_steps(len(prepared.train), settings, process_count())
    model = opened.method.apply(model, opened.method_settings, planned)
    begin(opened, model, prepared.base, tell)
    for line in opened.method.told(model, opened.method_settings) if opened.method.told else ():
        tell(line)
    return model, *require_trainable(trainable_parameters(model))


def stored_format(opened: Opened, prepared: Prepared) -> str:
    """The number format the base is loaded in: what is computed in, unless weights to be trained would be rounded.

    Weights of the base that are trained start as the base has them, bit for bit.
    """
    from llm_finetune.model.load import load_config

    precision = prepared.precision.name
    if not opened.settings.method.is_full:
        return precision
    in_files = str(load_config(prepared.base).dtype).removeprefix("torch.")
    trains_all = opened.settings.method.train_layers is None
    return "float32" if trains_all or in_files != precision else precision


def identity_of(opened: Opened, prepared: Prepared) -> Identity:
    """What makes this run the same run when it goes on."""
    return Identity(
        base=prepared.base_sha256,
        data=data_sha256([*prepared.train, *prepared.validation]),
        method={**opened.method_settings.model_dump(mode="json", exclude_none=True), **identity_of_start(opened)},
        training=step_keys(opened.settings.training_settings.model_dump(mode="json")),
        precision=prepared.precision.name,
        world_size=process_count(),
        quantization=opened.settings.model.quantization,
    )


def _facts(opened: Opened, prepared: Prepared, trainable: int, total: int) -> dict[str, Any]:
    base = prepared.base
    config = resolved(opened.settings)
    method = opened.method_settings.model_dump(mode="json", exclude_none=True)
    return {
        "versions": versions(),
        "config": config,
        "config_sha256": files.sha256_of_text(json.dumps([config, method], sort_keys=True)),
        "method": method,
        "base_name": base.name,
        "base_path": base.path,
        "base_revision": base.revision,
        "base_source": base.source,
        "base_license": base.license,
        "base_sha256": prepared.base_sha256,
        "data_sha256": {
            shown: files.sha256_of_file(path)
            for path, shown in _sources(opened, [*prepared.train, *prepared.validation])
        },
        "rows": {"train": len(prepared.train), "validation": len(prepared.validation)},
        "dtype": prepared.precision.name,
        "dtype_reason": prepared.precision.reason,
        "quantization": opened.settings.model.quantization,
        "seed": opened.settings.training_settings.seed,
        "planned_steps": planned_steps(len(prepared.train), opened.settings.training_settings, process_count()),
        "parameters": {"trained": trainable, "total": total},
        **facts_of_start(opened, base),
    }


def _sources(opened: Opened, examples: Sequence[Example]) -> list[tuple[Path, str]]:
    names = sorted({example.path for example in examples})
    return [(opened.project.resolve(name), name) for name in names]


def _refuse_changes(project: Project, checkpoint: Checkpoint | None, identity: Identity) -> None:
    """Raises: ConfigError if the run on disk was made from something else."""
    recorded = checkpoint.facts.get("identity") if checkpoint else read_run(project).get("identity")
    if not recorded or (checkpoint is None and read_run(project).get("status") != "finished"):
        return
    if changes := differences(recorded, identity):
        raise ConfigError(
            Problem(
                "changed",
                say("train.changed", name=name, old=_short(old), new=_short(new)),
                say("train.changed.fix"),
                project.shown(project.config),
            )
            for name, old, new in changes
        )


def _short(value: Any) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) == 64 and text.isalnum() else text


def _complete(project: Project, planned: int, checkpoint: Checkpoint | None, tell: Tell) -> TrainResult | None:
    """The finished run, with its delivered folder rebuilt if it does not verify; None if there is work to do.

    Raises: ConfigError if a finished run is to be longer, and no checkpoint is there to go on from.
    """
    run = read_run(project)
    if run.get("status") != "finished":
        return None
    if planned > run["planned_steps"]:
        if checkpoint is None:
            fix = say("train.changed.fix")
            raise ConfigError(Problem("cannot_extend", say("train.cannot_extend"), fix))
        return None
    delivered = project.root / run["delivered"]["path"]
    if fault := files.manifest_fault(delivered):
        chosen, _ = open_checkpoint(project, run["delivered"]["step"])
        if chosen is None:
            return None
        deliver(chosen, delivered)
        tell(say("train.rebuilt", fault=fault, step=chosen.step))
    summary = say("train.already_complete", steps=run["done_steps"], planned=run["planned_steps"])
    return TrainResult(delivered, summary, True, run)


def deliver_checkpoint(opened: Opened, step: int) -> TrainResult:
    """Make a chosen checkpoint of the run on disk the delivered one.

    Raises: InputError if there is no such checkpoint.
    """
    project = opened.project
    checkpoint, fault = open_checkpoint(project, step)
    if checkpoint is None:
        raise InputError(no_checkpoint(project, step, fault))
    target = project.full_model if opened.settings.method.is_full else project.adapter
    with files.folder_lock(project.lock):
        deliver(checkpoint, target)
        run = read_run(project)
        run["delivered"] = {"path": project.shown(target), "step": step}
        files.write_json(project.run, run)
    return TrainResult(target, say("train.delivered.chosen", step=step), False, run)


def no_checkpoint(project: Project, step: int, fault: str) -> Problem:
    """The problem of a checkpoint that is not there or does not verify."""
    steps = ", ".join(map(str, steps_on_disk(project))) or "—"
    return Problem(
        "no_checkpoint",
        say("train.no_checkpoint", step=step, fault=fault),
        say("train.no_checkpoint.fix", steps=steps),
    )
