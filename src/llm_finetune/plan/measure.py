"""From a few measured steps to the time and memory of a run. Knows no process and no files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

WARM_UP_STEPS = 1
MEMORY_MARGIN = 1.05
"""A long run holds a little more than its first steps: what the allocator cannot use again."""


@dataclass(frozen=True, slots=True)
class TimedStep:
    """An optimizer step that was run."""

    tokens: int
    """Computed, padding included."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a short run showed."""

    steps: tuple[TimedStep, ...]
    """Without the first ones, which are slower."""
    peak_bytes: int
    evaluation: TimedStep | None = None
    """Measuring the loss of some held-out rows."""
    answers_seconds: float = 0.0
    """Answering the sample questions, as after each measurement."""
    save_seconds: float = 0.0
    """Writing one checkpoint."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Trial":
        """The value that `as_dict` made plain."""
        held = values["evaluation"]
        steps = tuple(TimedStep(**step) for step in values["steps"])
        return cls(**{**values, "steps": steps, "evaluation": TimedStep(**held) if held else None})

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Events:
    """What a run does beside its steps."""

    evaluations: int
    evaluation_tokens: int
    """In one measurement, padding included."""
    saves: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The forecast that follows."""

    seconds: float
    """From the first step to the end."""
    seconds_per_step: float
    """The mean."""
    tokens_per_second: float
    """Real tokens, as training tells."""
    peak_bytes: int
    """With a margin."""
    steps_run: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def seconds_of(tokens: Sequence[int], timed: Sequence[TimedStep]) -> list[float]:
    """Seconds of steps of so many tokens each: a fixed part and a part for each token, by least squares.

    Where that would make a part negative, or all timed steps are of one size, seconds go by tokens alone.
    """
    count = len(timed)
    mean_tokens = sum(step.tokens for step in timed) / count
    mean_seconds = sum(step.seconds for step in timed) / count
    spread = sum((step.tokens - mean_tokens) ** 2 for step in timed)
    slope = sum((step.tokens - mean_tokens) * (step.seconds - mean_seconds) for step in timed) / spread if spread else 0
    start = mean_seconds - slope * mean_tokens
    if slope <= 0 or start < 0:
        slope, start = mean_seconds / mean_tokens, 0.0
    return [start + slope * number for number in tokens]


def forecast(trial: Trial, step_tokens: Sequence[int], real_tokens: int, events: Events) -> Measured:
    """Time and memory of a run of steps with so many computed tokens each."""
    training = sum(seconds_of(step_tokens, trial.steps))
    measuring = trial.answers_seconds
    if trial.evaluation is not None:
        measuring += trial.evaluation.seconds * events.evaluation_tokens / trial.evaluation.tokens
    return Measured(
        seconds=training + events.evaluations * measuring + events.saves * trial.save_seconds,
        seconds_per_step=training / len(step_tokens),
        tokens_per_second=real_tokens / training if training else 0.0,
        peak_bytes=round(trial.peak_bytes * MEMORY_MARGIN),
        steps_run=len(trial.steps) + WARM_UP_STEPS,
    )
