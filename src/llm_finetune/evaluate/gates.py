"""Conditions on the tuned model, from `evaluation.gates`. Knows no model."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from llm_finetune.catalog import nearest
from llm_finetune.errors import ConfigError, Problem
from llm_finetune.evaluate.compare import LOSS, PERPLEXITY
from llm_finetune.evaluate.metrics import METRICS
from llm_finetune.evaluate.scorecard import Scorecard, shown
from llm_finetune.messages import say

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*(>=|<=|==|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, for example `json_valid >= 0.95`."""

    metric: str
    symbol: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.symbol} {self.bound:g}"


def parse_gates(conditions: Mapping[str, str], config_path: str) -> list[Gate]:
    """The gates of the configuration, read before anything is computed.

    Raises: ConfigError with every condition that is not `operator number`, and every name that no metric has.
    """
    gates, problems = [], []
    for metric, text in conditions.items():
        found = _CONDITION.fullmatch(text)
        if found is None:
            message = say("evaluate.bad_gate", found=text, operators=", ".join(OPERATORS))
            problems.append(_problem("bad_gate", metric, message, say("evaluate.bad_gate.fix"), config_path))
        elif not _may_exist(metric):
            problems.append(_unknown(metric, [LOSS, PERPLEXITY, *METRICS], config_path))
        else:
            gates.append(Gate(metric, found[1], float(found[2])))
    if problems:
        raise ConfigError(problems)
    return gates


def _may_exist(name: str) -> bool:
    """Whether a metric or a part of one can have this name; which parts there are, only the rows tell."""
    parts = {metric.part_name for metric in METRICS.values() if metric.part_name}
    return name in METRICS or name in {LOSS, PERPLEXITY} or name.partition(":")[0] in parts


def failed_gates(gates: Sequence[Gate], scorecard: Scorecard, config_path: str) -> list[str]:
    """A sentence for every gate that the tuned model does not pass.

    Raises: ConfigError naming every gate whose metric is not on the scorecard.
    """
    known = [row.metric for row in scorecard.rows]
    missing = [_unknown(gate.metric, known, config_path) for gate in gates if gate.metric not in known]
    if missing:
        raise ConfigError(missing)
    failures = []
    for gate in gates:
        row = scorecard.row(gate.metric)
        value = row.tuned if row is not None else None
        if value is None or not OPERATORS[gate.symbol](value, gate.bound):
            failures.append(say("evaluate.gate_failed", gate=gate, found=shown(value)))
    return failures


def _unknown(metric: str, known: Sequence[str], config_path: str) -> Problem:
    guess = nearest(metric, known)
    hint = say("evaluate.did_you_mean", name=guess) + " " if guess else ""
    fix = hint + say("evaluate.known_metrics", names=", ".join(known))
    return _problem("unknown_metric", metric, say("evaluate.unknown_metric"), fix, config_path)


def _problem(code: str, metric: str, message: str, fix: str, config_path: str) -> Problem:
    return Problem(code, message, fix, path=config_path, field=f"evaluation.gates.{metric}")
