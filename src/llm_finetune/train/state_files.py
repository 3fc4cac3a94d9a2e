"""Optimizer, schedule and random state as safetensors and JSON, never pickle. Knows no layout beyond its files."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import torch
from safetensors.torch import load_file, save_file

from llm_finetune.files import read_json, write_json

OPTIMIZER = "optimizer"
SCHEDULER = "scheduler.json"
SCALER = "scaler.json"
RANDOM = "random"


def write_optimizer(folder: Path, state: Mapping[str, Any]) -> None:
    """Write an optimizer's state dict: its tensors, and the rest as JSON that names them.

    Optimizers keep what they like: tensors in groups, dictionaries in dictionaries, one table for all parameters.
    """
    tensors: dict[str, torch.Tensor] = {}
    described = _described(dict(state), "", tensors)
    save_file(_apart(tensors), folder / f"{OPTIMIZER}.safetensors")
    write_json(folder / f"{OPTIMIZER}.json", described)


def read_optimizer(folder: Path) -> dict[str, Any]:
    """The state dict that `write_optimizer` wrote."""
    tensors = load_file(folder / f"{OPTIMIZER}.safetensors")
    state: dict[str, Any] = _restored(read_json(folder / f"{OPTIMIZER}.json"), tensors)
    return state


def _described(value: Any, place: str, tensors: dict[str, torch.Tensor]) -> Any:
    """A value as JSON; tensors are put beside it under the name of their place."""
    match value:
        case torch.Tensor():
            tensors[place] = value.detach().cpu().contiguous()
            return {"tensor": place}
        case Mapping():
            return {"items": [[key, _described(inner, f"{place}.{key}", tensors)] for key, inner in value.items()]}
        case list() | tuple():
            inner = [_described(part, f"{place}.{index}", tensors) for index, part in enumerate(value)]
            return inner if isinstance(value, list) else {"tuple": inner}
    return value


def _apart(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors with a copy of each one that shares its memory with another, which safetensors does not take."""
    seen: set[int] = set()
    found = {}
    for place, tensor in tensors.items():
        memory = tensor.untyped_storage().data_ptr()
        found[place] = tensor.clone() if memory in seen else tensor
        seen.add(memory)
    return found


def _restored(value: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    match value:
        case {"tensor": place}:
            return tensors[place]
        case {"items": items}:
            return {key: _restored(inner, tensors) for key, inner in items}
        case {"tuple": parts}:
            return tuple(_restored(part, tensors) for part in parts)
        case list():
            return [_restored(part, tensors) for part in value]
    return value


def write_scheduler(folder: Path, state: Mapping[str, Any]) -> None:
    """Write a learning-rate schedule's state dict."""
    write_json(folder / SCHEDULER, dict(state))


def read_scheduler(folder: Path) -> dict[str, Any]:
    """The state dict that `write_scheduler` wrote."""
    state: dict[str, Any] = read_json(folder / SCHEDULER)
    return state


def random_state() -> dict[str, Any]:
    """State of every random generator of this process: Python, NumPy, torch, and the accelerator's."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = numpy.random.get_state(legacy=True)
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": [version, list(words), gauss],
        "numpy": [str(name), numpy.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state().tolist(),
        "cuda": [state.tolist() for state in cuda],
    }


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Put every random generator where `random_state` saw it."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    numpy.random.set_state((name, numpy.array(keys, dtype=numpy.uint32), position, has_gauss, cached))
    torch.set_rng_state(torch.tensor(state["torch"], dtype=torch.uint8))
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([torch.tensor(words, dtype=torch.uint8) for words in state["cuda"]])


def write_random_states(folder: Path, states: list[dict[str, Any]]) -> None:
    """Write the random state of each process, by rank."""
    for rank, state in enumerate(states):
        write_json(folder / f"{RANDOM}-{rank}.json", state)


def read_random_state(folder: Path, rank: int) -> dict[str, Any]:
    """The random state of one process."""
    state: dict[str, Any] = read_json(folder / f"{RANDOM}-{rank}.json")
    return state
