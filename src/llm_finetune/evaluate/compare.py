"""Answers to scores: base and tuned model on the same rows. Knows no model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from llm_finetune.data.rows import Conversation
from llm_finetune.evaluate.metrics import METRICS
from llm_finetune.evaluate.metrics.metric import Metric
from llm_finetune.evaluate.scorecard import Row, Scorecard
from llm_finetune.evaluate.settings import EvaluationSettings
from llm_finetune.generate.answer import Answer
from llm_finetune.messages import say

LOSS = "validation_loss"
PERPLEXITY = "perplexity"
SHORTEST_AUTO, LONGEST_AUTO = 16, 256
"""Bounds of `evaluation.max_new_tokens: auto`."""
_LARGEST_EXPONENT = 700.0
"""e^709 is the largest power that a double holds."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean loss per trained token on the validation rows."""

    base: float | None
    tuned: float | None
    rows: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a comparison was made with; goes into the scorecard as it is."""

    base_name: str
    checkpoint: str
    max_new_tokens: int
    seconds: float = field(default=0.0)


def max_new_tokens(settings: EvaluationSettings, reference_token_counts: Sequence[int]) -> int:
    """Longest answer in tokens: the setting, or twice the longest reference within 16 and 256."""
    if settings.max_new_tokens != "auto":
        return settings.max_new_tokens
    return min(max(2 * max(reference_token_counts, default=0), SHORTEST_AUTO), LONGEST_AUTO)


def compare(
    conversations: Sequence[Conversation],
    base_answers: Sequence[Answer],
    tuned_answers: Sequence[Answer],
    losses: Losses | None,
    circumstances: Circumstances,
) -> Scorecard:
    """The scorecard of answers to the same conversations, in the same order."""
    references = [conversation.reference for conversation in conversations]
    base = [answer.text for answer in base_answers]
    tuned = [answer.text for answer in tuned_answers]
    rows = _loss_rows(losses) if losses is not None else []
    for metric in METRICS.values():
        if metric.applies(references):
            rows += _metric_rows(metric, references, base, tuned)
    return Scorecard(
        rows=tuple(rows),
        base_name=circumstances.base_name,
        checkpoint=circumstances.checkpoint,
        n_rows=len(conversations),
        max_new_tokens=circumstances.max_new_tokens,
        seconds=circumstances.seconds,
    )


def _loss_rows(losses: Losses) -> list[Row]:
    base, tuned = _finite(losses.base), _finite(losses.tuned)
    pairs = ((LOSS, base, tuned), (PERPLEXITY, _perplexity(base), _perplexity(tuned)))
    return [
        Row(name, say(f"evaluate.{name}"), before, after, losses.rows, higher_is_better=False)
        for name, before, after in pairs
    ]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _perplexity(loss: float | None) -> float | None:
    """e to the mean loss; None where that is beyond a double."""
    return math.exp(loss) if loss is not None and loss < _LARGEST_EXPONENT else None


def _metric_rows(metric: Metric, references: Sequence[str], base: Sequence[str], tuned: Sequence[str]) -> list[Row]:
    """The metric's own row, then one for each of its parts in order of first appearance."""
    scores = [
        (before, after)
        for reference, one, other in zip(references, base, tuned, strict=True)
        if (before := metric.score(one, reference)) is not None
        and (after := metric.score(other, reference)) is not None
    ]
    rows = [_row(metric, metric.name, metric.title, scores)] if scores else []
    return rows + _part_rows(metric, references, base, tuned)


def _part_rows(metric: Metric, references: Sequence[str], base: Sequence[str], tuned: Sequence[str]) -> list[Row]:
    scores: dict[str, list[tuple[float, float]]] = {}
    for reference, one, other in zip(references, base, tuned, strict=True):
        before, after = metric.parts(one, reference), metric.parts(other, reference)
        for part in before:
            scores.setdefault(part, []).append((before[part], after[part]))
    return [
        _row(metric, f"{metric.part_name}:{part}", metric.part_title.format(part=part), pairs)
        for part, pairs in scores.items()
    ]


def _row(metric: Metric, name: str, title: str, pairs: Sequence[tuple[float, float]]) -> Row:
    base, tuned = (fmean(values) for values in zip(*pairs, strict=True))
    return Row(name, title, base, tuned, len(pairs), metric.higher_is_better)


def output_rows(
    conversations: Sequence[Conversation], base_answers: Sequence[Answer], tuned_answers: Sequence[Answer]
) -> list[Mapping[str, Any]]:
    """The lines of `logs/outputs.jsonl`: every prompt with both answers."""
    return [
        {
            "path": conversation.path,
            "line": conversation.line,
            "prompt": conversation.prompt,
            "reference": conversation.reference,
            "base": base.text,
            "tuned": tuned.text,
            "base_stopped_by": base.stopped_by,
            "tuned_stopped_by": tuned.stopped_by,
        }
        for conversation, base, tuned in zip(conversations, base_answers, tuned_answers, strict=True)
    ]
