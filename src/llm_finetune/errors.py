"""What can go wrong, and how it is told. Knows no stage and prints nothing.

FinetuneError              exit 1  the work failed
├── InputError             exit 2  the user's input is wrong; carries every problem found (also a ValueError)
│   ├── UsageError                 the command line
│   ├── ConfigError                finetune.yaml or lora_config.json
│   ├── DataError                  rows
│   └── ModelError                 a model that cannot be found, read or adapted as asked
├── GateError              exit 3  a check of the result failed
└── Interrupted            exit 128 + signal number; the state is saved
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, and what to do about it."""

    code: str
    """A stable name, for programs and for looking up."""
    message: str
    """What was found, as a sentence."""
    fix: str = ""
    """What to do, as a sentence."""
    path: str = ""
    """The file, or another place such as `command line`."""
    line: int = 0
    """The physical line in `path`, from 1; 0 where there is none."""
    field: str = ""
    """The field of the row, or the dotted key of the configuration."""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.path and self.line else self.path
        parts = [part for part in (place, self.field, self.message) if part]
        return f"{': '.join(parts)} {self.fix}".rstrip()

    def as_dict(self) -> dict[str, object]:
        """The shape that `--json` prints."""
        return asdict(self)


class FinetuneError(Exception):
    """Anything this package raises on purpose."""

    exit_code = 1


class InputError(FinetuneError, ValueError):
    """The user's input is wrong. All problems found are carried together."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(code="input", message=problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(InputError):
    """The command line cannot be understood."""


class ConfigError(InputError):
    """A configuration file or an override is wrong."""


class DataError(InputError):
    """Rows cannot be used."""


class ModelError(InputError):
    """A model cannot be found, read, or adapted as asked."""


class GateError(FinetuneError):
    """The result did not pass a check that was asked for."""

    exit_code = 3


class Interrupted(FinetuneError):  # noqa: N818 (it is no error: the state is saved)
    """A signal ended the work; what was done is saved."""

    def __init__(self, signal_number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
