"""A small named table with "did you mean". Knows nothing of what it holds."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, or None."""
    by_folded = {candidate.strip().lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.strip().lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


class UnknownNameError(KeyError):
    """A name that the table does not hold."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, sorted(known)
        guess = nearest(name, self.known)
        hint = f" Did you mean {guess!r}?" if guess else ""
        self.message = f"Unknown {kind} {name!r}.{hint} Known: {', '.join(self.known)}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class Catalog(Mapping[str, Entry], Generic[Entry]):
    """A literal dict that answers a wrong name with the right ones."""

    def __init__(self, kind: str, entries: Mapping[str, Entry]) -> None:
        self.kind, self._entries = kind, dict(entries)

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
