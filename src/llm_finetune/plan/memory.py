"""What a run needs of memory, by component, counted before any weight is loaded. Knows no machine.

Bytes of weights, gradients and optimizer state follow from shapes. What a step keeps is traced on the model itself
(`trace`). Two figures are measured, not derived: the process before training, which the caller gives, and what the
allocator holds beyond what is in use (`ALLOCATOR`).
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from llm_finetune.plan.optimizers import state_bytes
from llm_finetune.plan.skeleton import Recipe, Sizes, adapted_skeleton, sizes_of
from llm_finetune.plan.steps import BatchShape, Steps
from llm_finetune.plan.trace import StepTracer, Traced

STATED_ERROR = 0.35
"""The formula is held to this (docs/plan.md has what was measured)."""
ALLOCATOR: Mapping[str, tuple[float, float]] = {
    # Device → share of the activations held besides, with a frozen base and with all weights trained.
    # cpu: glibc 2.36 and torch 2.13, SmolLM2-135M, 512 to 4,096 tokens a batch: 0.25 to 0.45, and 0.07 to 0.10. It is
    # the same where activations are computed again. Other devices: torch's caching allocators; not measured.
    "cpu": (0.40, 0.10),
    "cuda": (0.10, 0.10),
}
ROUGH_BYTES = 34
"""Bytes a token, block and number of the hidden size, in 16 bits (Korthikanti et al. 2022, arXiv:2205.05198, 4.1)."""
LOGIT_COPIES_BYTES = 12
"""float32 logits, their logarithms and their gradient, where nothing could be traced."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that decides memory."""

    recipe: Recipe
    precision: str
    device: str
    steps: Steps
    evaluation: BatchShape | None
    """The largest batch of held-out rows."""
    accumulation: int
    optimizer: str
    process_bytes: int
    """Of the process before it loads weights: Python, libraries, rows."""
    file_bytes: int
    """Weights on disk that are read beside those in memory; 0 where memory maps the file itself."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes by component at the moment when a training step needs most, and what other moments need."""

    process: int
    weights: int
    """Of the base, frozen."""
    trained: int
    """Trained weights: the adapter, or the model."""
    gradients: int
    optimizer: int
    activations: int
    logits: int
    allocator: int
    loading: int
    """All that is there while weights are read."""
    updating: int
    """All that is there while the optimizer steps."""
    evaluating: int
    """All that is there while the loss of held-out rows is measured; 0 without any."""
    batch: BatchShape
    """The batch of the step."""
    recomputes: bool
    """Whether activations are computed again in the backward pass."""
    is_rough: bool
    """Whether the step could not be traced."""

    @property
    def step(self) -> int:
        """All that is there in a training step."""
        parts = (self.process, self.weights, self.trained, self.gradients, self.optimizer)
        return sum(parts) + self.activations + self.logits + self.allocator

    @property
    def total(self) -> int:
        """The most at any moment."""
        return max(self.step, self.loading, self.updating, self.evaluating)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "batch": self.batch.as_dict(), "step": self.step, "total": self.total}

    def scaled(self, share: float, batch: BatchShape, gradients: int) -> "MemoryPlan":
        """The same run with batches that take this share of what these take."""
        parts = {name: round(getattr(self, name) * share) for name in ("activations", "logits", "allocator")}
        evaluating = round(self.fixed + (self.evaluating - self.fixed) * share) if self.evaluating else 0
        updating = self.updating - self.allocator + parts["allocator"]
        return replace(self, **parts, gradients=gradients, evaluating=evaluating, updating=updating, batch=batch)

    def with_rows(self, rows: int, accumulates: bool) -> "MemoryPlan":
        """The same run with so many rows in a batch; all gradients stand beside the batches of a longer step."""
        gradients = self.trained if accumulates else self.gradients
        return self.scaled(rows / self.batch.rows, self.batch.of(rows), gradients)

    @property
    def fixed(self) -> int:
        """What does not depend on the batch."""
        return self.process + self.weights + self.trained + self.optimizer


@dataclass(frozen=True, slots=True)
class _Trace:
    training: Traced
    evaluating: Traced | None
    batch: BatchShape
    is_rough: bool


class MemoryPlanner:
    """Counts one situation, with and without computing activations again; each is traced once."""

    def __init__(self, situation: Situation) -> None:
        """Raises: ModelError if the method does not fit the model, or cannot be counted."""
        self.situation = situation
        self.sizes: Sizes = sizes_of(adapted_skeleton(situation.recipe))
        self._traces: dict[bool, _Trace] = {}

    @property
    def can_recompute(self) -> bool:
        """Whether method and architecture allow activations to be computed again."""
        return self.sizes.can_recompute and self.situation.recipe.method.checkpointing

    def with_optimizer(self, name: str) -> "MemoryPlanner":
        """The same situation with another optimizer, which changes no trace."""
        other = copy.copy(self)
        other.situation = replace(self.situation, optimizer=name)
        return other

    def plan(self, *, recomputes: bool) -> MemoryPlan:
        """Bytes by component."""
        plain = self._trace(recomputes=False)
        trace = self._trace(recomputes=True) if recomputes else plain
        sizes, situation = self.sizes, self.situation
        optimizer = state_bytes(situation.optimizer, sizes.trained_shapes)
        frozen, whole = ALLOCATOR.get(situation.device, ALLOCATOR["cuda"])
        beyond = round(plain.training.activations * (frozen if sizes.frozen_bytes > sizes.trained_bytes else whole))
        fixed = situation.process_bytes + sizes.frozen_bytes + sizes.trained_bytes
        gradients = trace.training.gradients if situation.accumulation > 1 else trace.training.gradients_at_peak
        held = trace.training.activations + beyond
        return MemoryPlan(
            process=situation.process_bytes,
            weights=sizes.frozen_bytes,
            trained=sizes.trained_bytes,
            gradients=gradients,
            optimizer=optimizer,
            activations=trace.training.activations,
            logits=self._most_logits(trace),
            allocator=beyond,
            loading=fixed + situation.file_bytes,
            updating=fixed + optimizer + trace.training.gradients + sizes.largest_bytes + beyond,
            evaluating=fixed + optimizer + self._evaluating(trace.evaluating, held) if trace.evaluating else 0,
            batch=trace.batch,
            recomputes=recomputes,
            is_rough=trace.is_rough,
        )

    def _most_logits(self, trace: _Trace) -> int:
        """Logits of the batch that has most of them; what other batches freed is not used for them on a CPU."""
        if self.situation.device != "cpu":
            return trace.training.logits
        most = max(batch.shape.logit_rows for batch in self.situation.steps.batches)
        return round(trace.training.logits * most / trace.batch.logit_rows)

    def _evaluating(self, traced: Traced, held: int) -> int:
        """Bytes of measuring the held-out rows; glibc keeps what steps have freed, except large blocks such as logits.

        32 MiB and more are given back at once (glibc 2.36, M_MMAP_THRESHOLD_MAX).
        """
        if self.situation.device != "cpu":
            return traced.peak
        return max(traced.activations, held) + traced.logits

    def _trace(self, *, recomputes: bool) -> _Trace:
        if recomputes not in self._traces:
            self._traces[recomputes] = self._traced(recomputes) or self._guessed(recomputes)
        return self._traces[recomputes]

    def _traced(self, recomputes: bool) -> _Trace | None:
        """The batch that needs most, traced; None if the model cannot be."""
        situation = self.situation
        for stored, precision, factor in _formats(situation):
            try:
                tracer = StepTracer(
                    adapted_skeleton(replace(situation.recipe, stored=stored)),
                    precision=precision,
                    device=situation.device,
                    vocabulary=self.sizes.vocabulary,
                    recompute=recomputes,
                )
                training, batch = _worst(tracer, situation.steps)
                evaluating = tracer.evaluation(situation.evaluation) if situation.evaluation else None
            except (RuntimeError, NotImplementedError, AttributeError, TypeError, ValueError):
                continue
            evaluating = evaluating.times(factor) if evaluating else None
            return _Trace(training.times(factor), evaluating, batch, factor > 1)
        return None

    def _guessed(self, recomputes: bool) -> _Trace:
        """By the published formula, without the scores of attention, which SDPA does not keep."""
        situation = self.situation
        text = situation.recipe.config.get_text_config()
        width = 1 if situation.precision in ("bfloat16", "float16") else 2
        block = ROUGH_BYTES * text.hidden_size * width
        kept = block + 2 * width * text.hidden_size * text.num_hidden_layers
        a_token = kept if recomputes else block * text.num_hidden_layers
        a_logit = LOGIT_COPIES_BYTES * self.sizes.vocabulary
        batch = situation.steps.most_by(a_token, a_logit).shape
        held = situation.evaluation
        traced = Traced(a_token * batch.tokens, a_logit * batch.logit_rows, self.sizes.trained_bytes, 0)
        evaluating = Traced(block * held.tokens, a_logit * held.logit_rows, 0, 0) if held else None
        return _Trace(traced, evaluating, batch, True)


def _formats(situation: Situation) -> Sequence[tuple[str, str, int]]:
    """(format of the base, of the computation, what bytes are multiplied by): as it is; else in 16 bits, and twice.

    torch 2.13 multiplies the experts of a mixture without numbers in bfloat16 alone.
    """
    asked = (situation.recipe.stored, situation.precision, 1)
    return (asked, ("bfloat16", "bfloat16", 2)) if situation.precision == "float32" else (asked,)


def _worst(tracer: StepTracer, steps: Steps) -> tuple[Traced, BatchShape]:
    """The batch of most tokens, or the one that needs more for its logits."""
    batch = steps.longest.shape
    traced = tracer.training(batch)
    other = steps.most_by(traced.activations / batch.tokens, traced.logits / batch.logit_rows).shape
    if (other.tokens, other.logit_rows) == (batch.tokens, batch.logit_rows):
        return traced, batch
    again = tracer.training(other)
    return (again, other) if again.peak > traced.peak else (traced, batch)
