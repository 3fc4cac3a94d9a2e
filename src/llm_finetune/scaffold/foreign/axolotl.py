"""Axolotl's configurations. Key names are those of its `utils.schemas` in 2026, older ones included."""

from typing import Any

from llm_finetune.methods.settings import FULL
from llm_finetune.scaffold.foreign.axolotl_data import data_sets, held_out_sets
from llm_finetune.scaffold.foreign.hugging_face import (
    EVERY_LINEAR,
    base_model,
    environment,
    held_out_share,
    optimizer,
    precision,
    schedule,
    template_file,
    tracker_switch,
    trackers,
    warmup_ratio,
)
from llm_finetune.scaffold.foreign.taking import Convert, Taking, Tool, is_switched_on
from llm_finetune.scaffold.foreign.templates import chat_template

LORA_ADAPTERS = ("lora", "qlora")
OVERLONG = {"drop": "drop", "truncate": "truncate", "raise": "stop"}


def _per_epoch(strategy: str, steps: str) -> Convert:
    """How often an epoch, as a share of all steps, which is what the library takes."""

    def convert(taking: Taking, key: str, value: Any) -> None:
        epochs = taking.given.get("num_epochs", 1)
        if value == 1 and not isinstance(value, bool):
            taking.set(strategy, "epoch", key)
        elif not isinstance(value, int | float) or not isinstance(epochs, int | float) or value < 0 or epochs <= 0:
            taking.refuse(key, "not_a_number", value=value)
        elif taking.given.get("max_steps"):
            taking.leave(key, "per_epoch")
        elif value:
            taking.set(strategy, "steps", key)
            taking.set(steps, round(1 / (value * epochs), 6), key)
        else:
            taking.set(strategy, "no", key)

    return convert


def _every(strategy: str, steps: str) -> Convert:
    """A number of steps, or a share of all."""

    def convert(taking: Taking, key: str, value: Any) -> None:
        taking.set(strategy, "steps", key)
        taking.set(steps, value, key)

    return convert


def _batch_size(taking: Taking, key: str, value: Any) -> None:
    """Rows of one optimizer step, of which one forward pass takes `micro_batch_size`."""
    micro = taking.given.get("micro_batch_size", 1)
    if not isinstance(value, int) or not isinstance(micro, int) or micro < 1 or value % micro:
        taking.refuse(key, "batch_size", value=value, micro=micro)
    else:
        taking.set("training.gradient_accumulation_steps", value // micro, key)


def _overlong(taking: Taking, key: str, value: Any) -> None:
    if str(value) in OVERLONG:
        taking.set("data.overlong", OVERLONG[str(value)], key)
    else:
        taking.leave(key, "not_offered")


def _train_on_inputs(taking: Taking, key: str, value: Any) -> None:
    if is_switched_on(value):
        taking.set("data.train_on", "all", key)


def _checkpointing(taking: Taking, key: str, value: Any) -> None:
    """Recomputing instead of keeping; where the kept part is moved elsewhere is not offered."""
    if isinstance(value, str) and is_switched_on(value) and value.lower() not in {"true", "yes", "on"}:
        taking.leave(key, "offload")
    taking.set("training.gradient_checkpointing", is_switched_on(value), key)


def _adapter(taking: Taking, key: str, value: Any) -> None:
    if value not in LORA_ADAPTERS:
        taking.leave(key, "method", name=value)
    elif value == "qlora":
        taking.leave(key, "quantized")


def _targets(taking: Taking, key: str, value: Any) -> None:
    """Names, or a regular expression; `lora_target_linear` adds every linear layer to them."""
    taking.set("adapter.target_modules", value, key)


def _all_linear(taking: Taking, key: str, value: Any) -> None:
    if is_switched_on(value):
        taking.set("adapter.target_modules", EVERY_LINEAR, key)


def _stage(taking: Taking, key: str, value: Any) -> None:
    if is_switched_on(value):
        taking.refuse(key, "stage", name=value)


def _pretraining(taking: Taking, key: str, _value: Any) -> None:
    taking.refuse(key, "stage", name=key)


def _finish(taking: Taking) -> None:
    """The method, the number format, and what belongs to only one of several methods."""
    if taking.given.get("adapter"):
        taking.settings.setdefault("adapter.lora_dropout", 0.0)
        taking.origins.setdefault("adapter.lora_dropout", "lora_dropout")
        if is_switched_on(taking.given.get("lora_target_linear")):
            taking.set("adapter.target_modules", EVERY_LINEAR, "lora_target_linear")
    else:
        for dotted in [dotted for dotted in taking.settings if dotted.startswith("adapter.")]:
            taking.leave(taking.origins[dotted], "no_adapter")
            del taking.settings[dotted]
        taking.set("method.adapter", FULL, "adapter")
    switches = {"bf16": ("bf16", "bfloat16"), "fp16": ("fp16", "float16")}
    for half, names in switches.items():
        if any(is_switched_on(taking.given.get(name)) and taking.given[name] != "auto" for name in names):
            precision(taking, half)
            break
    else:
        if is_switched_on(taking.given.get("float32")):
            taking.set("model.dtype", "float32", "float32")


def _nothing(_taking: Taking, _key: str, _value: Any) -> None:
    """Keys that are read together with others, or say what is so anyway."""


KEYS: dict[str, str | Convert] = {
    # Axolotl's key → ours, or a function where the value changes. Order is that of the new file.
    "base_model": base_model,
    "revision_of_model": "model.revision",
    "model_revision": "model.revision",
    "chat_template": chat_template,
    "chat_template_jinja": template_file,
    "datasets": data_sets,
    "test_datasets": held_out_sets,
    "val_set_size": held_out_share,
    "sequence_len": "data.max_length",
    "excess_length_strategy": _overlong,
    "default_system_message": "data.system",
    "train_on_inputs": _train_on_inputs,
    "adapter": _adapter,
    "lora_r": "adapter.r",
    "lora_alpha": "adapter.lora_alpha",
    "lora_dropout": "adapter.lora_dropout",
    "lora_target_modules": _targets,
    "lora_target_linear": _all_linear,
    "lora_modules_to_save": "adapter.modules_to_save",
    "peft_use_dora": "adapter.use_dora",
    "peft_use_rslora": "adapter.use_rslora",
    "peft_layers_to_transform": "adapter.layers_to_transform",
    "peft_layers_pattern": "adapter.layers_pattern",
    "peft_init_lora_weights": "adapter.init_lora_weights",
    "peft_ensure_weight_tying": "adapter.ensure_weight_tying",
    "num_epochs": "training.num_train_epochs",
    "max_steps": "training.max_steps",
    "micro_batch_size": "training.per_device_train_batch_size",
    "gradient_accumulation_steps": "training.gradient_accumulation_steps",
    "batch_size": _batch_size,
    "eval_batch_size": "training.per_device_eval_batch_size",
    "learning_rate": "training.learning_rate",
    "lr_scheduler": schedule,
    "warmup_steps": "training.warmup_steps",
    "warmup_ratio": warmup_ratio,
    "optimizer": optimizer,
    "gradient_checkpointing": _checkpointing,
    "evaluation_strategy": "training.eval_strategy",
    "eval_steps": _every("training.eval_strategy", "training.eval_steps"),
    "evals_per_epoch": _per_epoch("training.eval_strategy", "training.eval_steps"),
    "save_steps": _every("training.save_strategy", "training.save_steps"),
    "saves_per_epoch": _per_epoch("training.save_strategy", "training.save_steps"),
    "noisy_embedding_alpha": "training.neftune_noise_alpha",
    "wandb_name": "training.run_name",
    "wandb_project": tracker_switch("wandb"),
    "use_wandb": tracker_switch("wandb"),
    "use_tensorboard": tracker_switch("tensorboard"),
    "use_mlflow": tracker_switch("mlflow"),
    "use_comet": tracker_switch("comet_ml"),
    "report_to": trackers,
    "wandb_entity": environment("WANDB_ENTITY"),
    "wandb_watch": environment("WANDB_WATCH"),
    "wandb_mode": environment("WANDB_MODE"),
    "wandb_run_id": environment("WANDB_RUN_ID"),
    "wandb_log_model": environment("WANDB_LOG_MODEL"),
    "mlflow_tracking_uri": environment("MLFLOW_TRACKING_URI"),
    "mlflow_experiment_name": environment("MLFLOW_EXPERIMENT_NAME"),
    "rl": _stage,
    "pretraining_dataset": _pretraining,
    "bf16": _nothing,
    "fp16": _nothing,
    "bfloat16": _nothing,
    "float16": _nothing,
    "float32": _nothing,
    "strict": _nothing,
}
NO_EQUIVALENT: dict[str, str] = {
    # Axolotl's key → why it is left out (a text of `messages/scaffold.py` behind `scaffold.left.`).
    "output_dir": "fixed_folders",
    "dataset_prepared_path": "decided_here",
    "dataset_processes": "decided_here",
    "dataset_num_proc": "decided_here",
    "dataset_keep_in_memory": "decided_here",
    "skip_prepare_dataset": "decided_here",
    "shuffle_merged_datasets": "decided_here",
    "base_model_config": "decided_here",
    "model_type": "decided_here",
    "type_of_model": "decided_here",
    "tokenizer_type": "decided_here",
    "tokenizer_use_fast": "decided_here",
    "tokenizer_legacy": "decided_here",
    "is_llama_derived_model": "decided_here",
    "is_falcon_derived_model": "decided_here",
    "is_mistral_derived_model": "decided_here",
    "is_qwen_derived_model": "decided_here",
    "device_map": "decided_here",
    "low_cpu_mem_usage": "decided_here",
    "sample_packing": "batches",
    "eval_sample_packing": "batches",
    "pad_to_sequence_len": "batches",
    "sample_packing_eff_est": "batches",
    "sample_packing_group_size": "batches",
    "sample_packing_bin_size": "batches",
    "sample_packing_sequentially": "batches",
    "multipack_real_batches": "batches",
    "batch_flattening": "batches",
    "group_by_length": "batches",
    "flash_attention": "decided_here",
    "flex_attention": "decided_here",
    "sdp_attention": "decided_here",
    "xformers_attention": "decided_here",
    "eager_attention": "decided_here",
    "attn_implementation": "decided_here",
    "torch_compile": "decided_here",
    "lora_mlp_kernel": "decided_here",
    "lora_qkv_kernel": "decided_here",
    "lora_o_kernel": "decided_here",
    "lora_fan_in_fan_out": "decided_here",
    "save_safetensors": "decided_here",
    "load_in_8bit": "quantized",
    "load_in_4bit": "quantized",
    "gptq": "quantized",
    "bnb_config_kwargs": "quantized",
    "peft": "quantized",
    "qat": "quantized",
    "trust_remote_code": "remote_code",
    "resume_from_checkpoint": "resume",
    "auto_resume_from_checkpoints": "resume",
    "lora_model_dir": "other_adapter",
    "peft_model_dir": "other_adapter",
    "hub_model_id": "push",
    "hub_strategy": "push",
    "push_dataset_to_hub": "push",
    "hf_use_auth_token": "token",
    "comet_api_key": "token",
    "load_best_model_at_end": "best",
    "metric_for_best_model": "best",
    "greater_is_better": "best",
    "loraplus_lr_ratio": "method_key",
    "loraplus_lr_embedding": "method_key",
    "lora_target_parameters": "method_key",
    "peft_layer_replication": "method_key",
    "peft_trainable_token_indices": "method_key",
    "peft_target_modules": "method_key",
    "peft_feedforward_modules": "method_key",
    "peft_fan_in_fan_out": "method_key",
    "relora": "method_key",
    "relora_steps": "method_key",
    "unfrozen_parameters": "method_key",
    "special_tokens": "tokens",
    "tokens": "tokens",
    "added_tokens_overrides": "tokens",
    "eot_tokens": "tokens",
    "tokenizer_config": "tokens",
    "deepspeed": "several_processes",
    "fsdp": "several_processes",
    "fsdp_config": "several_processes",
    "fsdp_version": "several_processes",
    "tensor_parallel_size": "several_processes",
    "context_parallel_size": "several_processes",
    "sequence_parallel_degree": "several_processes",
    "world_size": "several_processes",
    "use_ray": "several_processes",
    "ray_num_workers": "several_processes",
    "max_memory": "several_processes",
    "loss_watchdog_threshold": "watchdog",
    "loss_watchdog_patience": "watchdog",
    "dataset_exact_deduplication": "duplicates",
    "eval_table_size": "evaluation",
    "eval_max_new_tokens": "evaluation",
    "do_causal_lm_eval": "evaluation",
    "eval_causal_lm_metrics": "evaluation",
    "do_bench_eval": "evaluation",
    "plugins": "plugins",
    "use_dft": "loss",
    "use_eaft": "loss",
    "debug": "not_offered",
    "rope_scaling": "not_offered",
    "overrides_of_model_config": "not_offered",
    "overrides_of_model_kwargs": "not_offered",
    "min_sample_len": "not_offered",
    "optim_target_modules": "not_offered",
    "cosine_min_lr_ratio": "not_offered",
    "cosine_constant_lr_ratio": "not_offered",
    "lr_groups": "not_offered",
    "embedding_lr": "not_offered",
    "embedding_lr_scale": "not_offered",
    "liger_rope": "decided_here",
    "liger_rms_norm": "decided_here",
    "liger_glu_activation": "decided_here",
    "liger_layer_norm": "decided_here",
    "liger_fused_linear_cross_entropy": "decided_here",
    "cut_cross_entropy": "decided_here",
}

TOOL = Tool(
    title="Axolotl",
    required="base_model",
    rows="datasets",
    marks=frozenset({"datasets", "pretraining_dataset", "sequence_len", "micro_batch_size", "adapter", "num_epochs"}),
    keys=KEYS,
    reasons=NO_EQUIVALENT,
    assumed={
        "val_set_size": 0,
        "sequence_len": 512,
        "excess_length_strategy": "drop",
        "num_epochs": 1,
        "micro_batch_size": 1,
        "lr_scheduler": "cosine",
        "warmup_steps": 0,
    },
    finish=_finish,
)
