"""Settings of training: Hugging Face `TrainingArguments` names, and a few of our own.

The names come from the installed library's source text. The fields written out here are those this package reads
itself; their defaults are ours. All the others are passed through as given.
"""

from typing import Any, Literal

from pydantic import Field, create_model

from llm_finetune.config.installed import dataclass_fields
from llm_finetune.config.strict import Settings

Schedule = Literal["no", "steps", "epoch"]

OWN_KEYS = ("early_stopping_patience", "gradient_checkpointing")
"""Keys of this section that are ours, and are not handed to `TrainingArguments` as they stand."""

REFUSED: dict[str, str] = {
    # `TrainingArguments` that this product decides itself, and the message (and its `.fix`) that says how.
    "output_dir": "config.output_dir",
    "do_train": "config.verbs",
    "do_eval": "config.verbs",
    "do_predict": "config.verbs",
    "resume_from_checkpoint": "config.resume",
    "ignore_data_skip": "config.resume",
    "enable_jit_checkpoint": "config.resume",
    "save_only_model": "config.save_only_model",
    "save_on_each_node": "config.layout",
    "push_to_hub": "config.push",
    "hub_token": "config.token",
    "hub_private_repo": "config.push",
    "hub_model_id": "config.push",
    "hub_strategy": "config.push",
    "hub_always_push": "config.push",
    "hub_revision": "config.push",
    "remove_unused_columns": "config.columns",
    "label_names": "config.columns",
    "length_column_name": "config.columns",
    "include_for_metrics": "config.metrics",
    "batch_eval_metrics": "config.metrics",
    "prediction_loss_only": "config.metrics",
    "eval_do_concat_batches": "config.metrics",
    "eval_use_gather_object": "config.metrics",
    "eval_accumulation_steps": "config.metrics",
    "greater_is_better": "config.best",
    "metric_for_best_model": "config.best",
    "load_best_model_at_end": "config.best",
    "disable_tqdm": "config.progress",
    "log_level": "config.progress",
    "log_level_replica": "config.progress",
    "log_on_each_node": "config.progress",
    "include_num_input_tokens_seen": "config.tokens",
    "bf16": "config.precision",
    "fp16": "config.precision",
    "bf16_full_eval": "config.precision",
    "fp16_full_eval": "config.precision",
    "activation_checkpointing": "train.one_checkpointing_key",
    "activation_checkpointing_kwargs": "train.checkpointing_kind",
    "gradient_checkpointing_kwargs": "train.checkpointing_kind",
    "local_rank": "config.rank",
    "auto_find_batch_size": "config.batch",
    "use_liger_kernel": "config.engine",
    "liger_kernel_config": "config.engine",
    "debug": "config.engine",
    "parallelism_config": "config.engine",
}

ALIASES: dict[str, str] = {
    # Keys of older versions and of other tools → today's key.
    "evaluation_strategy": "training.eval_strategy",
    "warmup_ratio": "training.warmup_steps",
    "logging_dir": "training.report_to",
    "max_seq_length": "data.max_length",
    "max_seq_len": "data.max_length",
    "max_length": "data.max_length",
    "cutoff_len": "data.max_length",
    "micro_batch_size": "training.per_device_train_batch_size",
    "batch_size": "training.per_device_train_batch_size",
    "num_epochs": "training.num_train_epochs",
    "epochs": "training.num_train_epochs",
    "lr": "training.learning_rate",
    "lr_scheduler": "training.lr_scheduler_type",
    "group_by_length": "training.train_sampling_strategy",
    "no_cuda": "training.use_cpu",
    "overwrite_output_dir": "--fresh",
    "save_safetensors": "training.save_strategy",
    "lora_rank": "config/lora_config.json: r",
    "lora_r": "config/lora_config.json: r",
    "lora_alpha": "config/lora_config.json: lora_alpha",
    "lora_dropout": "config/lora_config.json: lora_dropout",
    "lora_target_modules": "config/lora_config.json: target_modules",
    "lora_target": "config/lora_config.json: target_modules",
}


class TrainingSettings(Settings):
    """How the model is trained. The keys of Hugging Face `TrainingArguments` not written out here pass through."""

    num_train_epochs: float = Field(default=3.0, gt=0, description="How often every row is trained on.")
    max_steps: int = Field(
        default=-1,
        ge=-1,
        description="Optimizer steps in all; overrides `num_train_epochs`. -1 counts epochs.",
    )
    per_device_train_batch_size: int = Field(
        default=8, ge=1, description="Rows in one forward pass on each device. Memory grows with it."
    )
    gradient_accumulation_steps: int = Field(
        default=1,
        ge=1,
        description="Forward passes summed into one optimizer step; the loss stays a mean over tokens.",
    )
    per_device_eval_batch_size: int = Field(
        default=8,
        ge=1,
        description="Rows in one forward pass when the loss is measured or answers are generated.",
    )
    learning_rate: float = Field(default=2e-4, gt=0, le=10, description="Step size at its peak.")
    lr_scheduler_type: str = Field(default="linear", description="How the learning rate falls: linear, cosine …")
    warmup_steps: float = Field(
        default=0.03, ge=0, description="Steps of rising learning rate; below 1 it is a share of all steps."
    )
    weight_decay: float = Field(default=0.0, ge=0, description="Decay of the trained weights at each step.")
    max_grad_norm: float = Field(
        default=1.0, ge=0, description="Longest gradient; longer ones are scaled down. 0: off."
    )
    logging_steps: float = Field(
        default=5, gt=0, description="Steps between two log lines; below 1 it is a share of all steps."
    )
    eval_strategy: Schedule | None = Field(
        default=None, description="When the validation loss is measured. Null follows `save_strategy`."
    )
    eval_steps: float | None = Field(
        default=None,
        gt=0,
        description="Steps between two measurements of the validation loss. Null follows `save_steps`.",
    )
    save_strategy: Schedule = Field(default="epoch", description="When a checkpoint is written: no, steps or epoch.")
    save_steps: float = Field(
        default=500, gt=0, description="Steps between two checkpoints; below 1 it is a share of all steps."
    )
    save_total_limit: int | None = Field(
        default=3,
        ge=1,
        description="Checkpoints kept. The best and the newest are always kept. Null keeps all.",
    )
    seed: int = Field(default=42, ge=0, lt=2**32, description="Seed of the row order, the adapter's start and dropout.")
    use_cpu: bool = Field(default=False, description="Stay on the CPU even where there is a GPU.")
    report_to: str | list[str] = Field(
        default="none",
        description="Trackers that mirror the metrics, for example `trackio` or `tensorboard`.",
    )
    gradient_checkpointing: Literal["auto"] | bool = Field(
        default="auto",
        description="Keep no activations inside the blocks and compute them again in the backward pass: far less "
        "memory for about a third more time, with equal results. `auto` switches it on when memory needs it.",
    )
    early_stopping_patience: int | None = Field(
        default=None,
        ge=1,
        description="Stop when the validation loss has not improved in this many measurements in a row; null: never.",
    )

    @property
    def trackers(self) -> list[str]:
        """Names of the trackers asked for."""
        names = [self.report_to] if isinstance(self.report_to, str) else list(self.report_to)
        return [name for name in names if name != "none"]

    @property
    def evaluates_when(self) -> Schedule:
        """When the validation loss is measured, after "null follows save_strategy"."""
        return self.save_strategy if self.eval_strategy is None else self.eval_strategy

    @property
    def evaluates_every(self) -> float:
        """Steps between measurements, after "null follows save_steps"."""
        return self.save_steps if self.eval_steps is None else self.eval_steps

    def passed_through(self) -> dict[str, Any]:
        """The `TrainingArguments` keys as given, with our defaults, without our own keys."""
        written = set(TrainingSettings.model_fields) | self.model_fields_set
        return {name: getattr(self, name) for name in sorted(written) if name not in OWN_KEYS}


def _passed_through_fields() -> dict[str, Any]:
    installed = dataclass_fields("transformers", "training_args.py", "TrainingArguments")
    return {
        name: (fact.annotation, Field(default=None, description=fact.help, validate_default=False))
        for name, fact in installed.items()
        if name not in TrainingSettings.model_fields and name not in REFUSED
    }


CheckedTrainingSettings = create_model(
    "CheckedTrainingSettings",
    __base__=TrainingSettings,
    __doc__=TrainingSettings.__doc__,
    **_passed_through_fields(),
)
