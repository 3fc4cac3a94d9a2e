"""Statistics of encoded rows, gathered while they stream by. Knows no files and prints nothing.

Four bytes a row are kept for each of two lengths; everything else is a counter.
"""

import heapq
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.encode import NOT_TRAINED, Example, effective_limit
from llm_finetune.data.lengths import Histogram, LengthStats, padding_of_random_batches, padding_of_sorted_batches
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel

LONGEST_SHOWN = 10
MANY_TURNS = 20
"""Conversations of this many turns and more are counted together."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a row is measured against."""

    max_length: int
    """`data.max_length`."""
    position_limit: int | None
    """The longest text the model itself reads, if it states one."""
    effective: int
    """The smaller of the two."""

    @classmethod
    def of(cls, settings: DataSettings, text_model: TextModel) -> "Limits":
        """The limits in force."""
        return cls(settings.max_length, text_model.limit, effective_limit(settings, text_model))


class StatsCollector:
    """Counts tokens of rows as they come, and makes a report of them."""

    def __init__(self, limits: Limits, *, batch_size: int, vocabulary: int, unknown_id: int | None = None) -> None:
        self._limits, self._batch_size, self._unknown_id = limits, batch_size, unknown_id
        self._lengths, self._trained = array("I"), array("I")
        self._roles: Counter[str] = Counter()
        self._turns: Counter[int] = Counter()
        self._longest: list[tuple[int, int, str, int]] = []
        self._over: Counter[str] = Counter()
        self._seen_ids: set[int] = set()
        self._vocabulary = vocabulary
        self._unknown_tokens = self._unknown_rows = 0

    @classmethod
    def of(cls, settings: DataSettings, text_model: TextModel, batch_size: int) -> "StatsCollector":
        """A collector for rows encoded with these settings."""
        tokenizer = text_model.tokenizer
        return cls(
            Limits.of(settings, text_model),
            batch_size=batch_size,
            vocabulary=len(tokenizer),
            unknown_id=_unknown_id(tokenizer, text_model.end_ids),
        )

    def add(self, example: Example, conversation: Conversation) -> None:
        """Count an example as it is before anything is cut from it (`EncodedRow.whole`)."""
        ids, labels = example.input_ids, example.labels
        self._lengths.append(len(ids))
        self._trained.append(_learned(labels))
        self._seen_ids.update(ids)
        self._count_turns(conversation)
        self._count_unknown(ids)
        self._count_over(len(ids), labels)
        entry = (len(ids), -len(self._lengths), example.path, example.line)
        if len(self._longest) < LONGEST_SHOWN:
            heapq.heappush(self._longest, entry)
        else:
            heapq.heappushpop(self._longest, entry)

    def _count_turns(self, conversation: Conversation) -> None:
        if not conversation.plain:
            self._roles.update(message["role"] for message in conversation.messages)
        self._turns[min(len(conversation.messages), MANY_TURNS)] += 1

    def _count_unknown(self, ids: Sequence[int]) -> None:
        if self._unknown_id is not None and (unknown := ids.count(self._unknown_id)):
            self._unknown_tokens += unknown
            self._unknown_rows += 1

    def _count_over(self, tokens: int, labels: Sequence[int]) -> None:
        limits = self._limits
        self._over["max_length"] += tokens > limits.max_length
        self._over["position_limit"] += limits.position_limit is not None and tokens > limits.position_limit
        if tokens > limits.effective:
            self._over["prompt"] += labels[: limits.effective].count(NOT_TRAINED) == limits.effective

    def report(self) -> dict[str, Any]:
        """What was counted, as plain JSON values; only the number of rows where there were none."""
        rows = len(self._lengths)
        if not rows:
            return {"rows": 0}
        lengths, trained = sorted(self._lengths), sorted(self._trained)
        tokens, learned = sum(lengths), sum(trained)
        return {
            "rows": rows,
            "tokens": tokens,
            "trained_tokens": learned,
            "trained_share": round(learned / tokens, 4),
            "length": LengthStats.of(lengths).as_dict(),
            "trained_length": LengthStats.of(trained).as_dict(),
            "histogram": Histogram.of(lengths).as_dict(),
            "limits": self._limits_report(trained),
            "longest": [
                {"path": path, "line": line, "tokens": length}
                for length, _, path, line in sorted(self._longest, reverse=True)
            ],
            "roles": dict(self._roles),
            "turns": {_turns_name(turns): count for turns, count in sorted(self._turns.items())},
            "batches": self._batches_report(lengths),
            "vocabulary": {
                "size": self._vocabulary,
                "used": len(self._seen_ids),
                "unknown_tokens": self._unknown_tokens,
                "rows_with_unknown": self._unknown_rows,
            },
        }

    def _limits_report(self, trained: Sequence[int]) -> Mapping[str, int | None]:
        return {
            "max_length": self._limits.max_length,
            "position_limit": self._limits.position_limit,
            "rows_over_max_length": self._over["max_length"],
            "rows_over_position_limit": self._over["position_limit"],
            "prompts_over_limit": self._over["prompt"],
            "rows_without_trained_tokens": sum(1 for count in trained if not count),
        }

    def _batches_report(self, lengths: Sequence[int]) -> Mapping[str, float]:
        """Padding of rows as training batches them: none is longer than the limit."""
        fitted = [min(length, self._limits.effective) for length in lengths]
        return {
            "size": self._batch_size,
            "padding_random": padding_of_random_batches(fitted, self._batch_size),
            "padding_sorted": padding_of_sorted_batches(fitted, self._batch_size),
        }


def _learned(labels: Sequence[int]) -> int:
    """Tokens that are learned. The first token of a row has no place to be predicted from."""
    return len(labels) - labels.count(NOT_TRAINED) - (len(labels) > 0 and labels[0] != NOT_TRAINED)


def _turns_name(turns: int) -> str:
    return f"{turns}+" if turns == MANY_TURNS else str(turns)


def _unknown_id(tokenizer: Any, end_ids: frozenset[int]) -> int | None:
    """The token for text that the vocabulary cannot write; None where it is shared with another purpose."""
    shared = {tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id, *end_ids}
    unknown = tokenizer.unk_token_id
    return None if unknown is None or unknown in shared else int(unknown)
