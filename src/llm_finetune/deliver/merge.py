"""Fold an adapter into its base: a full model in the base's number format, checked before it appears.

The sum is made in float32 and cast once: made in bfloat16, it is rounded at every product. A run on a quantised base is
merged into the unrounded one, because a sum rounded again to a few bits loses what was learned. Knows no project.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import GateError, ModelError, Problem
from llm_finetune.files import folder_size_bytes, read_json, staged_folder
from llm_finetune.messages import say
from llm_finetune.model.gate import refuse_code
from llm_finetune.model.quantize import NONE
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base, base_folder, weight_names

if TYPE_CHECKING:
    import torch

MAX_LOGIT_DIFFERENCE = 1e-3
"""Between adapter + base and merged, both in float32. SmolLM2-135M shows 1e-4."""
MAX_DIVERGENCE_RATIO = 1.5
DIVERGENCE_NOISE = 1e-5
"""In nats; below it the ratio of two divergences says nothing. SmolLM2-135M in bfloat16 has 2e-3."""
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template.jinja",
)
_SAFETENSORS_DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What was written, and how close it is to adapter + base in float32."""

    path: Path
    dtype: str
    max_logit_difference: float
    """Merged in float32, before the cast."""
    kl_merged: float
    """Mean divergence of the merged model as written, in nats."""
    kl_adapter: float
    """The same of adapter + base run in the written number format, to compare with."""
    bytes: int
    quantization: str = NONE
    """How the base was held in training; the figures above compare with adapter + unrounded base all the same."""
    kl_trained: float | None = None
    """Mean divergence of the merged model from what was trained, adapter + quantised base, in nats."""


def merge(
    base: Base,
    adapter: Path,
    target: Path,
    token_rows: Sequence[Sequence[int]],
    *,
    end_ids: frozenset[int] = frozenset(),
    quantization: str = NONE,
) -> MergeReport:
    """Write the merged model to `target`, compared with adapter + base on rows of token ids.

    `end_ids` become the tokens at which the merged model ends an answer by default. `quantization` is how the base was
    held in training.

    Raises: GateError if the merged model computes something else, or nothing new; `target` is not written.
    ModelError if the base or the adapter cannot be used.
    """
    from llm_finetune.deliver import parity

    refuse_code(adapter)
    folder = base_folder(base)
    _refuse_quantized(base, folder)
    dtype = stored_dtype(folder)
    with quiet_libraries():
        model = _with_adapter(base, adapter, "float32")
        rows = parity.probe_rows(token_rows, model.config.get_text_config().vocab_size)
        reference = parity.logits_of(model, rows)
        model = model.merge_and_unload(safe_merge=True)
        difference = parity.largest_difference(reference, parity.logits_of(model, rows))
        if difference > MAX_LOGIT_DIFFERENCE:
            raise GateError(say("deliver.merge_differs", found=difference, allowed=MAX_LOGIT_DIFFERENCE))
        with staged_folder(target) as staging:
            _save(model, dtype, staging, end_ids)
            del model
            _copy_tokenizer(base, adapter, staging)
            kl_merged, kl_adapter = _verify(base, adapter, staging, rows, reference)
            kl_trained = _from_trained(base, adapter, staging, rows, quantization) if quantization != NONE else None
    size = folder_size_bytes(target)
    return MergeReport(target, dtype, difference, kl_merged, kl_adapter, size, quantization, kl_trained)


def stored_dtype(folder: Path) -> str:
    """The number format in which most of a model's weights are stored."""
    from safetensors import safe_open

    numbers: dict[str, int] = {}
    for name in weight_names(folder):
        with safe_open(folder / name, framework="pt") as tensors:
            for key in tensors.keys():  # noqa: SIM118 (it is no mapping)
                part = tensors.get_slice(key)
                size = 1
                for length in part.get_shape():
                    size *= length
                numbers[part.get_dtype()] = numbers.get(part.get_dtype(), 0) + size
    known = {name: count for name, count in numbers.items() if name in _SAFETENSORS_DTYPES}
    return _SAFETENSORS_DTYPES[max(known, key=known.__getitem__)] if known else "float32"


def _refuse_quantized(base: Base, folder: Path) -> None:
    """A sum with rounded weights is another model than the one that was trained."""
    if read_json(folder / "config.json").get("quantization_config"):
        fix = say("deliver.quantized_base.fix")
        raise ModelError(Problem("quantized_base", say("deliver.quantized_base", name=base.name), fix))


def _with_adapter(base: Base, adapter: Path, dtype: str, loaded: Any = None) -> Any:
    """The base in a number format with the adapter on it.

    Raises: ModelError if the adapter does not fit.
    """
    from peft import PeftModel

    from llm_finetune.methods.boft_kernel import leave_uncompiled
    from llm_finetune.model.load import load_model

    leave_uncompiled()
    model = load_model(base, dtype) if loaded is None else loaded
    try:
        return PeftModel.from_pretrained(model, str(adapter))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        what = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = say("deliver.adapter_unfit", adapter=adapter, name=base.name, what=what)
        raise ModelError(Problem("adapter_unfit", message, say("deliver.adapter_unfit.fix"))) from error


def _save(model: Any, dtype: str, staging: Path, end_ids: frozenset[int]) -> None:
    import torch

    from llm_finetune.model.generation import repair_generation
    from llm_finetune.model.load import save_end_tokens

    repair_generation(model)
    model.to(getattr(torch, dtype)).save_pretrained(staging)
    if end_ids:
        save_end_tokens(staging, model, end_ids)


def _copy_tokenizer(base: Base, adapter: Path, staging: Path) -> None:
    """The files that were saved with the adapter, byte for byte; the base's own if it has none."""
    from llm_finetune.model.load import load_tokenizer

    present = [name for name in TOKENIZER_FILES if (adapter / name).is_file()]
    if "tokenizer_config.json" not in present:
        load_tokenizer(base).save_pretrained(staging)
    for name in present:
        shutil.copyfile(adapter / name, staging / name)


def _verify(
    base: Base, adapter: Path, staging: Path, rows: Sequence[list[int]], reference: "list[torch.Tensor]"
) -> tuple[float, float]:
    """Read the merged model from disk; its divergence, and that of adapter + base in the same number format.

    Raises: GateError
    """
    from llm_finetune.deliver import parity
    from llm_finetune.model.load import load_model

    dtype = stored_dtype(base_folder(base))
    _check_files(staging, dtype)
    merged = load_model(replace(base, path=str(staging), revision=None, source="folder"), dtype)
    unmerged = load_model(base, dtype)
    if parity.have_equal_weights(merged, unmerged):
        raise GateError(say("deliver.merge_changes_nothing", dtype=dtype))
    kl_merged = parity.mean_divergence(reference, parity.logits_of(merged, rows))
    del merged
    unmerged = _with_adapter(base, adapter, dtype, unmerged)
    kl_adapter = parity.mean_divergence(reference, parity.logits_of(unmerged, rows))
    if not kl_merged <= max(MAX_DIVERGENCE_RATIO * kl_adapter, DIVERGENCE_NOISE):
        raise GateError(
            say(
                "deliver.merge_diverges",
                dtype=dtype,
                found=kl_merged,
                beside=kl_adapter,
                ratio=MAX_DIVERGENCE_RATIO,
            )
        )
    return kl_merged, kl_adapter


def _from_trained(base: Base, adapter: Path, staging: Path, rows: Sequence[list[int]], quantization: str) -> float:
    """The merged model's divergence from adapter + base as it was held in training."""
    from llm_finetune.deliver import parity
    from llm_finetune.model.load import load_model

    dtype = stored_dtype(staging)
    trained = _with_adapter(base, adapter, dtype, load_model(base, dtype, quantization))
    reference = parity.logits_of(trained, rows)
    del trained
    merged = load_model(replace(base, path=str(staging), revision=None, source="folder"), dtype)
    return parity.mean_divergence(reference, parity.logits_of(merged, rows))


def _check_files(staging: Path, dtype: str) -> None:
    """What a full model must hold, and must not.

    Raises: GateError
    """
    config = read_json(staging / "config.json")
    has_template = (staging / "chat_template.jinja").is_file() or "chat_template" in read_json(
        staging / "tokenizer_config.json"
    )
    faults = {
        "adapter_config.json": (staging / "adapter_config.json").exists(),
        "quantization_config": "quantization_config" in config,
        "generation_config.json": not (staging / "generation_config.json").is_file(),
        "chat_template.jinja": not has_template,
        f"dtype {stored_dtype(staging)}": stored_dtype(staging) != dtype,
    }
    found = [name for name, is_wrong in faults.items() if is_wrong]
    if found:
        raise GateError(say("deliver.merge_files", found=", ".join(found)))
