"""Dropout for adapters whose masks are drawn fast on a CPU. Knows no adapter by name and no Trainer.

torch 2.13 draws a CPU mask in one thread, one Mersenne Twister number for each value: for LoRA on all layers of a small
model that is a quarter of a training step (docs/experiments.md). Here one number of torch's generator seeds an SFC64
stream (PractRand, Doty-Humphrey 2014; NumPy's `SFC64`) that gives four values for each word. So the masks still follow
from the seed and the saved random state alone.
"""

import numpy
import torch
from torch import nn

_LEVELS = 1 << 16
"""A value is 16 bits, so the probability is exact to 2^-17."""


class QuickDropout(nn.Module):
    """`nn.Dropout` with another stream of masks on the CPU, and the same one elsewhere."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def extra_repr(self) -> str:
        """The probability, as `nn.Dropout` shows it."""
        return f"p={self.p}"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Zero a share `p` of the values and scale the others up, in training only."""
        if not self.training or self.p == 0.0:
            return x
        if x.device.type != "cpu":
            return nn.functional.dropout(x, self.p, training=True)
        return x * _factors(x, self.p)


def _factors(x: torch.Tensor, p: float) -> torch.Tensor:
    """0 where a value is dropped, 1 / (1 - p) where it is kept, in the shape and number format of `x`."""
    seed = int(torch.randint(1 << 62, (1,)).item())
    words = numpy.random.SFC64(seed).random_raw(-(-x.numel() // 4))
    levels = torch.from_numpy(words.view(numpy.int16))[: x.numel()].view(x.shape)
    dropped = round(p * _LEVELS)
    kept = levels >= dropped - _LEVELS // 2
    return kept.to(x.dtype).mul_(_LEVELS / (_LEVELS - dropped))


def quicken_dropout(model: nn.Module) -> int:
    """Replace the dropout inside containers of adapters (`nn.ModuleDict`) by the quick one; how many were replaced."""
    replaced = 0
    for module in model.modules():
        if isinstance(module, nn.ModuleDict):
            for name, child in module.items():
                if type(child) is nn.Dropout:
                    module[name] = QuickDropout(child.p).train(child.training)
                    replaced += 1
    return replaced
