"""EVA, a start of LoRA from the training rows (Paischer et al. 2024, arXiv:2410.07170). Knows no trainer.

The A of each layer begins with the main directions of that layer's inputs, and ranks move to where the inputs have more
directions; B begins at 0, so nothing is changed yet. From then on it is a plain LoRA with a rank for each layer.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.files import read_json, write_json
from llm_finetune.messages import say
from llm_finetune.methods.in_training import STATE_PREFIX, InTraining
from llm_finetune.methods.lora_settings import EvaSettings, LoraSettings
from llm_finetune.methods.trainable import trainable_parameters
from llm_finetune.methods.weights import load_weights

if TYPE_CHECKING:
    from torch import Tensor

_STATE = f"{STATE_PREFIX}ranks.json"
_ADAPTER = "default"
_BASE = "base_model.model."


def start_from_inputs(model: Any, settings: LoraSettings) -> InTraining:
    """The hooks of a run that starts from its rows."""
    run = InputStart(model, settings)
    return InTraining(
        initialise=run.initialise, save_state=run.save_state, load_state=run.load_state, report=run.report
    )


class InputStart:
    """The ranks that the rows gave each layer."""

    def __init__(self, model: Any, settings: LoraSettings) -> None:
        self._model, self._settings = model, settings

    def initialise(self, batches: Iterable[Mapping[str, Any]]) -> None:
        """Find the directions of every adapted layer's inputs and begin with them.

        Raises: ModelError if they do not settle.
        """
        found = self._directions(batches)
        self._reshape({name: len(rows) for name, rows in found.items()})
        for name, layer in _layers(self._model):
            layer.lora_A[_ADAPTER].weight.data.copy_(found[name])
            layer.lora_B[_ADAPTER].weight.data.zero_()

    def _directions(self, batches: Iterable[Mapping[str, Any]]) -> "Mapping[str, Tensor]":
        """What the first process finds in its rows; all processes begin alike."""
        from torch import distributed

        from llm_finetune.methods.input_directions import input_directions

        layers, chosen = dict(_layers(self._model)), self._settings.eva_config or EvaSettings()
        if not distributed.is_initialized():
            return input_directions(self._model, layers, batches, chosen)
        shared: list[Any] = [None]
        if distributed.get_rank() == 0:
            shared = [input_directions(self._model, layers, batches, chosen)]
        distributed.broadcast_object_list(shared)
        found: Mapping[str, Tensor] = shared[0]
        return found

    def _reshape(self, ranks: Mapping[str, int]) -> None:
        """Give each layer its rank; without one it loses its update."""
        for name, layer in list(_layers(self._model)):
            if not ranks[name]:
                parent, _, child = name.rpartition(".")
                setattr(self._model.get_submodule(parent), child, layer.get_base_layer())
            elif ranks[name] != layer.r[_ADAPTER]:
                _resize(layer, ranks[name], self._settings)
        self._record()

    def _record(self) -> None:
        """Write the ranks into PEFT's configuration, from which the adapter is built again."""
        config = self._model.peft_config[_ADAPTER]
        layers = {name.removeprefix(_BASE): layer for name, layer in _layers(self._model)}
        config.target_modules = {*layers, *(name.removeprefix(_BASE) for name in _embeddings(self._model))}
        config.exclude_modules = config.layers_to_transform = config.layers_pattern = None
        config.rank_pattern = {name: layer.r[_ADAPTER] for name, layer in layers.items()}
        config.alpha_pattern = {name: layer.lora_alpha[_ADAPTER] for name, layer in layers.items()}

    def save_state(self, folder: Path) -> None:
        """Write the ranks of the layers that kept an update."""
        write_json(folder / _STATE, {name: layer.r[_ADAPTER] for name, layer in _layers(self._model)})

    def load_state(self, folder: Path) -> None:
        """Give a new adapter the ranks of a checkpoint, and its weights.

        Raises: FinetuneError if a tensor is missing or left over.
        """
        kept = read_json(folder / _STATE)
        self._reshape({name: kept.get(name, 0) for name, _ in _layers(self._model)})
        load_weights(self._model, folder)

    def report(self) -> Mapping[str, Any]:
        """The ranks that came of it."""
        ranks = {name.removeprefix(_BASE): layer.r[_ADAPTER] for name, layer in _layers(self._model)}
        trained, _ = trainable_parameters(self._model)
        least, most = min(ranks.values()), max(ranks.values())
        line = say("methods.eva_ranks", count=len(ranks), least=least, most=most, trained=trained)
        return {"lines": [line], "start": "eva", "ranks": ranks, "trained": trained}


def _layers(model: Any) -> Iterator[tuple[str, Any]]:
    """The adapted linear layers by name; an adapted embedding keeps its plain start."""
    from peft.tuners.lora import LoraLayer

    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and _ADAPTER in module.lora_A:
            yield name, module


def _embeddings(model: Any) -> list[str]:
    from peft.tuners.lora import LoraLayer

    modules = model.named_modules()
    return [name for name, layer in modules if isinstance(layer, LoraLayer) and _ADAPTER in layer.lora_embedding_A]


def _resize(layer: Any, rank: int, settings: LoraSettings) -> None:
    """Another rank for an update; its modules stay, so what is hooked to them and its dropout do too."""
    before = layer.r[_ADAPTER]
    A, B = layer.lora_A[_ADAPTER], layer.lora_B[_ADAPTER]
    A.weight.data = A.weight.new_zeros(rank, A.in_features)
    B.weight.data = B.weight.new_zeros(B.out_features, rank)
    A.out_features = B.in_features = layer.r[_ADAPTER] = rank
    if (settings.eva_config or EvaSettings()).adjust_scaling_factors:
        layer.lora_alpha[_ADAPTER] *= rank / before
    layer.scaling[_ADAPTER] = layer.lora_alpha[_ADAPTER] / (rank**0.5 if settings.use_rslora else rank)
