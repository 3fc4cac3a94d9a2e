"""The seam between `transformers.Trainer` and this package.

The library keeps the loop, callbacks, launchers and trackers. Replaced here is how a loss is computed (`engine`), and
how state is written and read (`checkpoint`, `state_files`).
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from transformers import PrinterCallback, Trainer
from transformers.trainer_callback import ExportableState, ProgressCallback

from llm_finetune import files
from llm_finetune.engine.batch import TokenRow, collate
from llm_finetune.engine.loss import mean_token_loss, summed_loss
from llm_finetune.methods.in_training import NOTHING_ELSE, InTraining
from llm_finetune.train import checkpoint as checkpoints
from llm_finetune.train import state_files
from llm_finetune.train.penalties import Penalties
from llm_finetune.train.progress import Tally
from llm_finetune.train.row_order import RowsByLength

SaveWeights = Callable[[Path], None]


class FinetuneTrainer(Trainer):  # type: ignore[misc]
    """A Trainer over token rows, whose checkpoints hold no pickle and appear in one rename."""

    def __init__(
        self,
        *,
        rows: Sequence[TokenRow],
        validation_rows: Sequence[TokenRow],
        pad_id: int,
        precision: str,
        save_weights: SaveWeights,
        load_weights: SaveWeights,
        facts: dict[str, Any],
        is_forced: Callable[[int], bool],
        in_training: InTraining = NOTHING_ELSE,
        **arguments: Any,
    ) -> None:
        super().__init__(
            train_dataset=rows,
            eval_dataset=validation_rows or None,
            data_collator=partial(collate, pad_id=pad_id),
            **arguments,
        )
        self.remove_callback(PrinterCallback)
        self.remove_callback(ProgressCallback)
        self.tally = Tally()
        self._pad_id, self._precision = pad_id, precision
        self._save_weights, self._load_weights = save_weights, load_weights
        self._facts, self._is_forced = facts, is_forced
        self._in_training = in_training
        self._penalties = Penalties(in_training.penalty)
        self._counts = torch.zeros(3, dtype=torch.long)
        self.model_accepts_loss_kwargs = True

    # -- the loss --------------------------------------------------------------------------------------------------

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Mean over the trained tokens of the whole optimizer step, over all its micro-batches and processes."""
        if return_outputs:
            raise TypeError("this trainer keeps no outputs")
        self._count(inputs)
        total, tokens = summed_loss(model, inputs, label_smoothing=self.args.label_smoothing_factor)
        loss = total / (tokens if num_items_in_batch is None else num_items_in_batch)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes
        return loss + self._penalties.share(self.current_gradient_accumulation_steps) if model.training else loss

    def create_optimizer(self, model: Any = None) -> Any:
        """The library's optimizer, with the method's own parameter groups where it has some."""
        groups = self._in_training.parameter_groups
        if groups is None:
            return super().create_optimizer(model)
        kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
        self.optimizer = kind(groups(self.args.learning_rate, self.args.weight_decay), **options)
        return self.optimizer

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """The library's order of rows, or ours where batches are to hold rows of like length."""
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        per_step = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return RowsByLength(self.train_dataset, per_step, seed, lambda: int(self.state.epoch or 0))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """The library's log lines; the mean penalty of the steps since the last one stands beside the loss."""
        super().log(self._penalties.apart_from(logs), start_time)

    def _count(self, inputs: dict[str, Any]) -> None:
        mask = inputs["attention_mask"]
        trained = inputs["labels"][:, 1:].ne(-100).sum()
        self._counts = self._counts.to(mask.device) + torch.stack([mask.sum(), trained, (1 - mask).sum()])

    def settle_counts(self) -> Tally:
        """The tally with the tokens counted since the last call; waits for the device."""
        real, trained, padding = self._counts.tolist()
        self._counts.zero_()
        self.tally.real += real
        self.tally.trained += trained
        self.tally.padding += padding
        return self.tally

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The mean loss per trained token of the validation rows."""
        loss = mean_token_loss(
            self.accelerator.unwrap_model(self.model),
            eval_dataset or self.eval_dataset,
            batch_size=self.args.per_device_eval_batch_size,
            pad_id=self._pad_id,
            precision=self._precision,
        )
        metrics = {f"{metric_key_prefix}_loss": loss}
        self.log(metrics)
        control: Any = self.control  # type: ignore[has-type]
        self.control = self.callback_handler.on_evaluate(self.args, self.state, control, metrics)
        return metrics

    # -- the state -------------------------------------------------------------------------------------------------

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        """Stage and rename the folder of this step; only the first process writes."""
        self.store_flos()
        states = _gathered(state_files.random_state(), self.args.world_size)
        if self.args.should_save:
            target = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            step = self.state.global_step
            settled = step >= self._in_training.settled_at
            kind = {"step": step, "forced": self._is_forced(step), "settled": settled}
            with files.staged_folder(target, {**self._facts, **kind}) as staging:
                self._write_state(staging, states)
        if self.args.world_size > 1:
            distributed.barrier()

    def _write_state(self, staging: Path, states: list[dict[str, Any]]) -> None:
        self._save_weights(staging)
        if self._in_training.save_state is not None:
            self._in_training.save_state(staging)
        state_files.write_optimizer(staging, self.optimizer.state_dict())
        state_files.write_scheduler(staging, self.lr_scheduler.state_dict())
        if self.accelerator.scaler is not None:
            files.write_json(staging / state_files.SCALER, self.accelerator.scaler.state_dict())
        state_files.write_random_states(staging, states)
        files.write_json(staging / checkpoints.PROGRESS, self.settle_counts().as_dict())
        for callback in [*self.callback_handler.callbacks, self.control]:
            if isinstance(callback, ExportableState):
                self.state.stateful_callbacks[type(callback).__name__] = callback.state()
        self.state.save_to_json(str(staging / checkpoints.TRAINER_STATE))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        folder = Path(resume_from_checkpoint)
        self._load_weights(folder)
        counted = files.read_json(folder / checkpoints.PROGRESS)
        self.tally = Tally(**counted)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            self.optimizer.load_state_dict(state_files.read_optimizer(Path(checkpoint)))
            self.lr_scheduler.load_state_dict(state_files.read_scheduler(Path(checkpoint)))

    def _load_scaler(self, checkpoint: str | None) -> None:
        if checkpoint is not None and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(files.read_json(Path(checkpoint) / state_files.SCALER))

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            state = state_files.read_random_state(Path(checkpoint), self.args.process_index)
            state_files.restore_random_state(state)


def _gathered(value: dict[str, Any], world_size: int) -> list[dict[str, Any]]:
    """The value of every process, by rank."""
    if world_size == 1:
        return [value]
    values: list[Any] = [None] * world_size
    distributed.all_gather_object(values, value)
    return values
