"""Every optimizer by the Trainer's name: used and resumed exactly, or refused with what to use instead."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.train import state_files
from llm_finetune.train.arguments import training_arguments
from llm_finetune.train.optimizers import OPTIMIZERS, optimizer_problems
from llm_finetune.train.settings import CheckedTrainingSettings

USED = [name for name, entry in OPTIMIZERS.items() if not entry.refused and not entry.paged]
REFUSED = [name for name, entry in OPTIMIZERS.items() if entry.refused]
PAGED = [name for name, entry in OPTIMIZERS.items() if entry.paged]
OPTIONS = {"sgd": "momentum=0.9", "rmsprop": "momentum=0.5,centered=true"}


def test_the_table_holds_every_name_of_the_library() -> None:
    from transformers.training_args import OptimizerNames

    assert OPTIMIZERS.keys() == {name.value for name in OptimizerNames}
    assert (len(USED), len(REFUSED), len(PAGED)) == (16, 19, 6)


def made(name: str, folder: Path) -> tuple[torch.nn.Module, Any]:
    """A small network and its optimizer as the Trainer makes it."""
    from transformers import Trainer

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.LayerNorm(128), torch.nn.Linear(128, 4))
    given = {"optim": name, "optim_args": OPTIONS.get(name), "learning_rate": 1e-2}
    settings = CheckedTrainingSettings.model_validate(given)
    arguments = training_arguments(settings, folder, precision="float32", has_validation=False)
    kind, options = Trainer.get_optimizer_cls_and_kwargs(arguments, network)
    decayed = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in network.parameters() if parameter.dim() == 1]
    return network, kind([{"params": decayed, "weight_decay": 0.01}, {"params": others}], **options)


def stepped(network: torch.nn.Module, optimizer: Any, steps: range) -> None:
    for step in steps:
        inputs = torch.randn(8, 64, generator=torch.Generator().manual_seed(step))
        network(inputs).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("name", USED)
def test_resumed_is_uninterrupted(name: str, tmp_path: Path) -> None:
    if OPTIMIZERS[name].package and importlib.util.find_spec(OPTIMIZERS[name].package) is None:
        pytest.skip(f"needs {OPTIMIZERS[name].package}")
    whole, optimizer = made(name, tmp_path)
    stepped(whole, optimizer, range(6))
    cut, optimizer = made(name, tmp_path)
    start = {key: value.clone() for key, value in cut.state_dict().items()}
    stepped(cut, optimizer, range(3))
    state_files.write_optimizer(tmp_path, optimizer.state_dict())
    resumed, optimizer = made(name, tmp_path)
    resumed.load_state_dict(cut.state_dict())
    optimizer.load_state_dict(state_files.read_optimizer(tmp_path))
    stepped(resumed, optimizer, range(3, 6))
    for key, value in resumed.state_dict().items():
        assert torch.equal(value, whole.state_dict()[key]), key
        assert not torch.equal(value, start[key]), key


def test_state_of_every_shape_survives(tmp_path: Path) -> None:
    """Eight-bit states, tables that parameters share, tensors in groups, and what is neither."""
    table = torch.linspace(0, 1, 256)
    state = {
        "state": {
            0: {"step": 3, "inner": {"state1": torch.arange(6, dtype=torch.uint8).reshape(2, 3), "qmap": table}},
            1: {"step": torch.tensor(3.0), "inner": {"qmap": table}, "none": None, "empty": torch.zeros(0)},
        },
        "param_groups": [{"lr": 0.1, "betas": (0.9, 0.99), "step": torch.tensor(3), "params": [0, 1], "on": True}],
    }
    state_files.write_optimizer(tmp_path, state)
    read = state_files.read_optimizer(tmp_path)
    assert read["param_groups"][0]["betas"] == (0.9, 0.99)
    assert read["param_groups"][0]["params"] == [0, 1]
    assert read["param_groups"][0]["step"].item() == 3
    assert read["state"][0]["inner"]["state1"].dtype == torch.uint8
    assert torch.equal(read["state"][0]["inner"]["state1"], state["state"][0]["inner"]["state1"])  # type: ignore[index]
    assert torch.equal(read["state"][1]["inner"]["qmap"], table)
    assert read["state"][1]["none"] is None
    assert read["state"][1]["empty"].numel() == 0
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


def only_problem(name: str, device: str) -> Any:
    (problem,) = optimizer_problems(name, device)
    assert problem.field == "training.optim"
    return problem


@pytest.mark.parametrize("name", REFUSED)
def test_those_that_cannot_be_used_say_why(name: str) -> None:
    problem = only_problem(name, "cuda")
    assert name in problem.message
    assert all(instead in problem.fix for instead in ("adamw_torch_fused", "adafactor", "adamw_8bit"))


@pytest.mark.parametrize("name", PAGED)
def test_paging_needs_a_gpu(name: str) -> None:
    problem = only_problem(name, "cpu")
    instead = problem.fix.partition("training.optim: ")[2].partition("`")[0]
    assert "CPU" in problem.message
    assert instead in USED


def test_a_missing_package_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "bitsandbytes" else found(name, *rest)
    )
    needing = [name for name, entry in OPTIMIZERS.items() if entry.package == "bitsandbytes"]
    assert len(needing) == 15
    for name in needing:
        problem = only_problem(name, "cuda")
        assert name in problem.message
        assert "llm-finetune[quant]" in problem.fix


def test_an_unknown_name_gets_the_nearest() -> None:
    problem = only_problem("adam_8bit", "cpu")
    assert "`adamw_8bit`" in problem.fix
    assert "galore" not in problem.fix
    assert all(name in problem.fix for name in USED)
