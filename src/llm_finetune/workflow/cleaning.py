"""Write the rows that passed, and why the others did not."""

from collections.abc import Sequence
from itertools import tee
from pathlib import Path

from llm_finetune.data.check import RowChecker
from llm_finetune.data.clean import Cleaned, Place, removed_path_of
from llm_finetune.data.clean import write_clean as write_clean_sources
from llm_finetune.data.encode import encoded_batches
from llm_finetune.errors import DataError, Problem
from llm_finetune.messages import say
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.seeing import View


def write_clean(opened: Opened, target: Path, *, tokens: bool = True, tell: Tell = tell_on_stderr) -> Cleaned:
    """Write the training rows that `check` keeps to `target`, and beside it a list of the others with the reasons.

    Raises: DataError for a source that names nothing, or that would be written over; OSError
    """
    view = View.of_project(opened)
    _require_another(view, target)
    refused = _refused(view, tell) if tokens else {}
    return write_clean_sources(view.sources, view.settings.data, refused, target)


def write_clean_any(paths: Sequence[Path], target: Path, *, settings: FinetuneSettings | None = None) -> Cleaned:
    """Write the rows of any data files whose structure is right to `target`, and beside it a list of the others.

    Raises: DataError for a file that would be written over; OSError
    """
    view = View.of_files(paths, settings, None)
    _require_another(view, target)
    return write_clean_sources(view.sources, view.settings.data, {}, target)


def _require_another(view: View, target: Path) -> None:
    """Raises: DataError if a file that is read would be written over."""
    written = {target.resolve(), removed_path_of(target).resolve()}
    problems = [
        Problem("clean_over_source", say("data.clean_over_source"), say("data.clean_over_source.fix"), source.shown)
        for source in view.sources
        if source.path.resolve() in written
    ]
    if problems:
        raise DataError(problems)


def _refused(view: View, tell: Tell) -> dict[Place, Problem]:
    """Rows that no example is made of, with the reason."""
    text_model, data = view.text_model(tell), view.settings.data
    conversations, encoding = tee(RowChecker(data).conversations(view.sources))
    return {
        (conversation.path, conversation.line): (*row.errors, *row.notes)[0]
        for conversation, row in zip(conversations, encoded_batches(encoding, text_model, data), strict=True)
        if not row.examples
    }
