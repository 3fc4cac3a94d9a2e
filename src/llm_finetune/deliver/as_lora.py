"""Write an adapter of another kind as a plain LoRA adapter, which other tools read. Knows no project.

The folder holds PEFT's `LORA` with nothing but `r`, `rank_pattern` and one `lora_alpha`. All factors of a layer are in
its matrices but `lora_alpha / rank`, which PEFT and llama.cpp both apply by the layer's own rank.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import GateError, ModelError, Problem
from llm_finetune.files import MANIFEST_NAME, read_json, staged_folder, write_json
from llm_finetune.messages import say
from llm_finetune.methods.weights import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from llm_finetune.model.gate import refuse_code
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base

if TYPE_CHECKING:
    import torch

MAX_LOGIT_DIFFERENCE = 1e-3
"""Between the adapter as trained and as plain LoRA, in float32: rounding alone."""
PREFIX = "base_model.model."
ADALORA_KEYS = ("init_r", "target_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight", "total_step")
ADALORA_EPSILON = 1e-5
"""PEFT 0.21 divides AdaLoRA's update by the rank plus this."""
_PROBE_TOKENS = 64


@dataclass(frozen=True, slots=True)
class PlainLora:
    """An adapter as two files of PEFT: its configuration and its tensors."""

    config: dict[str, Any]
    tensors: "dict[str, torch.Tensor]"


Conversion = Callable[[Base, PlainLora], PlainLora]


def as_plain_lora(base: Base, adapter_folder: Path, target: Path) -> float:
    """Write the adapter as a plain LoRA to `target`; the largest difference of logits, in float32.

    Raises: ModelError if this kind of adapter is no low-rank update. GateError if the result computes something else;
    `target` is not written.
    """
    from safetensors.torch import load_file, save_file

    refuse_code(adapter_folder)
    adapter = PlainLora(read_json(adapter_folder / ADAPTER_CONFIG), load_file(adapter_folder / ADAPTER_WEIGHTS))
    convert = CONVERSIONS.get(str(adapter.config.get("peft_type")))
    if convert is None:
        raise _no_lora(str(adapter.config.get("peft_type")))
    plain = convert(base, adapter)
    with staged_folder(target) as staging:
        for entry in adapter_folder.iterdir():
            if entry.name.endswith((".json", ".jinja", ".model", ".txt")) and entry.name != MANIFEST_NAME:
                shutil.copyfile(entry, staging / entry.name)
        write_json(staging / ADAPTER_CONFIG, plain.config)
        contiguous = {name: tensor.contiguous() for name, tensor in plain.tensors.items()}
        save_file(contiguous, staging / ADAPTER_WEIGHTS, metadata={"format": "pt"})
        difference = _difference(base, adapter_folder, staging)
        if difference > MAX_LOGIT_DIFFERENCE:
            raise GateError(say("deliver.lora_differs", found=difference, allowed=MAX_LOGIT_DIFFERENCE))
    return difference


def _difference(base: Base, adapter: Path, plain: Path) -> float:
    """The largest difference of logits on tokens spread over the vocabulary, which any base can read."""
    from llm_finetune.deliver import parity
    from llm_finetune.methods.weights import with_adapter
    from llm_finetune.model.load import load_model

    found = []
    for folder in (adapter, plain):
        with quiet_libraries():
            model = with_adapter(load_model(base, "float32"), folder)
        vocabulary = model.config.get_text_config().vocab_size
        found.append(parity.logits_of(model, [range(0, vocabulary, max(vocabulary // _PROBE_TOKENS, 1))]))
    return parity.largest_difference(*found)


def _no_lora(kind: str) -> ModelError:
    known = ", ".join(CONVERSIONS)
    return ModelError(Problem("no_lora", say("deliver.no_lora", kind=kind), say("deliver.no_lora.fix", known=known)))


def _from_lora(base: Base, adapter: PlainLora) -> PlainLora:
    """As it is; DoRA's lengths of columns have no place in a LoRA."""
    if adapter.config.get("use_dora"):
        raise _no_lora("DoRA")
    return adapter


def _from_adalora(base: Base, adapter: PlainLora) -> PlainLora:
    """Λ and the scaling go into A; a layer without a rank left is no layer of the LoRA."""
    config, tensors = adapter.config, adapter.tensors
    names = sorted(name.removesuffix(".lora_A") for name in tensors if name.endswith(".lora_A"))
    ranks = {name: len(tensors[f"{name}.lora_A"]) for name in names if len(tensors[f"{name}.lora_A"])}
    alpha = float(config["lora_alpha"])
    scaling = alpha / (float(config["init_r"]) + ADALORA_EPSILON)
    plain = {name: tensor for name, tensor in tensors.items() if ".lora_" not in name}
    for name, rank in ranks.items():
        directions = tensors[f"{name}.lora_A"] * tensors[f"{name}.lora_E"]
        plain[f"{name}.lora_A.weight"] = directions * (scaling * rank / alpha)
        plain[f"{name}.lora_B.weight"] = tensors[f"{name}.lora_B"]
    return PlainLora(_lora_config(config, ranks), plain)


def _lora_config(config: Mapping[str, Any], ranks: Mapping[str, int]) -> dict[str, Any]:
    """PEFT's configuration of a LoRA with these ranks by full name."""
    usual = Counter(ranks.values()).most_common(1)[0][0] if ranks else 1
    modules = {name.removeprefix(PREFIX): rank for name, rank in ranks.items()}
    return {
        **{key: value for key, value in config.items() if key not in ADALORA_KEYS},
        "peft_type": "LORA",
        "r": usual,
        "rank_pattern": {name: rank for name, rank in modules.items() if rank != usual},
        "alpha_pattern": {},
        "target_modules": sorted(modules),
        "exclude_modules": None,
        "layers_to_transform": None,
        "layers_pattern": None,
        "lora_dropout": config.get("lora_dropout", 0.0),
    }


CONVERSIONS: dict[str, Conversion] = {"LORA": _from_lora, "ADALORA": _from_adalora}
"""By `peft_type`: what makes a plain LoRA of an adapter."""
