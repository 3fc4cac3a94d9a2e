"""Count the memory of a training step without computing it: real operations on tensors that hold no numbers.

Every storage that an operation makes is counted until it is freed, so what is counted is what autograd keeps. torch's
`FakeTensorMode` gives the shapes (it is what `torch.compile` traces with). Knows no data and no machine.
"""

import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from llm_finetune.engine.batch import NOT_TRAINED
from llm_finetune.engine.checkpointing import recompute_activations
from llm_finetune.engine.loss import computing_in, inputs_as_they_come, summed_loss
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.plan.steps import BatchShape


@dataclass(frozen=True, slots=True)
class Traced:
    """Bytes beside the weights at the moment when most are in use."""

    activations: int
    logits: int
    gradients: int
    """Of trained weights, when the backward pass has ended."""
    gradients_at_peak: int

    @property
    def peak(self) -> int:
        """All of them together."""
        return self.activations + self.logits + self.gradients_at_peak

    def times(self, factor: int) -> "Traced":
        """Activations and logits of a format that takes so many times as much."""
        return replace(self, activations=self.activations * factor, logits=self.logits * factor)


@dataclass(slots=True)
class _Storage:
    size: int
    number: int
    is_logits: bool


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all storages that operations made and that are still in use."""

    def __init__(self, known: Iterator[torch.Tensor], vocabulary: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._live = {_key(tensor): _Storage(0, 0, False) for tensor in known}
        self._vocabulary, self._made = vocabulary, 0
        self.now = self.logits_now = 0
        self.peak = self.peak_logits = self.peak_number = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and _key(tensor) not in self._live:
                self._take(tensor)
        return out

    def _take(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        is_logits = tensor.dim() > 1 and tensor.shape[-1] == self._vocabulary
        self._made += 1
        self._live[_key(tensor)] = _Storage(storage.nbytes(), self._made, is_logits)
        self.now += storage.nbytes()
        self.logits_now += storage.nbytes() * is_logits
        weakref.finalize(storage, self._free, _key(tensor))
        if self.now > self.peak:
            self.peak, self.peak_logits, self.peak_number = self.now, self.logits_now, self._made

    def _free(self, key: int) -> None:
        freed = self._live.pop(key)
        self.now -= freed.size
        self.logits_now -= freed.size * freed.is_logits

    def made_before_peak(self, tensor: torch.Tensor) -> int:
        """Bytes of a storage if it was there when most was in use."""
        found = self._live[_key(tensor)]
        return found.size if found.number <= self.peak_number else 0


def _key(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


class _Dropout(nn.Module):
    """Stands for the quick dropout of adapters, which draws real numbers; a mask of the same size is kept."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply by a mask."""
        return x * torch.empty_like(x) if self.training and self.p else x


class _Weights:
    """Turns weights into ones that have a device and no numbers; shared ones stay shared."""

    def __init__(self, mode: FakeTensorMode, device: torch.device) -> None:
        self._mode, self._device = mode, device
        self._made: dict[int, Any] = {}

    def replace_in(self, model: Any) -> None:
        """Turn all of a model."""
        for module in model.modules():
            for held in (module._parameters, module._buffers):
                held.update({name: self._of(tensor) for name, tensor in held.items() if tensor is not None})

    def _of(self, tensor: torch.Tensor) -> Any:
        if id(tensor) not in self._made:
            fake = FakeTensor(self._mode, torch.empty_like(tensor, device="meta"), self._device)
            is_parameter = isinstance(tensor, nn.Parameter)
            # The old one is kept too: its identity must not be taken by another.
            made = nn.Parameter(fake, requires_grad=tensor.requires_grad) if is_parameter else fake
            self._made[id(tensor)] = (tensor, made)
        return self._made[id(tensor)][1]


def _replace_dropout(model: Any) -> None:
    for module in model.modules():
        if isinstance(module, nn.ModuleDict):
            for name, child in list(module.items()):
                if type(child) is nn.Dropout:
                    module[name] = _Dropout(child.p)


class StepTracer:
    """Traces steps of one adapted skeleton, which is used up."""

    def __init__(self, model: Any, *, precision: str, device: str, vocabulary: int, recompute: bool = False) -> None:
        self._model, self._precision, self._vocabulary = model, precision, vocabulary
        self._device = torch.device(device)
        self._mode = FakeTensorMode(allow_non_fake_inputs=True)
        if recompute:
            recompute_activations(model)
        _Weights(self._mode, self._device).replace_in(model)
        _replace_dropout(model)

    def training(self, shape: BatchShape) -> Traced:
        """A forward and a backward pass."""
        self._model.train()

        def run() -> None:
            self._loss(shape).backward()  # type: ignore[no-untyped-call]

        live = self._traced(run)
        grads = [parameter.grad for parameter in self._model.parameters() if parameter.grad is not None]
        present = sum(live.made_before_peak(grad) for grad in grads)
        whole = sum(grad.numel() * grad.element_size() for grad in grads)
        for parameter in self._model.parameters():
            parameter.grad = None
        return Traced(live.peak - live.peak_logits - present, live.peak_logits, whole, present)

    def evaluation(self, shape: BatchShape) -> Traced:
        """A forward pass alone."""
        self._model.eval()

        def run() -> None:
            with torch.no_grad():
                self._loss(shape)

        live = self._traced(run)
        return Traced(live.peak - live.peak_logits, live.peak_logits, 0, 0)

    def _loss(self, shape: BatchShape) -> torch.Tensor:
        size = (shape.rows, shape.length)
        labels = torch.full(size, NOT_TRAINED, device=self._device)
        batch = {
            "input_ids": torch.zeros(size, dtype=torch.long, device=self._device),
            "attention_mask": torch.ones(size, dtype=torch.long, device=self._device),
            "labels": labels,
            "logits_to_keep": shape.kept,
        }
        with computing_in(self._precision, self._device.type):
            total, tokens = summed_loss(self._model, batch)
            return total / tokens

    def _traced(self, run: Callable[[], None]) -> LiveBytes:
        live = LiveBytes(_tensors(self._model), self._vocabulary)
        with _quiet_tracing(), quiet_libraries(), self._mode, live, inputs_as_they_come(self._model):
            run()
        return live


def _tensors(model: Any) -> Iterator[torch.Tensor]:
    yield from model.parameters()
    yield from model.buffers()


@contextmanager
def _quiet_tracing() -> Iterator[None]:
    """Operations that cannot be traced are told by an exception; torch would log each one besides."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
