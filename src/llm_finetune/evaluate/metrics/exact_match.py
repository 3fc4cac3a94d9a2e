"""Exact match: the answer is the reference."""

from llm_finetune.evaluate.metrics.metric import Metric


def _score(prediction: str, reference: str) -> float:
    return float(prediction.strip() == reference.strip())


METRIC = Metric(
    name="exact_match",
    title="Exact match (surrounding white space aside)",
    score=_score,
    source="Rajpurkar et al. 2016, arXiv:1606.05250, without its removal of articles and punctuation",
)
