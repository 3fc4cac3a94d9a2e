"""Conditions on the tuned column."""

import pytest

from llm_finetune.errors import ConfigError
from llm_finetune.evaluate.gates import Gate, failed_gates, parse_gates
from llm_finetune.evaluate.scorecard import Row, Scorecard

CONFIG = "config/finetune.yaml"
SCORECARD = Scorecard(
    (
        Row("validation_loss", "Loss", 3.0, 1.5, 9, higher_is_better=False),
        Row("json_valid", "JSON", 0.0, 0.95, 9),
        Row("json_field:intent", "intent", 0.0, 0.5, 9),
        Row("perplexity", "Perplexity", 9.0, None, 9, higher_is_better=False),
    ),
    "base",
    "adapter",
    9,
    16,
    1.0,
)


@pytest.mark.parametrize(
    ("text", "symbol", "bound"),
    [(">= 0.95", ">=", 0.95), ("<1", "<", 1.0), (" == .5 ", "==", 0.5), ("> -2e-3", ">", -0.002), ("<=3.", "<=", 3.0)],
)
def test_conditions_are_read(text: str, symbol: str, bound: float) -> None:
    assert parse_gates({"json_valid": text}, CONFIG) == [Gate("json_valid", symbol, bound)]


@pytest.mark.parametrize("text", ["0.95", "=> 0.95", ">= high", ">= 1 or 2", "", "!= 1", ">= nan"])
def test_anything_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_gates({"json_valid": text, "exact_match": text}, CONFIG)
    assert [problem.field for problem in caught.value.problems] == [
        "evaluation.gates.json_valid",
        "evaluation.gates.exact_match",
    ]
    assert caught.value.problems[0].path == CONFIG


def test_a_name_that_no_metric_has_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(ConfigError, match="Did you mean `json_valid`"):
        parse_gates({"json_vaild": ">= 1"}, CONFIG)
    assert parse_gates({"json_field:anything": ">= 1"}, CONFIG)


@pytest.mark.parametrize(
    ("metric", "condition", "passes"),
    [
        ("json_valid", ">= 0.95", True),
        ("json_valid", "> 0.95", False),
        ("json_valid", "== 0.95", True),
        ("validation_loss", "< 2", True),
        ("validation_loss", "<= 1.4", False),
        ("json_field:intent", ">= 0.5", True),
        ("perplexity", ">= 0", False),
    ],
)
def test_the_tuned_column_is_judged(metric: str, condition: str, passes: bool) -> None:
    failures = failed_gates(parse_gates({metric: condition}, CONFIG), SCORECARD, CONFIG)
    assert bool(failures) is not passes
    assert all(metric in failure for failure in failures)


def test_every_failure_is_told_with_the_number_found() -> None:
    gates = parse_gates({"json_valid": ">= 0.99", "validation_loss": "< 1", "json_field:intent": "> 0"}, CONFIG)
    first, second = failed_gates(gates, SCORECARD, CONFIG)
    assert "json_valid >= 0.99" in first
    assert "0.950" in first
    assert "1.500" in second


def test_a_metric_that_does_not_apply_here_is_refused_with_those_that_do() -> None:
    gates = parse_gates({"json_field:intnet": ">= 1", "exact_match": ">= 1"}, CONFIG)
    with pytest.raises(ConfigError) as caught:
        failed_gates(gates, SCORECARD, CONFIG)
    first, second = caught.value.problems
    assert "Did you mean `json_field:intent`" in first.fix
    assert "validation_loss, json_valid, json_field:intent, perplexity" in second.fix
