"""Valid JSON: the answer as a whole is a JSON object, as the references are."""

from llm_finetune.evaluate.metrics.json_text import all_objects, json_object
from llm_finetune.evaluate.metrics.metric import Metric


def _score(prediction: str, _reference: str) -> float:
    return float(json_object(prediction) is not None)


METRIC = Metric(
    name="json_valid",
    title="Answers that are a valid JSON object",
    score=_score,
    applies=all_objects,
    source="RFC 8259",
)
