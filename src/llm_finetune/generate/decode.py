"""The one place that calls the library's `generate`. Knows token ids only, no text.

Shapes: B rows, T prompt tokens, N new tokens.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from transformers import GenerationConfig

from llm_finetune.engine.loss import computing_in
from llm_finetune.generate.answer import Sampling


@dataclass(frozen=True, slots=True)
class Stops:
    """When an answer ends."""

    end_ids: frozenset[int]
    max_new_tokens: int


def left_padded(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (B, T) with the padding in front, and their attention mask (B, T)."""
    longest = max(len(row) for row in rows)
    ids_BT = torch.full((len(rows), longest), pad_id, dtype=torch.long)
    mask_BT = torch.zeros((len(rows), longest), dtype=torch.long)
    for index, row in enumerate(rows):
        ids_BT[index, longest - len(row) :] = torch.tensor(row, dtype=torch.long)
        mask_BT[index, longest - len(row) :] = 1
    return ids_BT, mask_BT


def decode(
    model: Any, ids_BT: torch.Tensor, mask_BT: torch.Tensor, config: GenerationConfig, streamer: Any = None
) -> torch.Tensor:
    """New tokens only (B, N). Every method's way to generate goes through here.

    A PEFT model is entered by its base, in which the adapter's layers stand: peft 0.21.2's own `generate`
    misses the cache's new name in transformers 5.24. The model's own generation defaults (temperature,
    penalties …) are set aside, so that only `config` counts.
    """
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    defaults, inner.generation_config = inner.generation_config, GenerationConfig()
    try:
        output_BT = inner.generate(
            input_ids=ids_BT, attention_mask=mask_BT, generation_config=config, streamer=streamer
        )
    finally:
        inner.generation_config = defaults
    new_BN: torch.Tensor = output_BT[:, ids_BT.shape[1] :]
    return new_BN


def generation_config(stops: Stops, sampling: Sampling, pad_id: int) -> GenerationConfig:
    """The library's configuration, greedy or drawing, with nothing that would make it warn."""
    chosen: dict[str, Any] = {"do_sample": False}
    if sampling.draws:
        # top_k 0 switches off the library's own default of 50.
        chosen = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    return GenerationConfig(
        max_new_tokens=stops.max_new_tokens,
        eos_token_id=sorted(stops.end_ids) or None,
        pad_token_id=pad_id,
        use_cache=True,
        **chosen,
    )


@contextlib.contextmanager
def inference(model: Any, precision: str) -> Iterator[torch.device]:
    """Evaluation mode without gradients, in the training's number format; every module's mode is put back."""
    device = next(model.parameters()).device
    trained = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.inference_mode(), computing_in(precision, device.type):
            yield device
    finally:
        for module in trained:
            module.training = True


@contextlib.contextmanager
def seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Draw from a stream of this seed and leave the global one as it was; without one use that."""
    if seed is None:
        yield
        return
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def has_adapter(model: Any) -> bool:
    """Whether the base can be had by switching an adapter off."""
    return isinstance(model, PeftModel)


@contextlib.contextmanager
def tuned_or_base(model: Any, tuned: bool) -> Iterator[None]:
    """The model as it is, or with its adapter switched off. A model without an adapter is always as it is."""
    with contextlib.nullcontext() if tuned or not isinstance(model, PeftModel) else model.disable_adapter():
        yield


def cut_at_end(new_ids: Sequence[int], end_ids: frozenset[int], allowed: int) -> tuple[list[int], bool]:
    """The tokens before the first end token among the first `allowed`, and whether there was one."""
    kept = list(new_ids[:allowed])
    end = next((index for index, token in enumerate(kept) if token in end_ids), None)
    return (kept, False) if end is None else (kept[:end], True)
