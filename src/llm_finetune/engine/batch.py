"""Examples to tensors. Knows no files and no Trainer.

Shapes: B rows, T tokens of the longest row.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import torch

NOT_TRAINED = -100
"""PyTorch's `ignore_index`; the same number that the data floor writes."""


class TokenRow(Protocol):
    """What the engine needs of a row."""

    @property
    def input_ids(self) -> Sequence[int]: ...
    @property
    def labels(self) -> Sequence[int]: ...


def collate(rows: Sequence[TokenRow], pad_id: int) -> dict[str, Any]:
    """Right-padded `input_ids_BT`, `attention_mask_BT`, `labels_BT`, and `logits_to_keep`.

    `logits_to_keep` counts positions from the end of the batch: only they, and the last one, predict a trained token.
    """
    longest = max(len(row.input_ids) for row in rows)
    input_ids_BT = torch.full((len(rows), longest), pad_id, dtype=torch.long)
    attention_mask_BT = torch.zeros((len(rows), longest), dtype=torch.long)
    labels_BT = torch.full((len(rows), longest), NOT_TRAINED, dtype=torch.long)
    for index, row in enumerate(rows):
        length = len(row.input_ids)
        input_ids_BT[index, :length] = torch.tensor(row.input_ids)
        attention_mask_BT[index, :length] = 1
        labels_BT[index, :length] = torch.tensor(row.labels)
    first = min(first_trained(row.labels) for row in rows)
    return {
        "input_ids": input_ids_BT,
        "attention_mask": attention_mask_BT,
        "labels": labels_BT,
        "logits_to_keep": longest - max(first - 1, 0),
    }


def first_trained(labels: Sequence[int]) -> int:
    """Index of the first trained token that has a token before it; the row's length if there is none."""
    return next((index for index, label in enumerate(labels) if index and label != NOT_TRAINED), len(labels))


def batches_by_length(rows: Sequence[TokenRow], batch_size: int) -> Iterator[Sequence[TokenRow]]:
    """Batches of rows of similar length, longest first, so that little is padded and memory peaks early."""
    ordered = sorted(rows, key=lambda row: len(row.input_ids), reverse=True)
    for start in range(0, len(ordered), batch_size):
        yield ordered[start : start + batch_size]
