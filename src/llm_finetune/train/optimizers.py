"""Optimizers by the Trainer's names: which package each needs, and which cannot be used, with the reason.

Imports none of them. Those used here were resumed from a checkpoint and gave the weights of an unbroken run.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass

from llm_finetune.catalog import nearest
from llm_finetune.errors import Problem
from llm_finetune.messages import say

BITSANDBYTES, QUANTIZATION = "bitsandbytes", '"llm-finetune[quant]"'
FIELD = "training.optim"


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One value of `training.optim`."""

    package: str = ""
    """Module that must be importable."""
    install: str = ""
    """What pip installs to have it."""
    paged: bool = False
    """Whether its state is moved between a GPU and the host."""
    refused: str = ""
    """Message that says why it is not used."""


TORCH = Optimizer()
BNB = Optimizer(BITSANDBYTES, QUANTIZATION)
PAGED = Optimizer(BITSANDBYTES, QUANTIZATION, paged=True)
OTHER_HARDWARE = Optimizer(refused="train.optimizer.other_hardware")
OBJECTS = Optimizer(refused="train.optimizer.objects")
IN_BACKWARD = Optimizer(refused="train.optimizer.in_backward")
TWO_WEIGHTS = Optimizer(refused="train.optimizer.two_weights")
SUBCLASSES = Optimizer(refused="train.optimizer.subclasses")

OPTIMIZERS: dict[str, Optimizer] = {
    # Names as in transformers 5.24, training_args.py, OptimizerNames.
    "adamw_torch": TORCH,
    "adamw_torch_fused": TORCH,
    "adamw_torch_xla": OTHER_HARDWARE,
    "adamw_torch_npu_fused": OTHER_HARDWARE,
    "adafactor": TORCH,
    "adamw_anyprecision": Optimizer(refused="train.optimizer.unreleased"),
    "adamw_torch_4bit": SUBCLASSES,
    "adamw_torch_8bit": SUBCLASSES,
    "ademamix": BNB,
    "sgd": TORCH,
    "adagrad": TORCH,
    "adamw_bnb_8bit": BNB,
    "adamw_8bit": BNB,
    "ademamix_8bit": BNB,
    "lion_8bit": BNB,
    "lion_32bit": BNB,
    "paged_adamw_32bit": PAGED,
    "paged_adamw_8bit": PAGED,
    "paged_ademamix_32bit": PAGED,
    "paged_ademamix_8bit": PAGED,
    "paged_lion_32bit": PAGED,
    "paged_lion_8bit": PAGED,
    "rmsprop": TORCH,
    "rmsprop_bnb": BNB,
    "rmsprop_bnb_8bit": BNB,
    "rmsprop_bnb_32bit": BNB,
    "galore_adamw": OBJECTS,
    "galore_adamw_8bit": OBJECTS,
    "galore_adafactor": OBJECTS,
    "galore_adamw_layerwise": IN_BACKWARD,
    "galore_adamw_8bit_layerwise": IN_BACKWARD,
    "galore_adafactor_layerwise": IN_BACKWARD,
    "lomo": IN_BACKWARD,
    "adalomo": IN_BACKWARD,
    "grokadamw": OBJECTS,
    "schedule_free_radam": TWO_WEIGHTS,
    "schedule_free_adamw": TWO_WEIGHTS,
    "schedule_free_sgd": TWO_WEIGHTS,
    "apollo_adamw": OBJECTS,
    "apollo_adamw_layerwise": IN_BACKWARD,
    "stable_adamw": Optimizer("optimi", "torch-optimi"),
}


def optimizer_problems(name: str, device: str) -> Iterator[Problem]:
    """What speaks against an optimizer on a kind of device: at most one problem, with what to use instead."""
    known = ", ".join(name for name, entry in OPTIMIZERS.items() if not entry.refused)
    optimizer = OPTIMIZERS.get(name)
    if optimizer is None:
        guess = nearest(name, OPTIMIZERS)
        hint = say("train.unknown_optimizer.guess", name=guess) if guess else ""
        message = say("train.unknown_optimizer", name=name)
        yield Problem(
            "unknown_optimizer", message, say("train.unknown_optimizer.fix", guess=hint, known=known), field=FIELD
        )
    elif optimizer.refused:
        message, fix = say(optimizer.refused, name=name), say("train.optimizer.fix")
        yield Problem("refused_optimizer", message, fix, field=FIELD)
    elif optimizer.paged and device == "cpu":
        instead = name.removeprefix("paged_")
        instead = instead if instead in OPTIMIZERS else "adamw_torch_fused"
        message, fix = say("train.optimizer.paged", name=name), say("train.optimizer.paged.fix", instead=instead)
        yield Problem("no_paging", message, fix, field=FIELD)
    elif optimizer.package and importlib.util.find_spec(optimizer.package) is None:
        message = say("train.missing_optimizer", name=name, package=optimizer.package)
        fix = say("train.missing_optimizer.fix", install=optimizer.install)
        yield Problem("missing_package", message, fix, field=FIELD)
