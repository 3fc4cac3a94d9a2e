"""Starts of LoRA that take part of the frozen weights into the update: PiSSA and OLoRA. Knows no trainer.

    W  (out, in)  =  W_rest + s · B0 @ A0        s: the update's scale;  B0 (out, r), A0 (r, in)

PiSSA (Meng et al. 2024, arXiv:2404.02948, eq. 2-4) takes the r largest singular directions of W, OLoRA (Büyükakyüz
2024, arXiv:2406.01775) the first r of its QR decomposition. W_rest stays frozen, A and B are trained from A0 and B0.

What is delivered is a plain LoRA on the untouched W, of twice the rank:

    W_rest + s · B @ A  =  W + s · [B, -B0] @ [A; A0]

A checkpoint holds that too, and A, B, A0 and B0 beside it, from which training goes on exactly. In bfloat16, W_rest is
rounded as W was: SmolLM2-135M as delivered is 2e-3 nats from what was trained; bfloat16 itself is 1e-3 from float32.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_finetune.messages import say
from llm_finetune.methods.in_training import STATE_PREFIX, InTraining
from llm_finetune.methods.lora_settings import iterations_of
from llm_finetune.methods.weights import ADAPTER_WEIGHTS, fill_adapter

if TYPE_CHECKING:
    from torch import Tensor

_STATE = f"{STATE_PREFIX}start.safetensors"
_ADAPTER = "default"
_TITLES = {"pissa": "PiSSA", "olora": "OLoRA"}


class Factors(NamedTuple):
    """The two factors of an update, in float32."""

    A: "Tensor"
    """(r, in)"""
    B: "Tensor"
    """(out, r)"""


def changed_base(model: Any, start: bool | str) -> InTraining:
    """The hooks of a run whose base is changed."""
    run = ChangedBase(model, str(start))
    return InTraining(
        initialise=run.initialise,
        save_weights=run.save_weights,
        save_state=run.save_state,
        load_state=run.load_state,
        report=run.report,
    )


class ChangedBase:
    """What the base lost to the update, layer by layer, for the time of a run."""

    def __init__(self, model: Any, start: str) -> None:
        self._model, self._start = model, start
        self._taken: dict[str, Factors] = {}

    def initialise(self, _batches: Iterable[Mapping[str, Any]]) -> None:
        """Split each adapted layer's matrix into its main directions and the rest."""
        for name, layer in _layers(self._model):
            factors = _main_directions(_weight_of(layer), layer.r[_ADAPTER], layer.scaling[_ADAPTER], self._start)
            self._take(name, layer, factors)
            layer.lora_A[_ADAPTER].weight.data.copy_(factors.A)
            layer.lora_B[_ADAPTER].weight.data.copy_(factors.B)

    def _take(self, name: str, layer: Any, factors: Factors) -> None:
        weight = layer.get_base_layer().weight
        rest = _weight_of(layer) - layer.scaling[_ADAPTER] * (factors.B @ factors.A)
        weight.data.copy_(rest.T if layer.fan_in_fan_out else rest)
        self._taken[name] = factors

    def save_weights(self, folder: Path) -> None:
        """Write a plain LoRA on the untouched base."""
        import torch
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        state = get_peft_model_state_dict(self._model, save_embedding_layers=False)
        for name, layer in _layers(self._model):
            taken, (key_A, key_B) = self._taken[name], _keys(name)
            # Twice the rank halves PEFT's scale (`use_rslora`: divides it by √2), so the second factor makes up for it.
            makes_up = 2**0.5 if layer.use_rslora[_ADAPTER] else 2.0
            state[key_A] = torch.cat([state[key_A], taken.A.to(state[key_A])])
            state[key_B] = torch.cat([state[key_B], -taken.B.to(state[key_B])], dim=1) * makes_up
        folder.mkdir(parents=True, exist_ok=True)
        save_file({key: value.contiguous() for key, value in state.items()}, folder / ADAPTER_WEIGHTS)
        config = deepcopy(self._model.peft_config[_ADAPTER])
        config.r, config.inference_mode = 2 * config.r, True
        config.rank_pattern = {
            **{name.removeprefix("base_model.model."): rank for name, rank in _embedding_ranks(self._model)},
            **{key: 2 * rank for key, rank in config.rank_pattern.items()},
        }
        config.base_model_name_or_path = config.base_model_name_or_path or self._model.get_base_model().name_or_path
        config.save_pretrained(str(folder))

    def save_state(self, folder: Path) -> None:
        """Write the update as it is trained, and what the base lost to it."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        state = get_peft_model_state_dict(self._model, save_embedding_layers=False)
        taken = {
            f"{kind}.{name}": getattr(factors, kind)
            for name, factors in self._taken.items()
            for kind in Factors._fields
        }
        tensors = {**{f"trained.{key}": value for key, value in state.items()}, **taken}
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, folder / _STATE)

    def load_state(self, folder: Path) -> None:
        """Change the untouched base as it was changed, and put the update back.

        Raises: FinetuneError if a tensor is missing or left over.
        """
        from safetensors.torch import load_file

        tensors = load_file(folder / _STATE)
        for name, layer in _layers(self._model):
            place = layer.get_base_layer().weight.device
            self._take(name, layer, Factors(*(tensors[f"{kind}.{name}"].to(place) for kind in Factors._fields)))
        saved = {key.removeprefix("trained."): value for key, value in tensors.items() if key.startswith("trained.")}
        fill_adapter(self._model, saved, folder)

    def report(self) -> Mapping[str, Any]:
        """What was delivered."""
        rank = self._model.peft_config[_ADAPTER].r
        title = _TITLES[self._start.partition("_")[0]]
        line = say("methods.start_delivered", title=title, rank=rank, delivered=2 * rank)
        return {"lines": [line], "start": self._start, "rank": rank, "delivered_rank": 2 * rank}


def _layers(model: Any) -> Iterator[tuple[str, Any]]:
    """The adapted linear layers by name; an adapted embedding keeps its plain start."""
    from peft.tuners.lora import LoraLayer

    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and _ADAPTER in module.lora_A:
            yield name, module


def _embedding_ranks(model: Any) -> Iterator[tuple[str, int]]:
    """The adapted embeddings by name, with their ranks: these are delivered as they are."""
    from peft.tuners.lora import LoraLayer

    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and _ADAPTER in module.lora_embedding_A:
            yield name, module.r[_ADAPTER]


def _keys(name: str) -> tuple[str, str]:
    return f"{name}.lora_A.weight", f"{name}.lora_B.weight"


def _weight_of(layer: Any) -> "Tensor":
    """The frozen matrix (out, in) of an adapted layer, in float32."""
    weight: Tensor = layer.get_base_layer().weight.data.float()
    return weight.T if layer.fan_in_fan_out else weight


def _main_directions(weight: "Tensor", rank: int, scale: float, start: str) -> Factors:
    """A0 and B0 of a matrix (out, in), so that scale · B0 @ A0 is the part taken; unused ranks stay 0."""
    import torch

    iterations = iterations_of(start)
    if start == "olora":
        left, right = torch.linalg.qr(weight)
        left, right = left[:, :rank], right[:rank]
    else:
        if iterations is None:
            U, S, Vh = torch.linalg.svd(weight, full_matrices=False)
        else:
            U, S, V = torch.svd_lowrank(weight, q=min(rank, *weight.shape), niter=iterations)
            Vh = V.T
        root = (S[:rank] / scale).sqrt()
        left, right = U[:, :rank] * root, root[:, None] * Vh[:rank]
    A, B = weight.new_zeros(rank, weight.shape[1]), weight.new_zeros(weight.shape[0], rank)
    A[: right.shape[0]], B[:, : left.shape[1]] = right, left
    return Factors(A, B)
