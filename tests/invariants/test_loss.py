"""The loss through the few kept positions is the loss over all of them, in value and in gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from llm_finetune.engine.batch import NOT_TRAINED, batches_by_length, collate, first_trained
from llm_finetune.engine.loss import mean_token_loss, summed_loss

ARCHITECTURES = (
    "llama",
    "gpt2",
    "falcon",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma2",
    "gemma3",
    "phi3",
    "falcon_new",
    "gpt_neox",
    "opt",
    "bloom",
    "mixtral",
)


@dataclass(frozen=True)
class Row:
    input_ids: list[int]
    labels: list[int]


def rows(count: int = 5) -> list[Row]:
    generator = torch.Generator().manual_seed(0)
    made = []
    for index in range(count):
        length = 6 + 5 * index
        ids = torch.randint(3, 320, (length,), generator=generator).tolist()
        prompt = 2 + index
        labels = [NOT_TRAINED] * prompt + ids[prompt:]
        if index == 2:
            labels[-2] = NOT_TRAINED
        made.append(Row(ids, labels))
    return made


def alone(model: Any, row: Row, smoothing: float = 0.0) -> tuple[torch.Tensor, int]:
    """Summed loss of one row, without padding and through all logits."""
    logits = model(input_ids=torch.tensor([row.input_ids]), use_cache=False).logits[0, :-1].float()
    labels = torch.tensor(row.labels[1:])
    total = functional.cross_entropy(
        logits, labels, ignore_index=NOT_TRAINED, reduction="sum", label_smoothing=smoothing
    )
    return total, int((labels != NOT_TRAINED).sum())


def gradient(model: Any) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_batched_is_one_by_one(tiny_model: Callable[[str], Path], architecture: str, smoothing: float) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model(architecture))
    total, tokens = summed_loss(model, collate(rows(), pad_id=2), label_smoothing=smoothing)
    total.backward()
    batched = gradient(model)
    model.zero_grad()
    parts = [alone(model, row, smoothing) for row in rows()]
    one_by_one = torch.stack([loss for loss, _ in parts]).sum()
    one_by_one.backward()
    assert int(tokens) == sum(count for _, count in parts)
    assert total.item() == pytest.approx(one_by_one.item(), rel=1e-5)
    assert (batched - gradient(model)).norm() <= 1e-5 * batched.norm()


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_mean_is_over_tokens_whatever_the_batch(tiny_model_folder: Path, batch_size: int) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model_folder).train()
    parts = [alone(model, row) for row in rows()]
    expected = sum(loss.item() for loss, _ in parts) / sum(count for _, count in parts)
    found = mean_token_loss(model, rows(), batch_size=batch_size, pad_id=2, precision="float32")
    assert found == pytest.approx(expected, rel=1e-5)
    assert model.training


def test_batches_hold_every_row_once_longest_first() -> None:
    batches = list(batches_by_length(rows(), 2))
    lengths = [[len(row.input_ids) for row in batch] for batch in batches]
    assert lengths == [[26, 21], [16, 11], [6]]


def test_first_trained_needs_a_token_before_it() -> None:
    assert first_trained([5, 6]) == 1
    assert first_trained([NOT_TRAINED, NOT_TRAINED, 7]) == 2
    assert first_trained([7]) == 1
