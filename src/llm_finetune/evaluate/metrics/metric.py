"""What a metric is. Knows no model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


def _no_parts(_prediction: str, _reference: str) -> Mapping[str, float]:
    return {}


def _always(_references: Sequence[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to judge answers against references."""

    name: str
    title: str
    """One line for tables and documentation."""
    score: Callable[[str, str], float | None]
    """Prediction and reference to a number from 0 to 1; None leaves the row out."""
    source: str
    """Where the definition comes from."""
    applies: Callable[[Sequence[str]], bool] = _always
    """Whether the metric makes sense for these references."""
    higher_is_better: bool = True
    needs: Literal["text"] = "text"
    parts: Callable[[str, str], Mapping[str, float]] = _no_parts
    """Scores of named parts of a row; each becomes a line of its own, `<part_name>:<part>`."""
    part_name: str = ""
    part_title: str = ""
