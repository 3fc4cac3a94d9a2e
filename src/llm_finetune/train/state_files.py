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
    """Write an optimizer's state dict: its tensors, and the rest as JSON."""
    tensors: dict[str, torch.Tensor] = {}
    values: dict[str, dict[str, Any]] = {}
    for index, entry in state["state"].items():
        for name, value in entry.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{index}.{name}"] = value.detach().cpu().contiguous()
            else:
                values.setdefault(str(index), {})[name] = value
    save_file(tensors, folder / f"{OPTIMIZER}.safetensors")
    write_json(folder / f"{OPTIMIZER}.json", {"param_groups": state["param_groups"], "values": values})


def read_optimizer(folder: Path) -> dict[str, Any]:
    """The state dict that `write_optimizer` wrote."""
    described = read_json(folder / f"{OPTIMIZER}.json")
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in load_file(folder / f"{OPTIMIZER}.safetensors").items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    for index, entry in described["values"].items():
        state.setdefault(int(index), {}).update(entry)
    return {"state": state, "param_groups": [_group(group) for group in described["param_groups"]]}


def _group(group: dict[str, Any]) -> dict[str, Any]:
    """A parameter group with the tuples that JSON turned into lists."""
    return {name: tuple(value) if name == "betas" else value for name, value in group.items()}


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
