"""Linear layers whose frozen weights are held in 8 bits: one scale for each output, computed in the input's format.

The backward pass multiplies the integers again instead of keeping a full copy from the forward pass, as a plain product
with dequantised weights does. Evaluation computes what training computes. Knows no adapter and no file.

Shapes: O outputs, I inputs.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils._pytree import tree_map_only
from transformers.pytorch_utils import Conv1D

LARGEST = 127
"""Of a signed byte without -128: symmetric, by the largest number of a row (Dettmers et al. 2022, arXiv:2208.07339)."""
ROWS_AT_ONCE = 64
_OVERFLOWS = torch.float16
"""A product with unscaled integers may leave its range."""


def rounded(weight_OI: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The integers (O, I) and scales (O) nearest to a matrix.

    The scales are rounded to bfloat16 before the integers are chosen, so that no format rounds them later. Some rows
    are done at a time: large copies that come and go leave holes between the small ones that stay.
    """
    integers_OI = torch.empty(weight_OI.shape, dtype=torch.int8, device=weight_OI.device)
    scale_O = torch.empty(len(weight_OI), device=weight_OI.device)
    smallest = torch.finfo(torch.bfloat16).tiny
    for start in range(0, len(weight_OI), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        some_OI = weight_OI[rows].float()
        scale_O[rows] = (some_OI.abs().amax(1) / LARGEST).clamp_min(smallest).bfloat16()
        integers_OI[rows] = (some_OI / scale_O[rows, None]).round().clamp(-LARGEST, LARGEST)
    return integers_OI, scale_O


class Workspace:
    """One buffer in which all layers of a model unpack their weights in turn, for as long as a product takes.

    A new tensor for each leaves holes between the activations that stay: on a CPU a base of 0.4 billion parameters then
    took 300 MB more.
    """

    def __init__(self) -> None:
        self._buffers: dict[tuple[torch.device, torch.dtype], torch.Tensor] = {}

    def holding(self, integers_OI: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The integers in another format; valid until the next call."""
        count, key = integers_OI.numel(), (integers_OI.device, dtype)
        if key not in self._buffers or self._buffers[key].numel() < count:
            with torch.inference_mode(False):
                self._buffers[key] = torch.empty(count, device=integers_OI.device, dtype=dtype)
        return self._buffers[key][:count].view(integers_OI.shape).copy_(integers_OI)


class _Product(torch.autograd.Function):
    """x @ Wᵀ with a frozen W; only the integers are kept for the gradient of x."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, integers_OI: torch.Tensor, scale_O: torch.Tensor, workspace: Workspace
    ) -> torch.Tensor:
        ctx.save_for_backward(integers_OI, scale_O)
        ctx.workspace = workspace
        weight_OI, scale_O = workspace.holding(integers_OI, x.dtype), scale_O.to(x.dtype)
        if x.dtype == _OVERFLOWS:
            return functional.linear(x, weight_OI.mul_(scale_O[:, None]))
        return functional.linear(x, weight_OI).mul_(scale_O)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        integers_OI, scale_O = ctx.saved_tensors
        (gradient,) = gradients
        weight_OI = ctx.workspace.holding(integers_OI, gradient.dtype)
        return (gradient * scale_O.to(gradient.dtype)) @ weight_OI, None, None, None


class _Unpacked(torch.Tensor):
    """A matrix that is unpacked when it is computed with, and only then.

    PEFT asks a layer's weight for format and device several times before training; each copy would be as large as the
    layer was before it was rounded.
    """

    _unpack: Callable[[], torch.Tensor]

    @staticmethod
    def of(like: torch.Tensor, dtype: torch.dtype, unpack: Callable[[], torch.Tensor]) -> "_Unpacked":
        """What `unpack` gives: a tensor of this shape and number format."""
        wrapper: Any = torch.Tensor._make_wrapper_subclass
        made: _Unpacked = wrapper(_Unpacked, like.shape, dtype=dtype, device=like.device)
        made._unpack = unpack
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        args, kwargs = tree_map_only(_Unpacked, lambda matrix: matrix._unpack(), (args, kwargs or {}))
        return func(*args, **kwargs)


class _Rounded(nn.Module):
    """What both kinds of layers share."""

    def _hold(
        self, weight_OI: torch.Tensor, bias: nn.Parameter | None, dtype: torch.dtype, workspace: Workspace
    ) -> None:
        nn.Module.__init__(self)
        integers_OI, scale_O = rounded(weight_OI)
        self.integers_OI = nn.Parameter(integers_OI, requires_grad=False)
        self.register_buffer("scale_O", scale_O)
        self.register_parameter("bias", bias)
        self.dtype, self._workspace = dtype, workspace

    def _matrix(self) -> torch.Tensor:
        """The weights (O, I), dequantised."""
        scale_O: Any = self.scale_O
        matrix_OI: torch.Tensor = (self.integers_OI * scale_O[:, None]).to(self.dtype)
        return matrix_OI

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The product with the weights, in autocast's format where that is on."""
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        bias: Any = self.bias
        operands = x, self.integers_OI, self.scale_O, self._workspace
        product: torch.Tensor = _Product.apply(*operands)  # type: ignore[no-untyped-call]
        return product if bias is None else product + bias.to(product.dtype)


class Int8Linear(_Rounded, nn.Linear):
    """A linear layer in 8 bits."""

    def __init__(self, layer: nn.Linear, dtype: torch.dtype, workspace: Workspace) -> None:
        self._hold(layer.weight.data, layer.bias, dtype, workspace)
        self.out_features, self.in_features = layer.weight.shape

    @property
    def weight(self) -> torch.Tensor:  # type: ignore[override]
        """The dequantised matrix, for whoever asks for it; changing it changes nothing."""
        return _Unpacked.of(self.integers_OI, self.dtype, self._matrix)


class Int8Conv1D(_Rounded, Conv1D):  # type: ignore[misc]
    """GPT-2's kind of linear layer, whose matrix stands transposed, in 8 bits."""

    def __init__(self, layer: Conv1D, dtype: torch.dtype, workspace: Workspace) -> None:
        self._hold(layer.weight.data.T, layer.bias, dtype, workspace)
        self.nx, self.nf = layer.weight.shape

    @property
    def weight(self) -> torch.Tensor:
        """The dequantised matrix (I, O), for whoever asks for it; changing it changes nothing."""
        return _Unpacked.of(self.integers_OI.T, self.dtype, lambda: self._matrix().T)


def in_8_bits(layer: Any, dtype: torch.dtype, workspace: Workspace) -> nn.Module:
    """The layer with its weights rounded, for inputs of a number format; its bias is shared with the one given."""
    kind = Int8Conv1D if isinstance(layer, Conv1D) else Int8Linear
    return kind(layer, dtype, workspace)
