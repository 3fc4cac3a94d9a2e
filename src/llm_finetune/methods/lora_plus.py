"""LoRA+: the second factor of an update learns faster than the first (Hayou et al. 2024, arXiv:2402.12354).

The parameters are grouped as PEFT 0.21 groups them (`create_loraplus_optimizer`), with two differences: weight decay is
the run's, and an adapted embedding learns at the run's rate, where PEFT has a fixed one of 1e-6.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

Groups = Callable[[float, float], list[dict[str, Any]]]


def faster_second_factor(model: Any, ratio: float) -> Groups:
    """(learning rate, weight decay) → parameter groups in which B matrices, biases and lengths learn `ratio` faster."""
    return partial(_groups, model, ratio)


def _groups(model: Any, ratio: float, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
    kinds: dict[tuple[bool, bool], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_fast = ".lora_B." in name or parameter.ndim == 1
            kinds.setdefault((is_fast, parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": learning_rate * ratio if is_fast else learning_rate,
            "weight_decay": weight_decay if decays else 0.0,
        }
        for (is_fast, decays), parameters in sorted(kinds.items())
    ]
