"""The comparison as a whole: both models answer the same prompts, greedily. Knows no files."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from llm_finetune.data.rows import Conversation
from llm_finetune.evaluate.compare import Circumstances, Losses, compare, output_rows
from llm_finetune.evaluate.scorecard import Scorecard
from llm_finetune.generate.answer import Answer
from llm_finetune.generate.generator import Generator

Observer = Callable[[Literal["base", "tuned"], int, int], None]
"""Called with who answers, the number of answers done and the number asked for."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a comparison gives."""

    scorecard: Scorecard
    outputs: Sequence[Mapping[str, Any]]
    """The lines of `logs/outputs.jsonl`."""


def evaluate_pair(
    conversations: Sequence[Conversation],
    generators: Mapping[Literal["base", "tuned"], Generator],
    losses: Losses | None,
    circumstances: Circumstances,
    observer: Observer | None = None,
) -> Evaluation:
    """Let base and tuned model answer every conversation's last turn, and score both.

    The seconds of the circumstances (those of the losses) are added to.

    Raises: DataError naming every prompt that leaves no room for an answer.
    """
    started = time.monotonic()
    base = _answers(conversations, "base", generators, circumstances, observer)
    tuned = _answers(conversations, "tuned", generators, circumstances, observer)
    seconds = round(circumstances.seconds + time.monotonic() - started, 3)
    scorecard = compare(conversations, base, tuned, losses, replace(circumstances, seconds=seconds))
    return Evaluation(scorecard, output_rows(conversations, base, tuned))


def _answers(
    conversations: Sequence[Conversation],
    who: Literal["base", "tuned"],
    generators: Mapping[Literal["base", "tuned"], Generator],
    circumstances: Circumstances,
    observer: Observer | None,
) -> list[Answer]:
    def report(done: int, total: int) -> None:
        if observer is not None:
            observer(who, done, total)

    return generators[who].answers(conversations, max_new_tokens=circumstances.max_new_tokens, observer=report)
