"""The one place that calls the library's `generate`. Knows token ids only, no text.

Shapes: B rows, T prompt tokens, N new tokens.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from peft import PeftModel, PeftType
from transformers import DynamicCache, GenerationConfig
from transformers.cache_utils import DynamicSlidingWindowLayer

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
    model: Any,
    ids_BT: torch.Tensor,
    mask_BT: torch.Tensor,
    config: GenerationConfig,
    streamer: Any = None,
    *,
    tuned: bool = True,
) -> torch.Tensor:
    """New tokens only (B, N). Every method's way to generate goes through here.

    A PEFT model is entered by its base, in which the adapter's layers stand: peft 0.21.2's own `generate`
    misses the cache's new name in transformers 5.24. Virtual tokens are put in front here. The model's own generation
    defaults (temperature, penalties …) are set aside, so that only `config` counts.
    """
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    start = _start(model, ids_BT, mask_BT) if tuned else _Start(ids_BT, mask_BT)
    defaults, inner.generation_config = inner.generation_config, GenerationConfig()
    try:
        output_BT = inner.generate(
            input_ids=start.ids,
            attention_mask=start.mask,
            generation_config=config,
            streamer=streamer,
            **start.more,
        )
    finally:
        inner.generation_config = defaults
    new_BN: torch.Tensor = output_BT if start.ids is None else output_BT[:, start.ids.shape[1] :]
    return new_BN


class _Start(NamedTuple):
    """What generation starts from."""

    ids: torch.Tensor | None
    """(B, T); None if the text comes as embeddings, and then only new tokens come back."""
    mask: torch.Tensor
    more: Mapping[str, Any] = MappingProxyType({})


def has_virtual_tokens(model: Any) -> bool:
    """Whether trained positions stand in front of every text of this model."""
    return isinstance(model, PeftModel) and model.active_peft_config.is_prompt_learning


def padding_shows(model: Any, text_tokens: int) -> bool:
    """Whether padding would change what a model generates in texts of up to so many tokens.

    Padding stands between a prefix and its text. It is masked and has no position, but a sliding window over the keys
    counts it, so that it hides the prefix, or the text's first tokens, too early.
    """
    if not has_virtual_tokens(model) or model.active_peft_config.peft_type != PeftType.PREFIX_TUNING:
        return False
    layers = DynamicCache(config=model.config).layers
    windows = [layer.sliding_window for layer in layers if isinstance(layer, DynamicSlidingWindowLayer)]
    return any(window < model.active_peft_config.num_virtual_tokens + text_tokens for window in windows)


def _start(model: Any, ids_BT: torch.Tensor, mask_BT: torch.Tensor) -> _Start:
    """The tokens, behind the model's virtual ones if it has some."""
    if not has_virtual_tokens(model):
        return _Start(ids_BT, mask_BT)
    rows, virtual = ids_BT.shape[0], model.active_peft_config.num_virtual_tokens
    prompt = model.get_prompt(batch_size=rows)
    mask_BT = torch.cat([mask_BT.new_ones(rows, virtual), mask_BT], dim=1)
    if not isinstance(prompt, torch.Tensor):
        # The library counts the cache's tokens as those of the first ids; which ids they are does not matter.
        return _Start(torch.cat([ids_BT.new_zeros(rows, virtual), ids_BT], dim=1), mask_BT, {"cache": prompt})
    texts_BTD = model.word_embeddings(ids_BT)
    joined_BTD = torch.cat([prompt.to(texts_BTD.dtype), texts_BTD], dim=1)
    # Padding goes in front of the virtual tokens: sliding windows count positions, masked or not.
    order_BT = mask_BT.argsort(dim=1, stable=True)
    joined_BTD = joined_BTD.gather(1, order_BT[..., None].expand_as(joined_BTD))
    return _Start(None, mask_BT.gather(1, order_BT), {"inputs_embeds": joined_BTD})


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
