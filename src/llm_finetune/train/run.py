"""The training stage: a model and rows in, a delivered folder and its record out."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_finetune.engine.batch import TokenRow
from llm_finetune.engine.checkpointing import recompute_activations
from llm_finetune.engine.dropout import quicken_dropout
from llm_finetune.engine.loss import inputs_as_they_come
from llm_finetune.errors import FinetuneError, Interrupted
from llm_finetune.messages import say
from llm_finetune.methods.in_training import NOTHING_ELSE, InTraining
from llm_finetune.methods.weights import is_adapter, load_weights, save_weights
from llm_finetune.model.load import save_end_tokens
from llm_finetune.project import Project
from llm_finetune.train import checkpoint as checkpoints
from llm_finetune.train.arguments import refused_by_library, training_arguments
from llm_finetune.train.callbacks import (
    EarlyStoppingCallback,
    LogCallback,
    MeasureCallback,
    MethodCallback,
    ObserverCallback,
    RotateCallback,
    StopCallback,
    eval_losses,
)
from llm_finetune.train.checkpoint import Checkpoint
from llm_finetune.train.events import RunLog
from llm_finetune.train.identity import Identity
from llm_finetune.train.ledger import write_run
from llm_finetune.train.progress import Observer, ShowProgress, peak_memory_bytes
from llm_finetune.train.settings import TrainingSettings
from llm_finetune.train.signals import StopRequest, stop_on_signal
from llm_finetune.train.trackers import tensorboard_callbacks
from llm_finetune.train.trainer import FinetuneTrainer


@dataclass(frozen=True, slots=True)
class Job:
    """Everything training needs, made by the stages before it."""

    project: Project
    settings: TrainingSettings
    model: Any
    tokenizer: Any
    rows: Sequence[TokenRow]
    validation_rows: Sequence[TokenRow]
    precision: str
    identity: Identity
    facts: Mapping[str, Any]
    """What `run.json` records about the stages before."""
    end_ids: frozenset[int] = frozenset()
    """Tokens at which an answer ends, for whoever loads what is saved."""
    in_training: InTraining = NOTHING_ELSE
    """What the method does while its model is trained."""
    resume_from: Checkpoint | None = None
    observers: Sequence[Observer] = field(default_factory=tuple)
    show: ShowProgress | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a finished run left."""

    delivered: Path
    delivered_step: int
    reason: str
    steps: int
    planned_steps: int
    eval_losses: tuple[tuple[int, float], ...]
    seconds: float
    tokens: int


def run_training(job: Job) -> RunResult:
    """Train, keep checkpoints, deliver the best weights, and record it all.

    Raises: Interrupted after a signal, with the state saved. FinetuneError if training fails.
    """
    quicken_dropout(job.model)
    if job.settings.gradient_checkpointing is True:
        recompute_activations(job.model)
    arguments = training_arguments(
        job.settings,
        job.project.checkpoints,
        precision=job.precision,
        has_validation=bool(job.validation_rows),
    )
    writes = bool(arguments.should_save)
    log = RunLog(job.project.training_log, job.project.metrics, writes=writes)
    with stop_on_signal() as request:
        try:
            trainer = _trainer(job, arguments, log, request)
        except (ValueError, TypeError, ImportError) as error:
            raise refused_by_library(error) from error
        _announce(job, log, trainer, writes)
        if job.in_training.initialise is not None and job.resume_from is None:
            job.in_training.initialise(trainer.get_train_dataloader())
        try:
            with inputs_as_they_come(job.model):
                trainer.train(resume_from_checkpoint=str(job.resume_from.path) if job.resume_from else None)
        except FinetuneError:
            _record(job, trainer, "failed", writes)
            raise
        except (ValueError, TypeError, KeyError, ImportError) as error:
            _record(job, trainer, "failed", writes)
            log.line(traceback.format_exc())
            raise refused_by_library(error) from error
        except (RuntimeError, OSError, MemoryError) as error:
            _record(job, trainer, "failed", writes)
            log.line(say("train.failed", what=error))
            raise FinetuneError(say("train.failed", what=error)) from error
    if request and trainer.state.global_step < trainer.state.max_steps:
        _record(job, trainer, "interrupted", writes)
        message = say("train.interrupted", step=trainer.state.global_step, total=trainer.state.max_steps)
        log.line(message)
        raise Interrupted(request.signal_number, message)
    return _finish(job, trainer, log, writes)


def _trainer(job: Job, arguments: Any, log: RunLog, request: StopRequest) -> FinetuneTrainer:
    stop, settled = StopCallback(request), job.in_training.settled_at
    trainer = FinetuneTrainer(
        model=job.model,
        args=arguments,
        rows=job.rows,
        validation_rows=job.validation_rows,
        pad_id=job.tokenizer.pad_token_id,
        precision=job.precision,
        save_weights=lambda folder: save_model(job, folder),
        load_weights=lambda folder: load_model_state(job, folder),
        in_training=job.in_training,
        is_forced=lambda step: step == stop.forced_step,
        facts={"format": checkpoints.FORMAT, "identity": job.identity.as_dict()},
    )
    if job.in_training.after_optimizer is not None:
        trainer.add_callback(MethodCallback(job.in_training.after_optimizer))
    trainer.add_callback(MeasureCallback())
    trainer.add_callback(LogCallback(log, trainer.settle_counts, job.show))
    trainer.add_callback(ObserverCallback(list(job.observers), job.project.logs))
    if job.settings.early_stopping_patience and job.validation_rows:
        trainer.add_callback(EarlyStoppingCallback(job.settings.early_stopping_patience, settled))
    for callback in tensorboard_callbacks(job.settings, job.project.logs):
        trainer.add_callback(callback)
    trainer.add_callback(RotateCallback(job.project, job.settings.save_total_limit, settled))
    trainer.add_callback(stop)
    return trainer


def load_model_state(job: Job, folder: Path) -> None:
    """Put the weights of a checkpoint into the model, and what its method keeps beside them."""
    if job.in_training.load_state is None:
        load_weights(job.model, folder)
    else:
        job.in_training.load_state(folder)


def save_model(job: Job, folder: Path) -> None:
    """Write weights, configuration, tokenizer, chat template and the tokens that end an answer."""
    if job.in_training.save_weights is None:
        save_weights(job.model, folder)
    else:
        job.in_training.save_weights(folder)
    job.tokenizer.save_pretrained(folder)
    if job.end_ids:
        save_end_tokens(folder, job.model.get_base_model() if is_adapter(job.model) else job.model, job.end_ids)


def _announce(job: Job, log: RunLog, trainer: FinetuneTrainer, writes: bool) -> None:
    log.forget_after(job.resume_from.step if job.resume_from else 0)
    if job.resume_from:
        log.line(say("train.resumed", step=job.resume_from.step))
    else:
        log.line(say("train.started", rows=len(job.rows), validation=len(job.validation_rows)))
    _record(job, trainer, "running", writes)


def _record(job: Job, trainer: FinetuneTrainer, status: Any, writes: bool, **more: Any) -> None:
    """Write `run.json` as things stand."""
    if not writes:
        return
    tally = trainer.settle_counts()
    write_run(
        job.project,
        {
            **job.facts,
            "identity": job.identity.as_dict(),
            "device": str(trainer.args.device),
            "world_size": trainer.args.world_size,
            "done_steps": trainer.state.global_step,
            "tokens": {"real": tally.real, "trained": tally.trained, "padding": tally.padding},
            "seconds": round(tally.elapsed(), 1),
            "peak_memory_bytes": peak_memory_bytes(),
            "eval_losses": [{"step": step, "loss": loss} for step, loss in eval_losses(trainer.state)],
            **more,
        },
        status,
    )


def _finish(job: Job, trainer: FinetuneTrainer, log: RunLog, writes: bool) -> RunResult:
    """Deliver and record; the other processes wait for the first one."""
    target = job.project.adapter if is_adapter(job.model) else job.project.full_model
    step, reason = trainer.state.global_step, say("train.delivered.last", step=trainer.state.global_step)
    if writes:
        step, reason = deliver_best(job, trainer, target)
        method = {} if job.in_training.report is None else dict(job.in_training.report())
        delivered = {"path": job.project.shown(target), "step": step}
        _record(job, trainer, "finished", writes, delivered=delivered, method_report=method)
        for line in (*method.get("lines", ()), reason):
            log.line(line)
    trainer.accelerator.wait_for_everyone()
    tally = trainer.settle_counts()
    return RunResult(
        delivered=target,
        delivered_step=step,
        reason=reason,
        steps=trainer.state.global_step,
        planned_steps=trainer.state.max_steps,
        eval_losses=tuple(eval_losses(trainer.state)),
        seconds=tally.elapsed(),
        tokens=tally.real,
    )


def deliver_best(job: Job, trainer: FinetuneTrainer, target: Path) -> tuple[int, str]:
    """Deliver the checkpoint with the lowest validation loss; without checkpoints or losses, the last weights."""
    chosen = checkpoints.best(job.project)
    if chosen is None or not eval_losses(trainer.state) or chosen.eval_loss is None:
        step = trainer.state.global_step
        with checkpoints.delivery(target, step, job.identity.as_dict()) as staging:
            save_model(job, staging)
        return step, say("train.delivered.last", step=step)
    checkpoints.deliver(chosen, target)
    return chosen.step, say("train.delivered.best", step=chosen.step, loss=f"{chosen.eval_loss:.4f}")
