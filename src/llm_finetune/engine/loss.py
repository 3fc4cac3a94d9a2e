"""The loss of a batch and of a set of rows, weighted by tokens. Knows no files and no Trainer.

Shapes: B rows, K kept positions, V vocabulary.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from llm_finetune.engine.batch import NOT_TRAINED, TokenRow, batches_by_length, collate

_CASTS_INPUTS = "cast_input_dtype_enabled"
"""The switch of PEFT's layers."""
_AUTOCAST = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def computing_in(precision: str, device_type: str) -> AbstractContextManager[Any]:
    """The context in which matrix products run in `precision` while float32 weights stay float32."""
    if precision not in _AUTOCAST:
        return nullcontext()
    return torch.autocast(device_type, dtype=_AUTOCAST[precision])


@contextmanager
def inputs_as_they_come(model: torch.nn.Module) -> Iterator[None]:
    """The context in which adapters do not turn their inputs into float32 before autocast turns them back.

    The products are the same: what autocast multiplies is what came in. PEFT 0.21's own `disable_input_dtype_casting`
    fails on the layers that train single rows, which have no such switch.
    """
    switched = [module for module in model.modules() if vars(module).get(_CASTS_INPUTS) is True]
    for module in switched:
        setattr(module, _CASTS_INPUTS, False)
    try:
        yield
    finally:
        for module in switched:
            setattr(module, _CASTS_INPUTS, True)


@contextmanager
def _rows_in_one_piece(model: torch.nn.Module) -> Iterator[None]:
    """Give the head its kept positions contiguous.

    A slice of every row makes torch 2.13 multiply row by row, with a copy of the head for each.
    """
    unwrapped: Any = model.module if isinstance(model, DistributedDataParallel) else model
    head = unwrapped.get_output_embeddings()
    handle = head.register_forward_pre_hook(lambda _head, inputs: (inputs[0].contiguous(),))
    try:
        yield
    finally:
        handle.remove()


def summed_loss(
    model: torch.nn.Module, batch: Mapping[str, Any], *, label_smoothing: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum of the cross entropy over trained tokens, in float32, and their number.

    Only positions from the first trained token of the batch on go through the head, by the library's
    `logits_to_keep`; the others have no label, so the sum is that of the full logits.
    """
    kept = int(batch["logits_to_keep"])
    labels_BK = batch["labels"][:, -kept:][:, 1:]
    with _rows_in_one_piece(model):
        output = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            logits_to_keep=kept,
            use_cache=False,
        )
    logits_BKV = output.logits[:, -kept:][:, :-1]
    total = functional.cross_entropy(
        logits_BKV.float().flatten(0, 1),
        labels_BK.flatten(),
        ignore_index=NOT_TRAINED,
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return total, labels_BK.ne(NOT_TRAINED).sum()


def mean_token_loss(
    model: torch.nn.Module, rows: Sequence[TokenRow], *, batch_size: int, pad_id: int, precision: str
) -> float:
    """Mean cross entropy per trained token over all rows; the batch size changes rounding only.

    The model is left in the mode (training or not) it came in. Without rows the result is NaN.
    """
    device = next(model.parameters()).device
    was_training, total, count = model.training, 0.0, 0
    model.eval()
    try:
        for members in batches_by_length(rows, batch_size):
            batch = {
                name: value.to(device) if isinstance(value, torch.Tensor) else value
                for name, value in collate(members, pad_id).items()
            }
            with torch.no_grad(), computing_in(precision, device.type):
                loss, tokens = summed_loss(model, batch)
            total, count = total + loss.item(), count + int(tokens.item())
    finally:
        model.train(was_training)
    return total / count if count else float("nan")
