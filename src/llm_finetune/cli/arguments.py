"""Positional arguments that every verb shares, and the options that most have."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_finetune.config.overrides import is_override
from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.workflow import Opened

CONFIG_SUFFIXES = (".yaml", ".yml")

ProjectOption = Annotated[Path, typer.Option("--project", help="The project's folder.", metavar="DIR")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Tell only errors and the result.")]
CheckpointOption = Annotated[
    int | None,
    typer.Option("--checkpoint", help="Use this checkpoint instead of the delivered model.", metavar="STEP"),
]
ConfigArguments = Annotated[
    list[str] | None,
    typer.Argument(help="A configuration file (.yaml), and overrides such as training.learning_rate=1e-4."),
]
DataArguments = Annotated[
    list[str] | None,
    typer.Argument(help="Data files; without any, the project's data. Also a configuration file and overrides."),
]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Positional arguments by kind."""

    config: Path | None
    overrides: tuple[str, ...]
    files: tuple[Path, ...]


def sort_arguments(arguments: Sequence[str] | None, *, files_allowed: bool = False) -> Arguments:
    """Tell configuration, overrides and data files apart.

    Raises: UsageError for an argument that is none of them, or a second configuration.
    """
    given = list(arguments or ())
    overrides = tuple(argument for argument in given if is_override(argument))
    configs = [argument for argument in given if argument not in overrides and argument.endswith(CONFIG_SUFFIXES)]
    others = [argument for argument in given if argument not in overrides and argument not in configs]
    problems = [
        Problem(
            "unknown_argument",
            say("cli.unknown_argument", argument=argument),
            say("cli.unknown_argument.fix"),
        )
        for argument in (others if not files_allowed else ())
    ]
    if len(configs) > 1:
        problems.append(Problem("two_configs", say("cli.two_configs", names=", ".join(configs))))
    if problems:
        raise UsageError(problems)
    return Arguments(Path(configs[0]) if configs else None, overrides, tuple(map(Path, others)))


def open_with(project: Path, arguments: Sequence[str] | None) -> "Opened":
    """Open the project that a verb was called for.

    Raises: InputError with every problem found.
    """
    from llm_finetune.workflow import open_project

    chosen = sort_arguments(arguments)
    return open_project(project, config=chosen.config, overrides=chosen.overrides)
