"""Wishes that hardware or other settings rule out; and the order of rows by length."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.train import hardware
from llm_finetune.train.arguments import training_arguments
from llm_finetune.train.hardware import hardware_problems, unmeasurable
from llm_finetune.train.row_order import RowsByLength
from llm_finetune.train.settings import OWN_KEYS, CheckedTrainingSettings


def settings_of(**given: Any) -> CheckedTrainingSettings:
    return CheckedTrainingSettings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "field", "instead"),
    [
        ({"tf32": True}, "training.tf32", "model.dtype"),
        ({"optim": "paged_adamw_32bit"}, "training.optim", "adamw_torch_fused"),
        ({"train_sampling_strategy": "batch_rebalance"}, "training.train_sampling_strategy", "group_by_length"),
        ({"early_stopping_patience": 2, "eval_strategy": "no"}, "training.early_stopping_patience", "eval_strategy"),
        ({"early_stopping_patience": 2, "save_strategy": "no"}, "training.early_stopping_patience", "eval_strategy"),
    ],
)
def test_each_impossible_wish_is_one_problem(
    given: dict[str, Any], field: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "device_name", lambda: "cpu")
    (problem,) = hardware_problems(settings_of(**given))
    assert problem.field == field
    assert instead in problem.fix


@pytest.mark.parametrize("given", [{}, {"tf32": False}, {"train_sampling_strategy": "group_by_length"}])
def test_possible_wishes_are_none(given: dict[str, Any]) -> None:
    assert hardware_problems(settings_of(**given)) == []


@pytest.mark.parametrize(("capability", "count"), [((7, 5), 1), ((8, 0), 0), ((9, 0), 0)])
def test_tf32_is_asked_of_the_gpu(capability: tuple[int, int], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(hardware, "device_name", lambda: "cuda")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert len(hardware_problems(settings_of(tf32=True))) == count
    assert len(hardware_problems(settings_of(tf32=True, use_cpu=True))) == 1


def test_stopping_early_needs_rows_to_measure_on() -> None:
    (problem,) = unmeasurable(CheckedTrainingSettings(early_stopping_patience=1))
    assert "data.validation" in problem.fix
    assert unmeasurable(CheckedTrainingSettings()) == []


def test_own_keys_are_kept_from_the_library(tmp_path: Path) -> None:
    settings = CheckedTrainingSettings(gradient_checkpointing=True, early_stopping_patience=3)
    assert not settings.passed_through().keys() & set(OWN_KEYS)
    arguments = training_arguments(settings, tmp_path, precision="float32", has_validation=True)
    assert arguments.activation_checkpointing is False


def test_keys_known_to_be_wrong_are_left_out(tmp_path: Path) -> None:
    settings = settings_of(optim="nonsense", learning_rate=0.5)
    arguments = training_arguments(settings, tmp_path, precision="float32", has_validation=True, without={"optim"})
    assert arguments.learning_rate == 0.5


@dataclass(frozen=True)
class Row:
    input_ids: tuple[int, ...]
    labels: tuple[int, ...] = ()


def test_rows_of_like_length_stand_together_in_another_order_each_epoch() -> None:
    rows = [Row((0,) * (1 + 7 * number % 100)) for number in range(100)]
    epochs = iter([0, 1, 0])
    order = RowsByLength(rows, 5, seed=3, epoch=lambda: next(epochs))
    first, second, again = list(order), list(order), list(order)
    assert first == again != second
    assert Counter(first) == Counter(second) == Counter(range(100))
    assert len(order) == 100

    def padding(indices: list[int]) -> int:
        batches = [[len(rows[index].input_ids) for index in indices[at : at + 5]] for at in range(0, 100, 5)]
        return sum(max(batch) * 5 - sum(batch) for batch in batches)

    assert len(rows[first[0]].input_ids) == 100
    assert padding(first) < padding(list(range(100))) / 2
