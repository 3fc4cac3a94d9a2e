"""Do two models compute the same? Logits on the same rows, compared position by position.

Shapes: T tokens of one row, V vocabulary.
"""

from collections.abc import Sequence
from typing import Any

import torch

MAX_ROW_TOKENS = 128
MAX_LOGITS = 64_000_000
"""Numbers kept per model, 256 MB in float32."""


def probe_rows(rows: Sequence[Sequence[int]], vocabulary: int) -> list[list[int]]:
    """As many of the rows, cut to MAX_ROW_TOKENS, as MAX_LOGITS allows; at least one."""
    chosen: list[list[int]] = []
    room = MAX_LOGITS // vocabulary
    for row in rows:
        cut = list(row[:MAX_ROW_TOKENS])
        if chosen and len(cut) > room:
            break
        if cut:
            chosen.append(cut)
            room -= len(cut)
    if not chosen:
        raise ValueError("no rows to compare on")
    return chosen


def logits_of(model: Any, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """Logits (T, V) of each row in float32, on the CPU."""
    model.eval()
    device = next(model.parameters()).device
    with torch.inference_mode():
        return [
            model(input_ids=torch.tensor([row], device=device), use_cache=False).logits[0].float().cpu()
            for row in map(list, rows)
        ]


def largest_difference(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> float:
    """Largest absolute difference of two models' logits; infinite if a number is not finite."""
    largest = max(float((one - other).abs().max()) for one, other in zip(left, right, strict=True))
    return largest if largest == largest else float("inf")


def mean_divergence(reference: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> float:
    """Kullback-Leibler divergence from the reference's next-token distribution: nats, mean over positions."""
    total, count = 0.0, 0
    for one_TV, two_TV in zip(reference, other, strict=True):
        for one_V, two_V in zip(one_TV, two_TV, strict=True):  # In double precision, a position at a time.
            log_p_V, log_q_V = one_V.double().log_softmax(-1), two_V.double().log_softmax(-1)
            total += float((log_p_V.exp() * (log_p_V - log_q_V)).sum())
        count += len(one_TV)
    return total / count


def have_equal_weights(left: Any, right: Any) -> bool:
    """Whether two models hold the same tensors, bit for bit."""
    one, other = left.state_dict(), right.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
