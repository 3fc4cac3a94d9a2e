"""What every metric of the table must keep."""

import subprocess
import sys

import pytest

from llm_finetune.catalog import UnknownNameError
from llm_finetune.evaluate.metrics import METRICS
from llm_finetune.evaluate.metrics.metric import Metric

REFERENCES = {
    "text": ["a plain answer", "你好，世界", "two\nlines"],
    "json": ['{"intent": "play", "slots": [{"name": "artist", "value": "Nina"}]}', '{"a": null, "b": true, "c": 1.5}'],
}
ODD_ANSWERS = ["", " ", "null", "[]", "{", "NaN", '{"intent": NaN}', "{}" * 3, "\ud800", "[" * 3000, "9" * 5000, "好"]
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))


def references_for(metric: Metric) -> list[str]:
    return next(references for references in REFERENCES.values() if metric.applies(references))


def test_the_table_holds_what_is_documented() -> None:
    assert list(METRICS) == ["exact_match", "json_valid", "json_fields"]


@EVERY
def test_a_metric_stands_under_its_own_name_and_says_what_it_is(metric: Metric) -> None:
    assert METRICS[metric.name] is metric
    assert metric.title
    assert metric.source
    assert bool(metric.part_name) == bool(metric.part_title)
    assert metric.part_name not in METRICS


@EVERY
def test_the_reference_itself_gets_the_best_score(metric: Metric) -> None:
    for reference in references_for(metric):
        assert metric.score(reference, reference) == 1.0
        assert metric.score(f"\n {reference} ", reference) == 1.0
        assert set(metric.parts(reference, reference).values()) <= {1.0}


@EVERY
def test_any_text_gets_a_score_from_0_to_1(metric: Metric) -> None:
    for reference in references_for(metric):
        for answer in ODD_ANSWERS:
            score = metric.score(answer, reference)
            assert score is not None
            assert 0.0 <= score <= 1.0


@EVERY
def test_parts_depend_on_the_reference_alone_for_their_names(metric: Metric) -> None:
    for reference in references_for(metric):
        names = set(metric.parts(reference, reference))
        assert all(set(metric.parts(answer, reference)) == names for answer in ODD_ANSWERS)


@EVERY
def test_no_references_or_odd_ones_are_no_crash(metric: Metric) -> None:
    assert metric.applies([]) in {True, False}
    assert metric.applies(ODD_ANSWERS) in {True, False}


def test_json_metrics_apply_to_json_objects_only() -> None:
    for name in ("json_valid", "json_fields"):
        assert METRICS[name].applies(REFERENCES["json"])
        assert not METRICS[name].applies(REFERENCES["text"])
        assert not METRICS[name].applies([*REFERENCES["json"], "[1]"])
        assert not METRICS[name].applies([])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [('{"a": 1}', 1.0), ('{"a": 1} and more', 0.0), ("```json\n{}\n```", 0.0), ("[1]", 0.0), ('{"a": Infinity}', 0.0)],
)
def test_valid_json_is_strict(answer: str, expected: float) -> None:
    assert METRICS["json_valid"].score(answer, "{}") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"a": 1, "b": true}', 1.0),
        ('{"b": true, "a": 1.0, "more": 0}', 1.0),
        ('{"a": true, "b": true}', 0.5),
        ('{"a": 1, "b": 1}', 0.5),
        ('{"a": "1"}', 0.0),
        ("words", 0.0),
    ],
)
def test_fields_are_compared_as_json_values(answer: str, expected: float) -> None:
    assert METRICS["json_fields"].score(answer, '{"a": 1, "b": true}') == expected


def test_lists_keep_their_order_and_a_reference_without_keys_is_left_out() -> None:
    score = METRICS["json_fields"].score
    assert score('{"a": [2, 1]}', '{"a": [1, 2]}') == 0.0
    assert score("{}", "{}") is None


def test_a_wrong_name_gets_the_right_one() -> None:
    with pytest.raises(UnknownNameError, match="exact_match"):
        METRICS["exact_mach"]


def test_the_table_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'peft', 'datasets'}"
    code = (
        "import sys, llm_finetune.evaluate.metrics, llm_finetune.evaluate.gates, llm_finetune.generate.commands, "
        "llm_finetune.cli.chat, llm_finetune.deliver.push, llm_finetune.deliver.merge; "
        "import llm_finetune.deliver.model_card; "
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
