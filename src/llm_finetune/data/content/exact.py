"""Rows that are there twice, and prompts with several answers, by 8-byte hashes. Holds no text.

A row takes 24 bytes: a hash of all of it, a hash of its prompt, and its place. That two different rows of ten million
share a hash has a probability of about 3 in a million (n² / 2^65).
"""

from array import array
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from llm_finetune.data.content.texts import spelled
from llm_finetune.data.findings import KEPT_OF_A_KIND
from llm_finetune.data.rows import Conversation, Message

if TYPE_CHECKING:
    import numpy

    Numbers = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]]
    Indices = numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]

Place = tuple[str, int]
"""A file as it is shown, and a line of it."""
LINE_BITS = 40
NO_PROMPT = bytes(8)
"""Stands for the prompt of rows that have none, or that may rightly have several answers (preference pairs)."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Rows that repeat an earlier one, and prompts answered in several ways."""

    rows: int
    """Rows that are equal to an earlier row."""
    groups: int
    """Different rows that are there more than once."""
    examples: tuple[tuple[Place, Place], ...]
    """The first repetitions: the earliest equal row, and the one that repeats it."""
    conflicting_rows: int
    """Rows whose prompt has another answer in the earliest row with that prompt."""
    conflicting_prompts: int
    conflicts: tuple[tuple[Place, Place], ...]
    """The first conflicts: the earliest row with the prompt, and one with another answer."""


class Places:
    """Files and lines, 8 bytes each."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._places = array("Q")

    def __len__(self) -> int:
        return len(self._places)

    def add(self, path: str, line: int) -> None:
        """Keep one more place."""
        self._places.append(self._files.setdefault(path, len(self._files)) << LINE_BITS | line)

    def at(self, index: int) -> Place:
        """The place that was kept as number `index`, from 0."""
        place = self._places[index]
        return list(self._files)[place >> LINE_BITS], place & (1 << LINE_BITS) - 1


class ExactDuplicates:
    """Collects the hashes of rows, and finds equal ones."""

    def __init__(self) -> None:
        self._rows = array("Q")
        self._prompts = array("Q")
        self.places = Places()

    def add(self, conversation: Conversation) -> None:
        """Keep the hashes of a row."""
        self.keep(conversation)

    def keep(self, conversation: Conversation) -> bytes:
        """Keep the hashes of a row; return the hash of all of it."""
        row, prompt = digests(conversation)
        self._rows.frombytes(row)
        self._prompts.frombytes(prompt)
        self.places.add(conversation.path, conversation.line)
        return row

    @property
    def rows(self) -> "Numbers":
        """The hash of each row, in order; nothing may be added while this is held."""
        import numpy

        return numpy.frombuffer(self._rows, dtype=numpy.uint64)

    @property
    def prompts(self) -> "Numbers":
        """The hash of each row's prompt, 0 for none; nothing may be added while this is held."""
        import numpy

        return numpy.frombuffer(self._prompts, dtype=numpy.uint64)

    def report(self) -> Duplicates:
        """What was found so far."""
        import numpy

        if not len(self.places):
            return Duplicates(0, 0, (), 0, 0, ())
        first, later = _repetitions(self.rows)
        prompts = self.prompts
        prompt_first, prompt_later = _repetitions(prompts)
        differs = (self.rows[prompt_first] != self.rows[prompt_later]) & (prompts[prompt_first] != 0)
        conflict_first, conflict_later = prompt_first[differs], prompt_later[differs]
        return Duplicates(
            len(later),
            len(numpy.unique(first)),
            self._examples(first, later),
            len(conflict_later),
            len(numpy.unique(conflict_first)),
            self._examples(conflict_first, conflict_later),
        )

    def _examples(self, first: "Indices", later: "Indices") -> tuple[tuple[Place, Place], ...]:
        order = later.argsort()[:KEPT_OF_A_KIND]
        return tuple((self.places.at(first[index]), self.places.at(later[index])) for index in order)


def digests(conversation: Conversation) -> tuple[bytes, bytes]:
    """Hashes of a row and of the prompt before its last answer, 8 bytes each."""
    messages = conversation.messages
    hasher = blake2b("\x1e".join(map(_spelled_turn, messages[:-1])).encode("utf-8", "surrogatepass"), digest_size=8)
    prompt = hasher.digest() if len(messages) > 1 and not conversation.rejected else NO_PROMPT
    hasher.update(f"\x1e\x1e{_spelled_turn(messages[-1])}".encode("utf-8", "surrogatepass"))
    if conversation.tools or conversation.rejected:
        hasher.update(spelled([conversation.tools, conversation.rejected]).encode("utf-8", "surrogatepass"))
    return hasher.digest(), prompt


def _spelled_turn(turn: Message) -> str:
    # Role and content alone are nearly all turns; JSON of them would take five times as long.
    return f"{turn['role']}\x1f{turn['content']}" if len(turn) == 2 else spelled(turn)


def _repetitions(hashes: "Numbers") -> tuple["Indices", "Indices"]:
    """For each row whose hash was there before: the earliest row with that hash, and the row itself."""
    import numpy

    order = hashes.argsort(kind="stable")
    ordered = hashes[order]
    repeats = numpy.concatenate(([False], ordered[1:] == ordered[:-1]))
    starts = numpy.maximum.accumulate(numpy.where(repeats, 0, numpy.arange(len(order))))
    return order[starts[repeats]], order[repeats]
