"""Hold the frozen linear layers of a base in fewer bits: `model.quantization`.

Embeddings and the output head keep their format, shared or not. int8 is our own layer; nf4 is bitsandbytes'.
Knows no method and no project.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

FIELD = "model.quantization"
NONE, INT8, NF4 = "none", "int8", "nf4"
LIBRARY, NEEDS_LIBRARY = "bitsandbytes", (NF4,)
_PLAIN_PRODUCTS = ("Linear", "FalconLinear", "Conv1D")
"""Classes of layers that compute x @ W + b and nothing else."""
_QUANTIZED = ("Int8Linear", "Int8Conv1D", "Linear4bit", "Linear8bitLt")
_MAKERS = ("llm_finetune", LIBRARY)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a model is held in fewer bits."""

    layers: int
    parameters: int
    of_parameters: int
    """All of the model's, shared ones once."""


def require_library(name: str) -> None:
    """Raises: ModelError if the package that the quantisation needs is not installed."""
    if name in NEEDS_LIBRARY and find_spec(LIBRARY) is None:
        raise _refusal("not_installed", name=name)


def require_layers(config: "PreTrainedConfig", name: str) -> tuple[str, ...]:
    """Names of the layers of such a model that would be quantised, found without weights.

    Raises: ModelError if there are none, or the base is stored quantised already.
    """
    from llm_finetune.model.facts import skeleton

    if is_stored_quantized(config):
        raise _refusal("quantized_twice", name=name)
    model = skeleton(config)
    names = tuple(name for name, _ in linear_layers(model))
    if not names:
        raise _refusal("nothing_to_quantize", name=name, architecture=type(model).__name__)
    return names


def _refusal(code: str, **values: Any) -> ModelError:
    return ModelError(Problem(code, say(f"model.{code}", **values), say(f"model.{code}.fix", **values), field=FIELD))


def is_stored_quantized(config: "PreTrainedConfig") -> bool:
    """Whether the base's own files hold quantised weights."""
    return config.to_dict().get("quantization_config") is not None


def linear_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Names and modules of the linear layers, without the output head."""
    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        if type(module).__name__ in _PLAIN_PRODUCTS and module is not head:
            yield name, module


def quantize(model: Any, name: str, dtype_name: str) -> None:
    """Replace the linear layers in place, one after the other; all other weights get the number format.

    What is kept is copied, so that nothing holds on to the mapped files of the base.
    """
    import torch

    dtype = getattr(torch, dtype_name)
    replaced, in_fewer_bits = list(linear_layers(model)), _kind(name, dtype)
    while replaced:
        place, layer = replaced.pop()
        model.set_submodule(place, in_fewer_bits(layer))
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype, copy=True)
    model.config.dtype = dtype


def _kind(name: str, dtype: Any) -> Callable[[Any], Any]:
    """How a layer is made into one of fewer bits."""
    if name == INT8:
        from llm_finetune.model.int8 import Workspace, in_8_bits

        return partial(in_8_bits, dtype=dtype, workspace=Workspace())
    return partial(_in_4_bits, dtype=dtype)


def _in_4_bits(layer: Any, dtype: Any) -> Any:
    """NormalFloat in blocks of 64 with doubly quantised scales (Dettmers et al. 2023, arXiv:2305.14314)."""
    from bitsandbytes.nn import Linear4bit, Params4bit
    from transformers.pytorch_utils import Conv1D

    weight_OI = layer.weight.data.T if isinstance(layer, Conv1D) else layer.weight.data
    outputs, inputs = weight_OI.shape
    made = Linear4bit(inputs, outputs, bias=False, compute_dtype=dtype, quant_type=NF4, device="meta")
    made.weight = Params4bit(weight_OI.contiguous(), quant_type=NF4, compress_statistics=True, module=made)
    made.bias = layer.bias
    made.register_forward_hook(_as_own_tensor)
    return made.to("cpu")


def _as_own_tensor(_layer: Any, _inputs: Any, output: Any) -> Any:
    """bitsandbytes' product may be a view, to which AdaLoRA cannot add its update in place (peft 0.21)."""
    return output.clone() if output.requires_grad else output


def quantized_layers(model: Any) -> Iterator[Any]:
    """The modules of a model that hold their weights in fewer bits."""
    for module in model.modules():
        package = type(module).__module__.partition(".")[0]  # PEFT's wrappers have names like bitsandbytes' layers.
        if package in _MAKERS and type(module).__name__ in _QUANTIZED:
            yield module


def keep_gradients(model: Any) -> None:
    """Forbid bitsandbytes' 4-bit layers to repack their weights when they are first evaluated.

    Repacked, they pass no gradient to what stands before them, in training too (bitsandbytes 0.50.2, on CPUs that
    multiply bfloat16 in AVX512), and compute another product than in training.
    """
    for module in quantized_layers(model):
        if type(module).__name__ == "Linear4bit":
            module.support_avx512bf16_for_cpu = False


def logical_size(parameter: Any) -> int:
    """Numbers that a parameter stands for; bitsandbytes packs two of 4 bits into a byte."""
    state = parameter.__dict__.get("quant_state")
    return int(parameter.numel() if state is None else state.shape.numel())


def share_of(model: Any) -> Share:
    """How much of a loaded model is held in fewer bits."""
    weights = [_integers(layer) for layer in quantized_layers(model)]
    total = sum(logical_size(parameter) for parameter in model.parameters())
    return Share(len(weights), sum(logical_size(weight) for weight in weights), total)


def _integers(layer: Any) -> Any:
    return layer.integers_OI if type(layer).__name__.startswith("Int8") else layer.weight
