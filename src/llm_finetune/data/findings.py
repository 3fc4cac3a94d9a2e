"""What was found while rows stream by: problems counted by code, and the first of each kind kept whole."""

from collections import Counter
from collections.abc import Iterable

from llm_finetune.errors import Problem

KEPT_OF_A_KIND = 100
"""Problems of one code that are kept; of the others only the number is. Ten million bad rows must fit in memory."""


class Findings:
    """Errors and warnings, in the order they came."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []

    def error(self, problems: Iterable[Problem]) -> None:
        """Keep problems that stop the work."""
        self._keep(problems, self._errors)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Keep problems that are only told."""
        self._keep(problems, self._warnings)

    def _keep(self, problems: Iterable[Problem], kept: list[Problem]) -> None:
        for problem in problems:
            self.counts[problem.code] += 1
            if self.counts[problem.code] <= KEPT_OF_A_KIND:
                kept.append(problem)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Errors by place."""
        return tuple(sorted(self._errors, key=_place))

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Warnings by place."""
        return tuple(sorted(self._warnings, key=_place))


def _place(problem: Problem) -> tuple[str, int]:
    return problem.path, problem.line
