"""The order of rows when batches hold rows of like length, a function of seed and epoch alone. Knows no model.

The library's own sampler reads lengths from dictionaries, which token rows are not, and draws from the global stream,
which several processes do not share.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from llm_finetune.engine.batch import TokenRow


class RowsByLength(Sampler[int]):
    """Rows shuffled anew in each epoch so that neighbours have like lengths; the longest comes first."""

    def __init__(self, rows: Sequence[TokenRow], batch_size: int, seed: int, epoch: Callable[[], int]) -> None:
        self._lengths = [len(row.input_ids) for row in rows]
        self._batch_size, self._seed, self._epoch = batch_size, seed, epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed + self._epoch())
        indices: list[int] = get_length_grouped_indices(self._lengths, self._batch_size, generator=generator)
        return iter(indices)
