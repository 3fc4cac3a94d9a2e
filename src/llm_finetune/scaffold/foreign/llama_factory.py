"""LLaMA-Factory's configurations. Key names are those of its `hparams` in 2026; the rest is the library's own."""

from typing import Any

from llm_finetune.methods.settings import FULL
from llm_finetune.scaffold.foreign.hugging_face import (
    EVERY_LINEAR,
    base_model,
    held_out_share,
    optimizer,
    precision,
    schedule,
    tracker_switch,
    trackers,
    warmup_ratio,
)
from llm_finetune.scaffold.foreign.llama_factory_data import data_sets, held_out_sets
from llm_finetune.scaffold.foreign.taking import Convert, Taking, Tool, is_switched_on, names_of
from llm_finetune.scaffold.foreign.templates import chat_template

STAGE = "sft"
ALPHA_OF_RANK = 2
"""`lora_alpha` is this many times `lora_rank` where it is not given."""


def _stage(taking: Taking, key: str, value: Any) -> None:
    if value != STAGE:
        taking.refuse(key, "stage", name=value)


def _method(taking: Taking, key: str, value: Any) -> None:
    if value == "full":
        taking.set("method.adapter", FULL, key)
    elif value != "lora":
        taking.leave(key, "method", name=value)


def _targets(taking: Taking, key: str, value: Any) -> None:
    names = names_of(value)
    taking.set("adapter.target_modules", EVERY_LINEAR if names == ["all"] else names, key)


def _saved_modules(taking: Taking, key: str, value: Any) -> None:
    taking.set("adapter.modules_to_save", names_of(value), key)


def _train_on(which: str) -> Convert:
    """A switch that widens or narrows what is learned."""

    def convert(taking: Taking, key: str, value: Any) -> None:
        if is_switched_on(value):
            taking.set("data.train_on", which, key)

    return convert


def _checkpointing(taking: Taking, key: str, value: Any) -> None:
    taking.set("training.gradient_checkpointing", not is_switched_on(value), key)


def _thinking(taking: Taking, key: str, value: Any) -> None:
    taking.set("model.chat_template_kwargs", {key: is_switched_on(value)}, key)


def _nothing(_taking: Taking, _key: str, _value: Any) -> None:
    """Keys that are read together with others, or say what is so anyway."""


def _finish(taking: Taking) -> None:
    """The adapter's defaults that hang on each other, and the number format."""
    if taking.settings.get("method.adapter") == FULL:
        for dotted in [dotted for dotted in taking.settings if dotted.startswith("adapter.")]:
            if taking.origins[dotted] in taking.given:
                taking.leave(taking.origins[dotted], "no_adapter")
            del taking.settings[dotted]
    elif "adapter.lora_alpha" not in taking.settings:
        rank = taking.settings.get("adapter.r")
        if isinstance(rank, int):
            taking.set("adapter.lora_alpha", ALPHA_OF_RANK * rank, "lora_rank")
    for half in ("bf16", "pure_bf16", "fp16"):
        if is_switched_on(taking.given.get(half)):
            precision(taking, half.removeprefix("pure_"))
            break


KEYS: dict[str, str | Convert] = {
    # LLaMA-Factory's key → ours, or a function where the value changes. Order is that of the new file.
    "model_name_or_path": base_model,
    "model_revision": "model.revision",
    "template": chat_template,
    "enable_thinking": _thinking,
    "stage": _stage,
    "dataset": data_sets,
    "eval_dataset": held_out_sets,
    "val_size": held_out_share,
    "cutoff_len": "data.max_length",
    "default_system": "data.system",
    "train_on_prompt": _train_on("all"),
    "mask_history": _train_on("last_assistant"),
    "finetuning_type": _method,
    "lora_rank": "adapter.r",
    "lora_alpha": "adapter.lora_alpha",
    "lora_dropout": "adapter.lora_dropout",
    "lora_target": _targets,
    "additional_target": _saved_modules,
    "use_dora": "adapter.use_dora",
    "use_rslora": "adapter.use_rslora",
    "num_train_epochs": "training.num_train_epochs",
    "max_steps": "training.max_steps",
    "per_device_train_batch_size": "training.per_device_train_batch_size",
    "gradient_accumulation_steps": "training.gradient_accumulation_steps",
    "learning_rate": "training.learning_rate",
    "lr_scheduler_type": schedule,
    "warmup_steps": "training.warmup_steps",
    "warmup_ratio": warmup_ratio,
    "optim": optimizer,
    "disable_gradient_checkpointing": _checkpointing,
    "evaluation_strategy": "training.eval_strategy",
    "eval_strategy": "training.eval_strategy",
    "eval_steps": "training.eval_steps",
    "save_strategy": "training.save_strategy",
    "save_steps": "training.save_steps",
    "early_stopping_steps": "training.early_stopping_patience",
    "report_to": trackers,
    "use_swanlab": tracker_switch("swanlab"),
    "dataset_dir": _nothing,
    "do_train": _nothing,
    "bf16": _nothing,
    "fp16": _nothing,
    "pure_bf16": _nothing,
}
NO_EQUIVALENT: dict[str, str] = {
    # LLaMA-Factory's key → why it is left out (a text of `messages/scaffold.py` behind `scaffold.left.`).
    "output_dir": "fixed_folders",
    "overwrite_output_dir": "fresh",
    "logging_dir": "fixed_folders",
    "overwrite_cache": "decided_here",
    "preprocessing_num_workers": "decided_here",
    "preprocessing_batch_size": "decided_here",
    "tokenized_path": "decided_here",
    "streaming": "decided_here",
    "buffer_size": "decided_here",
    "cache_dir": "decided_here",
    "use_fast_tokenizer": "decided_here",
    "low_cpu_mem_usage": "decided_here",
    "flash_attn": "decided_here",
    "use_unsloth": "decided_here",
    "use_unsloth_gc": "decided_here",
    "enable_liger_kernel": "decided_here",
    "use_v1_kernels": "decided_here",
    "upcast_layernorm": "decided_here",
    "upcast_lmhead_output": "decided_here",
    "use_reentrant_gc": "decided_here",
    "use_kv_cache": "decided_here",
    "save_safetensors": "decided_here",
    "ignore_pad_token_for_loss": "decided_here",
    "packing": "batches",
    "neat_packing": "batches",
    "group_by_length": "batches",
    "max_samples": "share_of_rows",
    "mix_strategy": "mixing",
    "interleave_probs": "mixing",
    "eval_on_each_dataset": "evaluation",
    "tool_format": "tool_format",
    "media_dir": "only_text",
    "freeze_vision_tower": "only_text",
    "freeze_multi_modal_projector": "only_text",
    "image_max_pixels": "only_text",
    "video_max_pixels": "only_text",
    "trust_remote_code": "remote_code",
    "adapter_name_or_path": "other_adapter",
    "adapter_folder": "other_adapter",
    "create_new_adapter": "other_adapter",
    "quantization_bit": "quantized",
    "quantization_method": "quantized",
    "quantization_type": "quantized",
    "double_quantization": "quantized",
    "quantization_device_map": "quantized",
    "fp8": "quantized",
    "resize_vocab": "tokens",
    "add_tokens": "tokens",
    "add_special_tokens": "tokens",
    "new_special_tokens_config": "tokens",
    "init_special_tokens": "tokens",
    "split_special_tokens": "control_tokens",
    "loraplus_lr_ratio": "method_key",
    "loraplus_lr_embedding": "method_key",
    "pissa_init": "method_key",
    "pissa_iter": "method_key",
    "pissa_convert": "method_key",
    "freeze_trainable_layers": "method_key",
    "freeze_trainable_modules": "method_key",
    "freeze_extra_modules": "method_key",
    "oft_rank": "method_key",
    "oft_block_size": "method_key",
    "oft_target": "method_key",
    "use_llama_pro": "method_key",
    "mixture_of_depths": "method_key",
    "use_galore": "optimizers",
    "use_apollo": "optimizers",
    "use_badam": "optimizers",
    "use_adam_mini": "optimizers",
    "use_muon": "optimizers",
    "use_dft_loss": "loss",
    "use_asft_loss": "loss",
    "use_eaft_loss": "loss",
    "moe_aux_loss_coef": "loss",
    "plot_loss": "metrics",
    "compute_accuracy": "evaluation",
    "predict_with_generate": "evaluation",
    "eval_num_beams": "evaluation",
    "include_effective_tokens_per_second": "metrics",
    "include_num_input_tokens_seen": "metrics",
    "print_param_status": "metrics",
    "swanlab_project": "tracker_detail",
    "swanlab_workspace": "tracker_detail",
    "swanlab_run_name": "tracker_detail",
    "swanlab_mode": "tracker_detail",
    "swanlab_logdir": "tracker_detail",
    "swanlab_api_key": "token",
    "hf_hub_token": "token",
    "ms_hub_token": "token",
    "om_hub_token": "token",
    "hub_model_id": "push",
    "push_to_hub": "push",
    "export_dir": "export",
    "export_size": "export",
    "export_device": "export",
    "export_legacy_format": "export",
    "export_hub_model_id": "push",
    "export_quantization_bit": "export",
    "load_best_model_at_end": "best",
    "metric_for_best_model": "best",
    "greater_is_better": "best",
    "resume_from_checkpoint": "resume",
    "deepspeed": "several_processes",
    "fsdp": "several_processes",
    "fsdp_config": "several_processes",
    "use_ray": "several_processes",
    "ray_run_name": "several_processes",
    "ray_num_workers": "several_processes",
    "resources_per_worker": "several_processes",
    "placement_strategy": "several_processes",
    "use_mca": "several_processes",
    "infer_backend": "not_offered",
    "infer_dtype": "not_offered",
    "rope_scaling": "not_offered",
    "shift_attn": "not_offered",
    "train_from_scratch": "not_offered",
    "disable_shuffling": "shuffling",
    "do_predict": "evaluation",
    "do_eval": "evaluation",
}

TOOL = Tool(
    title="LLaMA-Factory",
    required="model_name_or_path",
    rows="dataset",
    marks=frozenset({"stage", "finetuning_type", "template", "dataset_dir", "cutoff_len", "lora_target", "lora_rank"}),
    keys=KEYS,
    reasons=NO_EQUIVALENT,
    assumed={
        "val_size": 0,
        "cutoff_len": 2048,
        "lora_rank": 8,
        "lora_dropout": 0.0,
        "learning_rate": 5e-5,
        "num_train_epochs": 3,
        "per_device_train_batch_size": 8,
        "warmup_steps": 0,
        "save_strategy": "steps",
    },
    finish=_finish,
)
