"""Where results may be written: never over what is read."""

from collections.abc import Iterable
from pathlib import Path

from llm_finetune.errors import Problem, UsageError
from llm_finetune.messages import say


def require_writable(targets: Iterable[Path], option: str, read: Iterable[Path]) -> None:
    """Raises: UsageError if a target is a folder, or one of the files that are read."""
    taken = {path.resolve() for path in read}
    problems = []
    for target in targets:
        if target.is_dir():
            problems.append(_problem("output_is_folder", target, option))
        elif target.resolve() in taken:
            problems.append(_problem("output_over_input", target, option))
    if problems:
        raise UsageError(problems)


def _problem(code: str, target: Path, option: str) -> Problem:
    return Problem(code, say(f"data.{code}"), say(f"data.{code}.fix", option=option), str(target), 0, option)
