"""Accuracy per field: of the reference's top-level keys, how many have the right value in the answer.

An answer that is no JSON object has no field right. A key that the reference lacks costs nothing here; exact
match sees it.
"""

from collections.abc import Mapping

from llm_finetune.evaluate.metrics.json_text import all_objects, json_object, same_value
from llm_finetune.evaluate.metrics.metric import Metric


def _parts(prediction: str, reference: str) -> Mapping[str, float]:
    expected, found = json_object(reference) or {}, json_object(prediction) or {}
    return {key: float(key in found and same_value(found[key], value)) for key, value in expected.items()}


def _score(prediction: str, reference: str) -> float | None:
    scores = _parts(prediction, reference)
    return sum(scores.values()) / len(scores) if scores else None


METRIC = Metric(
    name="json_fields",
    title="JSON fields with the right value, mean over rows",
    score=_score,
    applies=all_objects,
    source="this package: share of the reference's top-level keys whose values are equal as JSON",
    parts=_parts,
    part_name="json_field",
    part_title="Right value of `{part}`",
)
