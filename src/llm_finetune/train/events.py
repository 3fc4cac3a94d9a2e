"""What is written while training runs: `training.log` for people, `metrics.jsonl` for programs."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from llm_finetune import files

METRIC_KEYS = (
    "step",
    "epoch",
    "loss",
    "penalty",
    "grad_norm",
    "learning_rate",
    "tokens",
    "tokens_per_second",
    "eval_loss",
)


class RunLog:
    """Appends to the two files. A failing write never ends a run; the copies of other processes write nothing."""

    def __init__(self, training_log: Path, metrics: Path, *, writes: bool = True) -> None:
        self._training_log, self._metrics, self._writes = training_log, metrics, writes
        if writes:
            training_log.parent.mkdir(parents=True, exist_ok=True)

    def line(self, text: str) -> None:
        """Add lines to `training.log`, each with the local time."""
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        self._append(self._training_log, "".join(f"{now}  {line}\n" for line in text.splitlines()))

    def metric(self, values: Mapping[str, Any]) -> None:
        """Add an object to `metrics.jsonl`; numbers that JSON has no word for become texts such as "nan"."""
        row = {key: _json_number(values[key]) for key in METRIC_KEYS if key in values}
        self._append(self._metrics, json.dumps(row) + "\n")

    def forget_after(self, step: int) -> None:
        """Drop metric rows of steps that a resumed run will take again."""
        if self._writes and self._metrics.is_file():
            lines = self._metrics.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= step]
            files.write_text(self._metrics, "".join(f"{line}\n" for line in kept))

    def _append(self, path: Path, text: str) -> None:
        if not self._writes:
            return
        try:
            with path.open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        except OSError:
            self._writes = False


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return _NO_STEP


_NO_STEP = 2**63 - 1
"""A line cut off by a crash belongs to no step that is kept."""


def _json_number(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
