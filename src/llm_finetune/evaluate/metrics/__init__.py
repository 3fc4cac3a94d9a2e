"""The table of metrics. To add one: a file beside this one, and a line here."""

from llm_finetune.catalog import Catalog
from llm_finetune.evaluate.metrics import exact_match, json_fields, json_valid
from llm_finetune.evaluate.metrics.metric import Metric

METRICS: Catalog[Metric] = Catalog(
    "metric",
    {
        "exact_match": exact_match.METRIC,
        "json_valid": json_valid.METRIC,
        "json_fields": json_fields.METRIC,
    },
)
