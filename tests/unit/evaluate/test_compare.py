"""Scores from answers: which metrics apply, what is averaged over what."""

import json
import math

import pytest

from llm_finetune.data.rows import Conversation
from llm_finetune.errors import DataError
from llm_finetune.evaluate.compare import Circumstances, Losses, compare, max_new_tokens, output_rows
from llm_finetune.evaluate.scorecard import Row, Scorecard, shown
from llm_finetune.evaluate.settings import EvaluationSettings
from llm_finetune.generate.answer import Answer

CIRCUMSTANCES = Circumstances("base-name", "checkpoints/adapter_model", 64, 1.5)


def rows_of(*references: str) -> list[Conversation]:
    return [
        Conversation(
            ({"role": "user", "content": f"question {line}"}, {"role": "assistant", "content": text}), "v.jsonl", line
        )
        for line, text in enumerate(references, start=1)
    ]


def said(*texts: str) -> list[Answer]:
    return [Answer(text, 1, "end") for text in texts]


def test_json_references_get_json_metrics_with_a_row_for_each_field() -> None:
    rows = rows_of('{"intent": "play", "slots": [1]}', '{"intent": "stop", "slots": []}')
    base = said("I would play it", '{"intent": "stop"}')
    tuned = said('{"slots": [1], "intent": "play"}', '{"intent": "stop", "slots": []}')
    scorecard = compare(rows, base, tuned, Losses(2.0, 1.0, 2), CIRCUMSTANCES)
    found = {row.metric: (row.base, row.tuned, row.n) for row in scorecard.rows}
    assert found == {
        "validation_loss": (2.0, 1.0, 2),
        "perplexity": (pytest.approx(math.e**2), pytest.approx(math.e), 2),
        "exact_match": (0.0, 0.5, 2),
        "json_valid": (0.5, 1.0, 2),
        "json_fields": (0.25, 1.0, 2),
        "json_field:intent": (0.5, 1.0, 2),
        "json_field:slots": (0.0, 1.0, 2),
    }
    assert (scorecard.n_rows, scorecard.base_name, scorecard.max_new_tokens) == (2, "base-name", 64)
    lower_is_better = [row.metric for row in scorecard.rows if not row.higher_is_better]
    assert lower_is_better == ["validation_loss", "perplexity"]


def test_one_reference_that_is_no_object_switches_json_off() -> None:
    for other in ("plain words", "[1]", "3", '"text"'):
        rows = rows_of('{"a": 1}', other)
        scorecard = compare(rows, said("", ""), said("", ""), None, CIRCUMSTANCES)
        assert [row.metric for row in scorecard.rows] == ["exact_match"]


def test_a_field_is_counted_only_where_the_reference_has_it() -> None:
    rows = rows_of('{"a": 1}', '{"a": 1, "b {x}": 2}', "{}")
    answers = said('{"a": 1}', '{"a": 1, "b {x}": 2}', "{}")
    scorecard = compare(rows, answers, answers, None, CIRCUMSTANCES)
    found = {row.metric: row.n for row in scorecard.rows}
    assert found["json_field:a"] == 2
    assert found["json_field:b {x}"] == 1
    assert found["json_fields"] == 2


def test_a_loss_that_no_double_holds_is_left_out() -> None:
    scorecard = compare([], [], [], Losses(float("nan"), 800.0, 0), CIRCUMSTANCES)
    assert [(row.base, row.tuned) for row in scorecard.rows[:2]] == [(None, 800.0), (None, None)]
    json.dumps(scorecard.to_json(), allow_nan=False)


def test_answers_must_be_as_many_as_rows() -> None:
    with pytest.raises(ValueError, match="zip"):
        compare(rows_of("a", "b"), said("a"), said("a", "b"), None, CIRCUMSTANCES)


def test_a_scorecard_survives_json_and_keys_of_later_versions() -> None:
    scorecard = compare(rows_of("a"), said("b"), said("a"), Losses(None, 1.0, 1), CIRCUMSTANCES)
    values = json.loads(json.dumps(scorecard.to_json()))
    assert Scorecard.from_json(values) == scorecard
    later = {**values, "verdict": "better", "rows": [{**row, "interval": [0, 1]} for row in values["rows"]]}
    assert Scorecard.from_json(later) == scorecard


@pytest.mark.parametrize("values", [{}, {"rows": 3}, {"rows": [3]}, {"rows": [{}]}, {"rows": []}])
def test_something_else_is_no_scorecard(values: dict[str, object]) -> None:
    with pytest.raises(DataError, match="no scorecard"):
        Scorecard.from_json(values)


def test_the_table_reads_well() -> None:
    rows = (Row("a", "A", None, 0.5, 3), Row("b", "B", 12345.678, 2.0, 3))
    table = Scorecard(rows, "base", "adapter", 3, 16, 1.0).table()
    assert table == [("A", "–", "0.500", "3"), ("B", "1.235e+04", "2.000", "3")]
    assert shown(999.9994) == "999.999"


@pytest.mark.parametrize(("counts", "expected"), [([], 16), ([3], 16), ([20, 50], 100), ([400], 256)])
def test_auto_length_is_twice_the_longest_reference_within_bounds(counts: list[int], expected: int) -> None:
    assert max_new_tokens(EvaluationSettings(), counts) == expected
    assert max_new_tokens(EvaluationSettings(max_new_tokens=7), counts) == 7


def test_an_output_row_holds_both_answers_and_how_they_ended() -> None:
    rows = rows_of("right")
    lines = output_rows(rows, [Answer("wrong", 9, "length")], [Answer("right", 2, "end")])
    assert lines == [
        {
            "path": "v.jsonl",
            "line": 1,
            "prompt": [{"role": "user", "content": "question 1"}],
            "reference": "right",
            "base": "wrong",
            "tuned": "right",
            "base_stopped_by": "length",
            "tuned_stopped_by": "end",
        }
    ]
