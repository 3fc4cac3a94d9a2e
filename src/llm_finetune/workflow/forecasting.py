"""What a plan foretold of a run, and how that came out. Knows no model."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from llm_finetune import files
from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.train.identity import Identity
from llm_finetune.workflow.opening import Tell

if TYPE_CHECKING:
    from llm_finetune.plan.result import Plan

FORMAT = 1
FACTS = {
    # Figure of a forecast → the fact it is held against.
    "measured_memory_bytes": "memory_bytes",
    "formula_memory_bytes": "memory_bytes",
    "seconds": "seconds",
}


def keep_forecast(project: Project, identity: Identity, made: "Plan") -> None:
    """Write down what a plan foretells, for the run that is made by it."""
    measured = made.measured
    forecast = {
        "formula_memory_bytes": made.memory.total,
        "measured_memory_bytes": None if measured is None else measured.peak_bytes,
        "seconds": None if measured is None else round(measured.seconds, 1),
    }
    values = {"format": FORMAT, "identity": identity.as_dict(), "steps": made.steps.steps, "forecast": forecast}
    files.write_json(project.plan, values)


def forecast_for(project: Project, identity: Identity, planned: int) -> dict[str, Any]:
    """What the last plan foretold of this very run; empty if there is none, or it was made for another."""
    try:
        made = files.read_json(project.plan)
        matches = made["format"] == FORMAT and made["steps"] == planned
        matches = matches and made["identity"] == json.loads(json.dumps(identity.as_dict()))
        return dict(made["forecast"]) if matches else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def record_comparison(project: Project, run: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Tell how the forecast in a finished run came out, and keep that in `run.json`; the run as it is then."""
    forecast = run.get("forecast")
    if not forecast or run.get("status") != "finished":
        return dict(run)
    comparison = compared(forecast, run)
    for line in told_comparison(comparison):
        tell(line)
    compared_run = {**run, "forecast": comparison}
    files.write_json(project.run, compared_run)
    return compared_run


def compared(forecast: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """A forecast beside what came of it, and by which share of the fact each figure was off."""
    facts: dict[str, Any] = {"seconds": run["seconds"]}
    if run["device"] == "cpu":  # The process's memory is not the device's.
        facts["memory_bytes"] = run["peak_memory_bytes"]
    errors = {
        name: round(forecast[name] / facts[fact] - 1, 4)
        for name, fact in FACTS.items()
        if forecast.get(name) and facts.get(fact)
    }
    return {**{name: forecast.get(name) for name in FACTS}, "fact": facts, "error": errors}


def told_comparison(comparison: Mapping[str, Any]) -> list[str]:
    """The same in sentences; the memory by the better figure there is."""
    from llm_finetune.plan.fit import readable_bytes

    facts, errors = comparison["fact"], comparison["error"]
    lines = []
    figures = [name for name in FACTS if name in errors and FACTS[name] == "memory_bytes"]
    for name in figures[:1]:
        values = {"forecast": readable_bytes(comparison[name]), "fact": readable_bytes(facts["memory_bytes"])}
        key = "plan.compared.measured" if name == "measured_memory_bytes" else "plan.compared.formula"
        lines.append(say(key, error=f"{errors[name]:+.0%}", **values))
    if "seconds" in errors:
        values = {"forecast": f"{comparison['seconds']:.0f}", "fact": f"{facts['seconds']:.0f}"}
        lines.append(say("plan.compared.seconds", error=f"{errors['seconds']:+.0%}", **values))
    return lines
