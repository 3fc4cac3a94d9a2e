"""The model that would be trained, with shapes but without weights. Knows no data and no machine.

The method itself is put on a model on the meta device, so that what is counted is what will be trained.
"""

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from peft import PeftModel
from torch import nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D

from llm_finetune.config.strict import Settings
from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods import trainable_parameters
from llm_finetune.methods.method import Method
from llm_finetune.model import quantize
from llm_finetune.model.facts import skeleton
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

PLAIN_STARTS: dict[str, Any] = {"init_lora_weights": True, "prompt_tuning_init": "RANDOM"}
"""Starts that read no weights. Others begin at other values, never in other shapes."""
NF4_BLOCK, NF4_SECOND_BLOCK = 64, 256
"""Weights to a scale of 8 bits, and scales to one of 32 (Dettmers et al. 2023, arXiv:2305.14314, 3)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides shapes and number formats of a model in training."""

    config: "PreTrainedConfig"
    method: Method
    settings: Settings
    stored: str
    """Number format the base is loaded in."""
    quantization: str
    total_steps: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the weights come to."""

    architecture: str
    trained: int
    total: int
    """Parameters; shared ones count once."""
    frozen_bytes: int
    trained_bytes: int
    largest_bytes: int
    """Of one parameter."""
    trained_shapes: tuple[tuple[int, ...], ...]
    vocabulary: int
    can_recompute: bool
    """Whether the library can compute activations of this architecture again."""


def adapted_skeleton(recipe: Recipe) -> Any:
    """The model as training has it, on the meta device.

    Raises: ModelError if the method does not fit the model, or cannot be put on it without weights.
    """
    model: Any = None
    fault: Exception | None = None
    for stored, all_on_meta in _ways(recipe):
        try:
            model = _applied(recipe, stored, all_on_meta=all_on_meta)
            break
        except (RuntimeError, NotImplementedError) as error:
            fault = error
    if model is None:
        message, fix = say("plan.cannot_count", title=recipe.method.title), say("plan.cannot_count.fix")
        raise ModelError(Problem("cannot_count", message, fix)) from fault
    return model


def _ways(recipe: Recipe) -> Iterator[tuple[str, bool]]:
    """(number format, whether what the method makes has no numbers either), the first one that works is taken.

    BOFT makes permutations that it reads at once; torch 2.13 multiplies Mixtral's experts without numbers in bfloat16
    alone.
    """
    for stored in dict.fromkeys((recipe.stored, "bfloat16")):
        yield stored, True
        yield stored, False


def _applied(recipe: Recipe, stored: str, *, all_on_meta: bool) -> Any:
    config = copy.deepcopy(recipe.config)
    # The library looks for this token among the (absent) numbers of a text, to warn of padding.
    config.get_text_config().pad_token_id = config.pad_token_id = None
    model = skeleton(config).to(getattr(torch, stored))
    is_adapted_first = recipe.method.virtual_tokens is not None
    with torch.device("meta") if all_on_meta else contextlib.nullcontext(), quiet_libraries():
        if not is_adapted_first:
            _quantize(model, recipe)
        adapted = recipe.method.apply(model, _with_plain_start(recipe.settings), recipe.total_steps)
        if is_adapted_first:
            # Their base is left as it is, and is looked at by a forward pass, for which rounded layers need a device.
            _quantize(model, recipe)
    adapted = adapted.to("meta")
    if stored != recipe.stored:
        for parameter in adapted.parameters():
            if parameter.dtype == getattr(torch, stored):
                parameter.data = parameter.data.to(getattr(torch, recipe.stored))
    return adapted


def _with_plain_start(settings: Settings) -> Settings:
    plain = {key: value for key, value in PLAIN_STARTS.items() if key in type(settings).model_fields}
    return settings.model_copy(update=plain)


def _quantize(model: Any, recipe: Recipe) -> None:
    if recipe.quantization == quantize.NF4:
        for place, layer in list(quantize.linear_layers(model)):
            model.set_submodule(place, _Linear4(layer))
    elif recipe.quantization != quantize.NONE:
        quantize.quantize(model, recipe.quantization, recipe.stored)


class _Linear4(nn.Linear):
    """Stands for bitsandbytes' 4-bit layer, which cannot be made without weights: its bytes, and its products."""

    def __init__(self, layer: Any) -> None:
        nn.Module.__init__(self)
        transposed = isinstance(layer, Conv1D)
        self.out_features, self.in_features = reversed(layer.weight.shape) if transposed else layer.weight.shape
        count = self.out_features * self.in_features
        scales = -(-count // NF4_BLOCK)
        packed = nn.Parameter(torch.empty(-(-count // 2), 1, dtype=torch.uint8), requires_grad=False)
        # As bitsandbytes marks it, for whoever counts parameters.
        packed.quant_state = SimpleNamespace(shape=torch.Size((self.out_features, self.in_features)))  # type: ignore[attr-defined]
        self.weight = packed
        self.register_buffer("scales", torch.empty(scales, dtype=torch.uint8))
        self.register_buffer("second_scales", torch.empty(-(-scales // NF4_SECOND_BLOCK), dtype=torch.float32))
        self.bias = layer.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """A product with a full copy of the weights, which is kept no longer than the product takes."""
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        product: torch.Tensor = _Product4.apply(x, self.out_features)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias.to(product.dtype)


class _Product4(torch.autograd.Function):
    """x @ Wᵀ and its gradient, with a W made for each."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, outputs: int) -> torch.Tensor:
        ctx.inputs = x.shape[-1]
        return functional.linear(x, x.new_empty(outputs, ctx.inputs))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = gradients
        return gradient @ gradient.new_empty(gradient.shape[-1], ctx.inputs), None


def sizes_of(model: Any) -> Sizes:
    """What the weights of an adapted skeleton come to."""
    trained, total = trainable_parameters(model)
    parameters = list(model.parameters())
    tensors = [*parameters, *model.buffers()]
    trained_bytes = sum(_bytes(parameter) for parameter in parameters if parameter.requires_grad)
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    return Sizes(
        architecture=type(base).__name__,
        trained=trained,
        total=total,
        frozen_bytes=sum(map(_bytes, tensors)) - trained_bytes,
        trained_bytes=trained_bytes,
        largest_bytes=max(map(_bytes, parameters)),
        trained_shapes=tuple(tuple(parameter.shape) for parameter in parameters if parameter.requires_grad),
        vocabulary=base.config.get_text_config().vocab_size,
        can_recompute=bool(base.supports_gradient_checkpointing),
    )


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
