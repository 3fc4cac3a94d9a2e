"""The scorecard: base and tuned side by side. Knows no model and no files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from llm_finetune.errors import DataError
from llm_finetune.messages import say

FORMAT = 1
"""Number of the JSON layout; raised when a reader of the old one would be wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One metric: what the base reached, what the tuned model reached, on how many rows."""

    metric: str
    title: str
    base: float | None
    tuned: float | None
    n: int
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All metrics of one comparison, and how it was made."""

    rows: tuple[Row, ...]
    base_name: str
    checkpoint: str
    """What was compared with the base, as the user would type it."""
    n_rows: int
    max_new_tokens: int
    seconds: float

    def row(self, metric: str) -> Row | None:
        """The row of a metric, or None."""
        return next((row for row in self.rows if row.metric == metric), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"format": FORMAT, **asdict(self), "rows": [asdict(row) for row in self.rows]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Scorecard":
        """The scorecard of `to_json`; keys of later versions are passed over.

        Raises: DataError if it is something else.
        """
        try:
            rows = tuple(Row(**_known(Row, row)) for row in values["rows"])
            return cls(**{**_known(cls, values), "rows": rows})
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(say("evaluate.not_a_scorecard", what=error)) from error

    def table(self) -> list[tuple[str, str, str, str]]:
        """Texts of the readable table: title, base, tuned, n."""
        return [(row.title, shown(row.base), shown(row.tuned), str(row.n)) for row in self.rows]


def _known(kind: type[Row] | type[Scorecard], values: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in fields(kind) if field.name in values}


def shown(value: float | None) -> str:
    """A number for reading: three decimals where that says something, a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"
