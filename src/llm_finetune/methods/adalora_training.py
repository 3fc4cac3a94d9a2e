"""AdaLoRA while it is trained: the cut, the penalty, and a state that can be taken up again. Knows no trainer.

PEFT 0.21 does the cutting; nothing in the Trainer calls it. Cut directions stay in the model with a singular value of
zero, and what is delivered is without them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils import get_total_norm

from llm_finetune.errors import FinetuneError
from llm_finetune.messages import say
from llm_finetune.methods.adalora_schedule import Schedule
from llm_finetune.methods.in_training import STATE_PREFIX
from llm_finetune.methods.weights import save_weights
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftModel

STATE_FILE = f"{STATE_PREFIX}safetensors"
WEIGHTS, IMPORTANCE, UNCERTAINTY, KEPT = "weights/", "importance/", "uncertainty/", "kept/"
_IS_CUT = "is_cut"


class RankCutting:
    """Cuts the ranks of one model as its schedule has it."""

    def __init__(self, adapted: "PeftModel", schedule: Schedule, penalty_weight: float) -> None:
        self.schedule = schedule
        self._adapted, self._tuner = adapted, adapted.base_model
        self._penalty_weight = penalty_weight
        self._config = adapted.peft_config[adapted.active_adapter]
        self._is_cut = False
        named = dict(self._tuner.model.named_parameters())
        self._updates = {name: parameter for name, parameter in named.items() if ".lora_" in name}
        self._singular_values = {name: value for name, value in self._updates.items() if ".lora_E." in name}

    # -- a step ------------------------------------------------------------------------------------------------------

    def penalty(self) -> torch.Tensor:
        """Weight x mean Frobenius norm of QQᵀ - I and PᵀP - I over all matrices, in float32.

        PEFT 0.21's form, which takes the root that equation 4 of the paper does not.
        """
        with torch.autocast(next(iter(self._updates.values())).device.type, enabled=False):
            norms = [_distance_from_orthogonal(name, value) for name, value in self._directions()]
            return self._penalty_weight * torch.stack(norms).mean()

    def _directions(self) -> list[tuple[str, nn.Parameter]]:
        return [(name, value) for name, value in self._updates.items() if name not in self._singular_values]

    def after_optimizer(self, step: int) -> None:
        """Measure importance and cut; a cut that is made stays, however long the run goes on."""
        if self._is_cut:
            self._tuner.rankallocator.mask_using_rank_pattern(self._tuner.model, self._config.rank_pattern)
            return
        self._make_gradients_usable()
        self._tuner.update_and_allocate(min(step, self.schedule.cut_step))
        self._is_cut = step >= self.schedule.cut_step

    def _make_gradients_usable(self) -> None:
        """A step that overflowed (float16) or a layer that was not used measures nothing, and spoils no average."""
        for parameter in self._updates.values():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in self._updates.values() if parameter.grad is not None]
        if not torch.isfinite(get_total_norm(gradients)):
            for gradient in gradients:
                gradient.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)

    # -- files -------------------------------------------------------------------------------------------------------

    def save_weights(self, folder: Path) -> None:
        """Write the adapter without its cut directions, where all of them are zero.

        Between two cuts the optimizer fills them again; then the adapter is written whole, as it computes.
        """
        pattern = self._config.rank_pattern
        self._config.rank_pattern = pattern if pattern and self._leaves_only_zeros(pattern) else None
        try:
            with quiet_libraries():
                save_weights(self._adapted, folder)
        finally:
            self._config.rank_pattern = pattern

    def _leaves_only_zeros(self, pattern: Mapping[str, list[bool]]) -> bool:
        return all(
            not value.detach()[~torch.tensor(pattern[name], device=value.device)].any()
            for name, value in self._singular_values.items()
        )

    def save_state(self, folder: Path) -> None:
        """Write the whole weights, which the optimizer's state belongs to, and the running averages."""
        from safetensors.torch import save_file

        allocator, pattern = self._tuner.rankallocator, self._config.rank_pattern or {}
        tensors = {
            **{WEIGHTS + name: value.detach() for name, value in self._trained().items()},
            **{IMPORTANCE + name: value for name, value in allocator.exp_avg_ipt.items()},
            **{UNCERTAINTY + name: value for name, value in allocator.exp_avg_unc.items()},
            **{KEPT + name: torch.tensor(kept) for name, kept in pattern.items()},
        }
        save_file(
            {name: tensor.cpu().contiguous() for name, tensor in tensors.items()},
            folder / STATE_FILE,
            metadata={_IS_CUT: str(self._is_cut)},
        )

    def _trained(self) -> dict[str, nn.Parameter]:
        return {name: value for name, value in self._adapted.named_parameters() if value.requires_grad}

    def load_state(self, folder: Path) -> None:
        """Put weights, running averages and the cut back.

        Raises: FinetuneError if they are not those of this model.
        """
        from safetensors import safe_open

        with safe_open(folder / STATE_FILE, framework="pt") as state:
            names, metadata = list(state.keys()), state.metadata()
            saved = {name: state.get_tensor(name) for name in names}
        trained = self._trained()
        if wrong := {name.removeprefix(WEIGHTS) for name in names if name.startswith(WEIGHTS)} ^ trained.keys():
            raise FinetuneError(say("methods.weights_do_not_fit", folder=folder, names=", ".join(sorted(wrong)[:5])))
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(saved[WEIGHTS + name])
        self._restore_averages(saved)
        kept = _beginning_with(KEPT, saved)
        self._config.rank_pattern = {name: tensor.tolist() for name, tensor in kept.items()} or None
        self._is_cut = metadata[_IS_CUT] == str(True)

    def _restore_averages(self, saved: Mapping[str, torch.Tensor]) -> None:
        allocator = self._tuner.rankallocator
        allocator.reset_ipt()
        for name, tensor in _beginning_with(IMPORTANCE, saved).items():
            device = self._updates[name].device
            # PEFT takes a name that is here as measured before; its value is overwritten before it is read.
            allocator.ipt[name] = torch.zeros_like(self._updates[name])
            allocator.exp_avg_ipt[name] = tensor.to(device)
            allocator.exp_avg_unc[name] = saved[UNCERTAINTY + name].to(device)

    # -- what came of it ---------------------------------------------------------------------------------------------

    def ranks(self) -> dict[str, int]:
        """The rank that is left of each layer, by its full name."""
        return {
            name.partition(".lora_E.")[0]: int(value.detach().count_nonzero())
            for name, value in self._singular_values.items()
        }

    def report(self) -> dict[str, Any]:
        """The final ranks, in all and by kind of layer."""
        ranks = self.ranks()
        total, target = sum(ranks.values()), self._config.target_r * len(ranks)
        lines = [say("methods.adalora_ranks", total=total, modules=len(ranks), target=target)]
        if not self._is_cut:
            lines.append(say("methods.adalora_uncut", cut=self.schedule.cut_step))
        elif total < target:
            lines.append(say("methods.adalora_ties"))
        schedule = {
            "total_step": self.schedule.total_step,
            "tinit": self.schedule.tinit,
            "tfinal": self.schedule.tfinal,
        }
        return {
            "lines": [*lines, *_lines_by_kind(ranks)],
            "schedule": schedule,
            "target_rank_sum": target,
            "rank_sum": total,
            "ranks": ranks,
        }


def _distance_from_orthogonal(name: str, value: torch.Tensor) -> torch.Tensor:
    gram = value @ value.T if ".lora_A." in name else value.T @ value
    identity = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    distance: torch.Tensor = torch.linalg.vector_norm(gram - identity)
    return distance


def _beginning_with(prefix: str, saved: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in saved.items() if name.startswith(prefix)}


def _lines_by_kind(ranks: Mapping[str, int]) -> list[str]:
    """One line for each last name of layers, such as `q_proj`."""
    kinds: dict[str, list[int]] = {}
    for name, rank in ranks.items():
        kinds.setdefault(name.rpartition(".")[2], []).append(rank)
    return [
        say(
            "methods.adalora_kind",
            kind=kind,
            total=sum(found),
            modules=len(found),
            least=min(found),
            most=max(found),
        )
        for kind, found in kinds.items()
    ]
