"""Arithmetic from a trial to a forecast."""

import json

import pytest

from llm_finetune.plan.measure import Events, TimedStep, Trial, forecast, seconds_of


def test_time_is_a_fixed_part_and_a_part_for_each_token() -> None:
    timed = [TimedStep(100, 1.5), TimedStep(300, 3.5), TimedStep(200, 2.5)]
    assert seconds_of([400, 0], timed) == pytest.approx([4.5, 0.5])


@pytest.mark.parametrize("timed", [[TimedStep(100, 2.0)] * 2, [TimedStep(100, 3.0), TimedStep(300, 1.0)]])
def test_time_goes_by_tokens_where_a_line_makes_no_sense(timed: list[TimedStep]) -> None:
    rate = sum(step.seconds for step in timed) / sum(step.tokens for step in timed)
    assert seconds_of([500], timed) == pytest.approx([500 * rate])


def test_a_forecast_adds_measurements_answers_and_saves() -> None:
    trial = Trial(
        steps=(TimedStep(100, 1.0), TimedStep(100, 1.0)),
        peak_bytes=1000,
        evaluation=TimedStep(50, 2.0),
        answers_seconds=3.0,
        save_seconds=0.5,
    )
    made = forecast(trial, [100] * 10, 800, Events(evaluations=2, evaluation_tokens=200, saves=4))
    assert made.seconds == pytest.approx(10 + 2 * (8 + 3) + 4 * 0.5)
    assert (made.seconds_per_step, made.tokens_per_second) == (1.0, 80.0)
    assert made.peak_bytes == 1050
    assert made.steps_run == 3


def test_a_trial_survives_a_file() -> None:
    for held in (None, TimedStep(5, 0.5)):
        trial = Trial((TimedStep(1, 2.0),), 7, held, 0.25, 0.125)
        assert Trial.from_dict(json.loads(json.dumps(trial.as_dict()))) == trial
