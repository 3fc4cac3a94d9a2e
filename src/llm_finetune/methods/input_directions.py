"""The main directions of what flows into a model's layers, and how many each should have. Knows no adapter's form.

EVA's procedure (Paischer et al. 2024, arXiv:2410.07170): an incremental principal component analysis of each layer's
inputs over batches, until the directions settle; then the budget of ranks goes to the directions that explain most of
their layer's inputs. Layers that read the same tensor share one analysis.

Shapes: N tokens, I inputs of a layer, C components.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from peft.utils.incremental_pca import IncrementalPCA
from torch.nn import functional

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.lora_settings import EvaSettings

MOST_BATCHES = 200
"""Where the directions have not settled by then, they will not."""
_SEED = 42
"""Of the low-rank SVD inside the analysis, as in PEFT 0.21."""


@dataclass(slots=True)
class _Inputs:
    """The analysis of one tensor that one or more layers read."""

    names: list[str]
    """Layers that read it."""
    most: int
    """Components that a layer may get."""
    waiting: list[torch.Tensor] = field(default_factory=list)
    """Inputs (N, I) not looked at yet: an analysis takes at least twice as many tokens as it has components."""
    analysis: Any = None
    settled: Any = None
    """Which components stayed what they were in the last look (C)."""

    def look(self, states_NI: torch.Tensor, alike: float) -> None:
        """Take the inputs of another batch."""
        self.waiting.append(states_NI.float())
        if sum(map(len, self.waiting)) < 2 * self.most:
            return
        states_NI, self.waiting = torch.cat(self.waiting), []
        before = None if self.analysis is None else self.analysis.components_
        if self.analysis is None:
            self.most = min(self.most, states_NI.shape[1])
            is_wide = 2 * self.most <= states_NI.shape[1]
            self.analysis = IncrementalPCA(n_components=self.most, lowrank=is_wide, lowrank_seed=_SEED)
        self.analysis.partial_fit(states_NI)
        if before is not None:
            self.settled = functional.cosine_similarity(self.analysis.components_, before) >= alike

    def has_settled(self, rank: int) -> bool:
        return self.settled is not None and bool(self.settled[:rank].all())


def input_directions(
    model: Any, layers: Mapping[str, Any], batches: Iterable[Mapping[str, Any]], chosen: EvaSettings
) -> Mapping[str, torch.Tensor]:
    """Directions (rank, I) of each adapted layer's inputs, by name; a layer may get none.

    Raises: ModelError if they do not settle.
    """
    budget = {name: layer.r["default"] for name, layer in layers.items()}
    was_training, groups, ranks = model.training, list[_Inputs](), dict[str, int]()
    model.eval()
    try:
        with torch.no_grad(), model.disable_adapter():
            for batch in _repeated(batches):
                seen = _inputs_of(model, layers, batch, chosen)
                groups = groups or _grouped(seen, budget, chosen.rho)
                for group in groups:
                    if not ranks or not group.has_settled(max(ranks[name] for name in group.names)):
                        group.look(seen[group.names[0]], chosen.tau)
                if all(group.analysis is not None for group in groups):
                    ranks = _distributed(groups, sum(budget.values()))
                    if all(group.has_settled(max(ranks[name] for name in group.names)) for group in groups):
                        break
            else:
                message = say("methods.eva_unsettled", batches=MOST_BATCHES)
                fix = say("methods.eva_unsettled.fix")
                raise ModelError(Problem("eva_unsettled", message, fix, field="eva_config"))
    finally:
        model.train(was_training)
    return {name: _rows(group, ranks[name], chosen) for group in groups for name in group.names}


def _repeated(batches: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The batches, again and again, up to the most that are looked at."""
    count = 0
    while count < MOST_BATCHES:
        for batch in batches:
            yield batch
            count += 1
            if count == MOST_BATCHES:
                return


def _inputs_of(
    model: Any, layers: Mapping[str, Any], batch: Mapping[str, Any], chosen: EvaSettings
) -> dict[str, torch.Tensor]:
    """Inputs (N, I) of each layer at the tokens that count; layers that read one tensor get one tensor."""
    device = next(model.parameters()).device
    mask_BT = batch["attention_mask"].to(device).bool()
    if chosen.use_label_mask:
        mask_BT &= batch["labels"].to(device) != chosen.label_mask_value
    read: dict[str, torch.Tensor] = {}
    last: list[torch.Tensor] = [mask_BT, mask_BT]

    def note(name: str, states_BTI: torch.Tensor) -> None:
        # Layers that read one tensor do so one after the other; to keep every tensor would take too much memory.
        if states_BTI is not last[0]:
            last[:] = [states_BTI, states_BTI[mask_BT]]
        read[name] = last[1]

    handles = [
        layer.register_forward_pre_hook(lambda _layer, inputs, name=name: note(name, inputs[0]))
        for name, layer in layers.items()
    ]
    try:
        model(
            input_ids=batch["input_ids"].to(device),
            attention_mask=batch["attention_mask"].to(device),
            use_cache=False,
        )
    finally:
        for handle in handles:
            handle.remove()
    return read


def _grouped(seen: Mapping[str, torch.Tensor], budget: Mapping[str, int], rho: float) -> list[_Inputs]:
    names: dict[int, list[str]] = {}
    for name, states_NI in seen.items():
        names.setdefault(id(states_NI), []).append(name)
    return [_Inputs(group, max(round(budget[name] * rho) for name in group)) for group in names.values()]


def _distributed(groups: Sequence[_Inputs], budget: int) -> dict[str, int]:
    """Ranks by layer: the budget goes to the directions that explain most of their layer's inputs."""
    owners, shares = [], []
    for group in groups:
        explained = group.analysis.explained_variance_ratio_[: group.most].tolist()
        owners += [name for name in group.names for _ in explained]
        shares += explained * len(group.names)
    order = sorted(range(len(shares)), key=lambda index: -shares[index])
    counts = Counter(owners[index] for index in order[:budget])
    return {name: counts[name] for group in groups for name in group.names}


def _rows(group: _Inputs, rank: int, chosen: EvaSettings) -> torch.Tensor:
    """The first components (rank, I); whitened as PEFT does it, by the root of the singular value."""
    rows: torch.Tensor = group.analysis.components_[:rank].float()
    if chosen.whiten:
        rows = rows / group.analysis.singular_values_[:rank].float().sqrt()[:, None]
    return rows
