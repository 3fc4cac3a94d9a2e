"""Many problems as few lines: of each code the first ones, then a count."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from llm_finetune.errors import Problem
from llm_finetune.messages import say

TOLD_OF_A_KIND = 5


def told(problems: Iterable[Problem], counts: Mapping[str, int] | None = None) -> Iterator[str]:
    """Lines for the user; `counts` knows how many there are of each code, where not all were kept."""
    problems = list(problems)
    found = Counter(problem.code for problem in problems)
    seen: Counter[str] = Counter()
    for problem in problems:
        seen[problem.code] += 1
        if seen[problem.code] <= TOLD_OF_A_KIND:
            yield str(problem)
        if seen[problem.code] == found[problem.code]:
            more = max(found[problem.code], (counts or {}).get(problem.code, 0)) - TOLD_OF_A_KIND
            if more > 0:
                yield say("data.and_more", count=more, code=problem.code)
