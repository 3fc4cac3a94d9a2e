"""What a file gives when it is read, sorted by kind."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from llm_finetune.data.read import read_rows
from llm_finetune.data.rows import Note, Row
from llm_finetune.errors import Problem


@dataclass(frozen=True)
class Reading:
    """The rows, problems and notes of a file."""

    rows: list[Row]
    problems: list[Problem]
    notes: list[Problem]

    @classmethod
    def of(cls, path: Path) -> "Reading":
        items = list(read_rows(path, path.name))
        return cls(
            [item for item in items if isinstance(item, Row)],
            [item for item in items if isinstance(item, Problem)],
            [item.problem for item in items if isinstance(item, Note)],
        )

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems]

    @property
    def places(self) -> list[tuple[str, int]]:
        return [(problem.code, problem.line) for problem in self.problems]

    @property
    def values(self) -> list[object]:
        """The value of `a` in each row."""
        return [row.values["a"] for row in self.rows]


@pytest.fixture
def reading_of() -> Callable[[Path], Reading]:
    """Read a file that is there."""
    return Reading.of


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., Reading]:
    """Write a file and read it."""

    def read(content: str | bytes, name: str = "a.jsonl") -> Reading:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Reading.of(path)

    return read
