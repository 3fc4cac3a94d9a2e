"""Warnings of content checks: of each code the first are kept, of the others only the number."""

from collections import Counter

from llm_finetune.data.content.exact import Place
from llm_finetune.data.findings import KEPT_OF_A_KIND
from llm_finetune.errors import Problem
from llm_finetune.messages import say


class Notices:
    """Collects warnings."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The warnings kept, in the order they came."""
        return tuple(self._kept)

    def add(self, code: str, place: Place = ("", 0), **values: object) -> None:
        """Count a warning, and keep it while there are few; its words are `data.<code>` of the catalogue."""
        self.counts[code] += 1
        if self.counts[code] <= KEPT_OF_A_KIND:
            texts = say(f"data.{code}", **values), say(f"data.{code}.fix", **values)
            self._kept.append(Problem(code, *texts, *place))

    def more(self, code: str, number: int) -> None:
        """Count further warnings of which nothing is kept."""
        if number:
            self.counts[code] += number


def shown(place: Place) -> str:
    """A place as it is written in a sentence."""
    return f"{place[0]}:{place[1]}"
