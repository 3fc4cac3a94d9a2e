"""Write the rows that passed, and why the others did not."""

from collections.abc import Sequence
from pathlib import Path

from llm_finetune.data.check import RowChecker
from llm_finetune.data.clean import Cleaned, removed_path_of
from llm_finetune.data.clean import write_clean as write_clean_sources
from llm_finetune.data.encode import encoded_batches
from llm_finetune.errors import Problem
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.outputs import require_writable
from llm_finetune.workflow.seeing import View


def write_clean(opened: Opened, target: Path, *, tokens: bool = True, tell: Tell = tell_on_stderr) -> Cleaned:
    """Write the training rows that `check` keeps to `target`, and beside it a list of the others with the reasons.

    Raises: DataError for a source that names nothing; UsageError for a target that is read; OSError
    """
    return _written(View.of_project(opened), target, tokens=tokens, tell=tell)


def write_clean_any(
    paths: Sequence[Path],
    target: Path,
    *,
    settings: FinetuneSettings | None = None,
    root: Path | None = None,
    tokens: bool = False,
    tell: Tell = tell_on_stderr,
) -> Cleaned:
    """Write the rows of any data files that `check_any` keeps to `target`, and beside it a list of the others.

    Raises: DataError for a file that names nothing; UsageError for a target that is read; OSError
    """
    return _written(View.of_files(paths, settings, root), target, tokens=tokens, tell=tell)


def _written(view: View, target: Path, *, tokens: bool, tell: Tell) -> Cleaned:
    require_writable([target, removed_path_of(target)], "--write-clean", view.read_paths)
    refused = _refused(view, tell) if tokens else {}
    return write_clean_sources(view.sources, view.settings.data, refused, target)


def _refused(view: View, tell: Tell) -> dict[int, Problem]:
    """Conversations that no example is made of, by their number, with the reason."""
    data = view.settings.data
    rows = encoded_batches(RowChecker(data).conversations(view.sources), view.text_model(tell), data)
    return {row.index: (*row.errors, *row.notes)[0] for row in rows if not row.examples}
