"""The comparison with stand-ins for the models."""

from collections.abc import Sequence
from typing import Any

from llm_finetune.data.rows import Conversation
from llm_finetune.evaluate.compare import Circumstances, Losses
from llm_finetune.evaluate.suite import evaluate_pair
from llm_finetune.generate.answer import Answer


class Parrot:
    """Answers every prompt with the same words."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, list[Any]()

    def answers(self, conversations: Sequence[Any], *, max_new_tokens: int, observer: Any) -> list[Answer]:
        self.asked.append((conversations, max_new_tokens))
        observer(len(conversations), len(conversations))
        return [Answer(self.text, max_new_tokens, "length") for _ in conversations]


def test_both_get_the_same_prompts() -> None:
    turns = ({"role": "user", "content": "say yes"}, {"role": "assistant", "content": "yes"})
    base, tuned, seen = Parrot("no"), Parrot("yes"), list[Any]()
    generators: Any = {"base": base, "tuned": tuned}
    row = Conversation(turns, "v.jsonl", 7)
    result = evaluate_pair(
        [row],
        generators,
        Losses(2.0, 1.0, 1),
        Circumstances("the-base", "checkpoint-5", 9, seconds=2.0),
        lambda *values: seen.append(values),
    )
    assert base.asked == tuned.asked == [([row], 9)]
    assert seen == [("base", 1, 1), ("tuned", 1, 1)]
    exact = result.scorecard.row("exact_match")
    assert exact is not None
    assert (exact.base, exact.tuned) == (0.0, 1.0)
    assert result.scorecard.checkpoint == "checkpoint-5"
    assert result.scorecard.seconds >= 2.0
    assert [(row["line"], row["base"], row["tuned"]) for row in result.outputs] == [(7, "no", "yes")]
