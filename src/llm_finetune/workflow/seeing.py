"""Show rows as the model reads them, and count their tokens."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Any

from llm_finetune.data.check import CheckReport, RowChecker
from llm_finetune.data.encode import effective_limit, encoded_batches
from llm_finetune.data.formats.format import Converted
from llm_finetune.data.preview import PreviewRow, preview_conversation, preview_refused
from llm_finetune.data.preview_page import PageFacts, write_page
from llm_finetune.data.rows import Row, Source
from llm_finetune.data.settings import SourceSettings
from llm_finetune.data.sources import resolve_sources
from llm_finetune.data.stats import StatsCollector
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import DataError, Problem, UsageError
from llm_finetune.files import write_json
from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.outputs import require_writable
from llm_finetune.workflow.preparing import behind_virtual_tokens, text_model_for
from llm_finetune.workflow.reading import validation_entries

ROWS_SHOWN, ROWS_OF_A_PAGE = 3, 300


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: some files, as a model with these settings reads them."""

    project: Project
    settings: FinetuneSettings
    sources: tuple[Source, ...]
    name: str
    """What the title of a page says."""
    virtual_tokens: int = 0
    """Positions that the project's method takes from every text."""

    @classmethod
    def of_project(cls, opened: Opened) -> "View":
        """The training rows of a project.

        Raises: DataError for a source that names nothing.
        """
        project, data = opened.project, opened.settings.data
        sources = resolve_sources(data.sources, project.resolve, project.shown)
        name = project.root.resolve().name
        return cls(project, opened.settings, tuple(sources), name, opened.virtual_tokens)

    @classmethod
    def of_files(cls, paths: Sequence[Path], settings: FinetuneSettings | None, root: Path | None) -> "View":
        """The rows of any data files, as the default model or the one in `settings` reads them.

        Raises: DataError for one that names nothing.
        """
        entries = [SourceSettings(path=str(path)) for path in paths]
        sources = tuple(resolve_sources(entries, Path, str))
        name = ", ".join(path.name for path in paths)
        return cls(Project.at(root or Path()), settings or FinetuneSettings(), sources, name)

    @property
    def read_paths(self) -> list[Path]:
        """Every file that is read, which nothing may be written over."""
        held_out = [self.project.resolve(entry.path) for entry in validation_entries(self.settings.data)]
        adapter = self.project.resolve(self.settings.method.adapter)
        return [*(source.path for source in self.sources), *held_out, self.project.config, adapter]

    def text_model(self, tell: Tell) -> TextModel:
        """The renderer that training would use."""
        return behind_virtual_tokens(text_model_for(self.project, self.settings, tell), self.virtual_tokens)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was written."""

    path: Path
    rows: int
    """Rows on it."""
    total: int
    """Rows there are."""


def preview(
    opened: Opened, *, count: int = ROWS_SHOWN, lines: Sequence[int] = (), tell: Tell = tell_on_stderr
) -> list[PreviewRow]:
    """The first training rows, or those that begin at some lines, as the model will read them.

    Rows that cannot be used are among them, with their problems.
    Raises: DataError if there is no row at all; UsageError if no row begins at one of the lines.
    """
    return preview_view(View.of_project(opened), count=count, lines=lines, tell=tell)


def preview_any(
    paths: Sequence[Path],
    *,
    count: int = ROWS_SHOWN,
    lines: Sequence[int] = (),
    settings: FinetuneSettings | None = None,
    root: Path | None = None,
    tell: Tell = tell_on_stderr,
) -> list[PreviewRow]:
    """The first rows of any data files, or those that begin at some lines, as `preview` shows them.

    Raises: DataError if there is no row at all; UsageError if no row begins at one of the lines.
    """
    return preview_view(View.of_files(paths, settings, root), count=count, lines=lines, tell=tell)


def preview_page(
    view: View, path: Path, *, count: int = ROWS_OF_A_PAGE, lines: Sequence[int] = (), tell: Tell = tell_on_stderr
) -> Page:
    """Write the rows that `preview` would show as one HTML file.

    Raises: DataError, UsageError as `preview` does; OSError
    """
    require_writable([path], "--html", view.read_paths)
    text_model = view.text_model(tell)
    checker = RowChecker(view.settings.data)
    found = checker.rows(view.sources)
    chosen = list(_chosen(found, count, lines, is_one_file=len(view.sources) == 1))
    deque(found, maxlen=0)  # the others are only counted
    _require_rows(chosen, lines, checker.report(), tell)
    rows = _previewed(chosen, text_model, view)
    data = view.settings.data
    facts = PageFacts(
        view.name,
        checker.report().read,
        view.settings.model.name,
        effective_limit(data, text_model),
        data.train_on,
    )
    write_page(path, rows, facts)
    return Page(path, len(chosen), facts.total)


def stats(opened: Opened, *, tell: Tell = tell_on_stderr) -> dict[str, Any]:
    """Token statistics of the project's training rows, as plain JSON values; saved in `logs/data_stats.json`.

    Rows over the limit are counted as they are.
    Raises: DataError for a source that names nothing, or where there is no row at all.
    """
    found = stats_of(View.of_project(opened), tell)
    write_json(opened.project.data_stats, found)
    return found


def stats_any(
    paths: Sequence[Path],
    *,
    settings: FinetuneSettings | None = None,
    root: Path | None = None,
    tell: Tell = tell_on_stderr,
) -> dict[str, Any]:
    """Token statistics of any data files, as the default model (or the one in `settings`) reads them.

    Raises: DataError where there is no row at all.
    """
    return stats_of(View.of_files(paths, settings, root), tell)


def stats_of(view: View, tell: Tell) -> dict[str, Any]:
    """Token statistics of a view.

    Raises: DataError where there is no row at all.
    """
    text_model, checker, data = view.text_model(tell), RowChecker(view.settings.data), view.settings.data
    collector = StatsCollector.of(data, text_model, view.settings.training_settings.per_device_train_batch_size)
    refused = 0
    conversations, encoding = tee(checker.conversations(view.sources))
    for conversation, row in zip(conversations, encoded_batches(encoding, text_model, data), strict=True):
        refused += not row.whole
        for example in row.whole:
            collector.add(example, conversation)
    report = checker.report()
    _require_rows([], (), report, tell)
    counts = {"read": report.read, "left_out": report.dropped + refused, "formats": dict(report.formats)}
    return {**counts, **collector.report()}


Found = tuple[Row | None, Converted]


def preview_view(
    view: View, *, count: int = ROWS_SHOWN, lines: Sequence[int] = (), tell: Tell = tell_on_stderr
) -> list[PreviewRow]:
    """The rows of a view, as `preview` shows them.

    Raises: DataError, UsageError as `preview` does
    """
    checker = RowChecker(view.settings.data)
    chosen = list(_chosen(checker.rows(view.sources), count, lines, is_one_file=len(view.sources) == 1))
    _require_rows(chosen, lines, checker.report(), tell)
    return _previewed(chosen, view.text_model(tell), view)


def _chosen(found: Iterator[Found], count: int, lines: Sequence[int], *, is_one_file: bool) -> Iterator[Found]:
    """The first rows, or all that begin at the lines. No more is read than is needed."""
    left = max(count, len(set(lines)))
    if not lines or is_one_file:
        for item in found:
            if not lines or _line_of(item) in lines:
                yield item
                left -= 1
            if not left or (lines and _line_of(item) > max(lines)):
                return
    else:
        yield from (item for item in found if _line_of(item) in lines)


def _line_of(found: Found) -> int:
    row, converted = found
    return row.line if row is not None else converted.problems[0].line


def _require_rows(chosen: Sequence[Found], lines: Sequence[int], report: CheckReport, tell: Tell) -> None:
    """Tell what is wrong with whole files.

    Raises: DataError if there is no row; UsageError for a line at which none begins.
    """
    if not report.read:
        nothing = Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix"))
        raise DataError(report.errors or [nothing])
    absent = sorted(set(lines) - {_line_of(item) for item in chosen})
    if absent:
        raise UsageError(
            Problem("no_row", say("data.no_row", line=line), say("data.no_row.fix"), field="--line") for line in absent
        )
    for problem in report.errors:
        if not problem.line:
            tell(str(problem))


def _previewed(chosen: Sequence[Found], text_model: TextModel, view: View) -> list[PreviewRow]:
    rows: list[PreviewRow] = []
    for row, converted in chosen:
        if converted.conversation is None:
            rows.append(preview_refused(row, converted.problems))
        else:
            rows += preview_conversation(converted.conversation, text_model, view.settings.data, converted.problems)
    return rows
