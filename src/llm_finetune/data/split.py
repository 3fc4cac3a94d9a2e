"""Hold rows out for validation: which rows stay together, and on which side each group is. Knows no tokens.

A group is held out if a hash of the seed and of the group's own name falls under the share, so adding rows moves no
other row between the sides. Two cases excepted: a new row that joins two groups makes one of them (it carries both
names), and where no group falls under the share the one with the lowest hash is held out, until another falls under it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from llm_finetune.data.rows import Conversation, Message
from llm_finetune.errors import DataError, Problem
from llm_finetune.files import staged_file
from llm_finetune.messages import say

TRAIN_NAME = "train.jsonl"
VALIDATION_NAME = "validation.jsonl"

Name = tuple[int, bytes]
"""What names a group: how strong the tie is (0 the strongest), and the hash of what the rows share."""


@dataclass(frozen=True, slots=True)
class Split:
    """The two sides, each in the order of the files, and how they came about."""

    train: tuple[Conversation, ...]
    validation: tuple[Conversation, ...]
    groups: int = 0
    """Sets of rows that must stay together; a row without relatives is one of its own."""
    validation_groups: int = 0
    largest_group: int = 0
    """Rows in the largest group."""
    asked_share: float = 0.0
    """The share that was asked for; it is met on average, not in each set."""

    @property
    def share(self) -> float:
        """The share of the rows that is held out."""
        rows = len(self.train) + len(self.validation)
        return len(self.validation) / rows if rows else 0.0

    def as_dict(self) -> dict[str, int | float]:
        """Plain JSON values, without the rows."""
        return {
            "train": len(self.train),
            "validation": len(self.validation),
            "asked_share": self.asked_share,
            "share": round(self.share, 4),
            "groups": self.groups,
            "validation_groups": self.validation_groups,
            "largest_group": self.largest_group,
        }


def hold_out(conversations: Sequence[Conversation], share: float, seed: int) -> Split:
    """Training and validation rows; rows that belong together are on one side.

    Raises: DataError if there are not two groups.
    """
    places = _groups(conversations)
    if len(places) < 2:
        raise DataError(_too_few(len(conversations)))
    held_out = _held_out(places, share, seed)
    hidden = {index for name in held_out for index in places[name]}
    return Split(
        train=tuple(row for index, row in enumerate(conversations) if index not in hidden),
        validation=tuple(row for index, row in enumerate(conversations) if index in hidden),
        groups=len(places),
        validation_groups=len(held_out),
        largest_group=max(map(len, places.values())),
        asked_share=share,
    )


def _too_few(rows: int) -> Problem:
    message = say("data.too_few_to_split.one_group", rows=rows) if rows > 1 else say("data.too_few_to_split", rows=rows)
    return Problem("too_few_to_split", message, say("data.too_few_to_split.fix"))


def _held_out(names: Mapping[Name, object], share: float, seed: int) -> set[Name]:
    """The groups under the share: at least one, and not all."""
    ranked = sorted((_rank(name, seed), name) for name in names)
    count = sum(1 for rank, _ in ranked if rank < share)
    return {name for _, name in ranked[: min(max(count, 1), len(ranked) - 1)]}


def _rank(name: Name, seed: int) -> float:
    """A number in [0, 1) that the seed and the group's name decide."""
    digest = sha256(f"{seed}:".encode() + name[1]).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _groups(conversations: Sequence[Conversation]) -> dict[Name, list[int]]:
    """Indices of the rows of each group, by the group's name: the smallest hash among its strongest ties."""
    parents = list(range(len(conversations)))

    def root_of(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    ties = _joined_ties(conversations, root_of, parents)
    names: dict[int, Name] = {}
    for index, tie in enumerate(ties):
        root = root_of(index)
        names[root] = min(names.get(root, tie), tie)
    groups: dict[Name, list[int]] = {name: [] for name in names.values()}
    for index in range(len(conversations)):
        groups[names[root_of(index)]].append(index)
    return groups


def _joined_ties(
    conversations: Sequence[Conversation], root_of: Callable[[int], int], parents: list[int]
) -> list[Name]:
    """The strongest tie of each row; rows that share any tie are joined in `parents` on the way."""
    seen: dict[Name, int] = {}
    strongest: list[Name] = []
    for index, conversation in enumerate(conversations):
        ties = _ties(conversation)
        strongest.append(ties[0])
        for tie in ties:
            other = seen.setdefault(tie, index)
            if other != index:
                parents[root_of(index)] = root_of(other)
    return strongest


def _ties(conversation: Conversation) -> list[Name]:
    """What other rows may share with this one, strongest first: the group named by the user, the prompt, everything.

    Turns before the first user turn alone, such as a system text that all rows have, tie nothing.
    """
    ties: list[Name] = []
    if conversation.group is not None:
        ties.append((0, sha256(conversation.group.encode("utf-8", "surrogatepass")).digest()))
    if any(message["role"] == "user" for message in conversation.prompt):
        prompt = [_normalised(message) for message in conversation.prompt]
        ties.append((1, sha256(json.dumps(prompt).encode()).digest()))
    ties.append((2, content_sha256(conversation)))
    return ties


def _normalised(message: Message) -> list[object]:
    """A turn without its blanks and letter case."""
    text = " ".join(str(message.get("content") or "").split()).casefold()
    return [message["role"], text, message.get("tool_calls", ())]


def content_sha256(conversation: Conversation) -> bytes:
    """Hash of everything in a row that is read: turns and tools, not its place."""
    return sha256(json.dumps([conversation.messages, conversation.tools], sort_keys=True).encode()).digest()


def split_references(side: Sequence[Conversation]) -> Iterator[dict[str, object]]:
    """Where each row of a side stands, and the hash of its content."""
    for row in side:
        yield {"path": row.path, "line": row.line, "sha256": content_sha256(row).hex()}


def write_split(folder: Path, train: Sequence[Conversation], validation: Sequence[Conversation]) -> None:
    """Write the references of both sides; each file appears whole or not at all.

    Raises: OSError
    """
    for name, side in ((TRAIN_NAME, train), (VALIDATION_NAME, validation)):
        with staged_file(folder / name) as stream:
            for reference in split_references(side):
                stream.write(json.dumps(reference, ensure_ascii=False) + "\n")
