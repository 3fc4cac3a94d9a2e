"""What generation gives back, and how the next token is chosen. Knows no model."""

from dataclasses import dataclass
from typing import Literal

from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say

StoppedBy = Literal["end", "length"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One generated answer, without the prompt and without special tokens."""

    text: str
    token_count: int
    """Generated tokens, the end token included."""
    stopped_by: StoppedBy
    """`end`: an end token was generated; `length`: no room was left."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen: the likeliest one at temperature 0, else drawn.

    Raises: UsageError with every value out of bounds.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        wrong = [
            name
            for name, is_right in (
                ("temperature", 0 <= self.temperature <= 100),
                ("top_p", 0 < self.top_p <= 1),
                ("seed", self.seed is None or 0 <= self.seed < 2**63),
            )
            if not is_right
        ]
        if wrong:
            raise UsageError([self._problem(name) for name in wrong])

    def _problem(self, name: str) -> Problem:
        key = f"generate.{name}_bounds"
        values = {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed}
        flag = f"--{name.replace('_', '-')}"
        return Problem("out_of_bounds", say(key, found=values[name]), say(f"{key}.fix"), field=flag)

    @property
    def draws(self) -> bool:
        """Whether chance has a part in it."""
        return self.temperature > 0
