"""Check the data: every row that cannot be used, and what the others are like."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from llm_finetune.data.check import CheckReport, RowChecker
from llm_finetune.data.content import ContentCheck, ContentReport, ExactDuplicates, Side, duplicate_report
from llm_finetune.data.encode import EncodedRow, encoded_batches
from llm_finetune.data.findings import Findings
from llm_finetune.data.garbage import seldom_collected
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings, SourceSettings
from llm_finetune.data.stats import StatsCollector
from llm_finetune.data.template_notes import control_tokens, template_notes
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.token_cache import TokenCache
from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow.opening import Opened, Tell, tell_on_stderr
from llm_finetune.workflow.preparing import behind_virtual_tokens, text_model_for, token_cache
from llm_finetune.workflow.reading import (
    NO_VALIDATION,
    Rows,
    read_sides,
    required,
    sources_of,
    together,
    validation_entries,
    without_groups,
)


def check(opened: Opened, *, tokens: bool = True, tell: Tell = tell_on_stderr) -> CheckReport:
    """Read the project's training and validation rows, and find those that cannot be used.

    Without `tokens` only structure and exact duplicates are looked at, in flat memory and without a model. Nothing is
    raised for wrong rows: the problems are in the report.
    """
    if not tokens:
        return _structure(opened.project, opened.settings)
    whole = text_model_for(opened.project, opened.settings, tell)
    text_model = behind_virtual_tokens(whole, opened.virtual_tokens)
    with token_cache(opened.project, text_model) as cache:
        report = _whole(opened.project, opened.settings, text_model, cache)
    return replace(report, warnings=(*report.warnings, *cache.notes))


def check_any(
    paths: Sequence[Path],
    settings: FinetuneSettings | None = None,
    *,
    root: Path | None = None,
    tokens: bool = False,
    content: bool = True,
    tell: Tell = tell_on_stderr,
) -> CheckReport:
    """Check any data files: their structure, their content, and with `tokens` how the model of `settings` reads them.

    A file in `data.validation` is compared with them; a share is not held out. Without `content` memory stays flat.
    """
    whole = _on_files(paths, settings or FinetuneSettings())
    if not content and not tokens:
        return _structure(Project.at(Path()), whole)
    text_model = text_model_for(Project.at(root or Path()), whole, tell) if tokens else None
    return _whole(Project.at(Path()), whole, text_model, None)


def _on_files(paths: Sequence[Path], settings: FinetuneSettings) -> FinetuneSettings:
    validation = settings.data.validation if isinstance(settings.data.validation, str) else NO_VALIDATION
    train = [SourceSettings(path=str(path)) for path in paths]
    data = settings.data.model_copy(update={"train": train, "validation": validation})
    return settings.model_copy(update={"data": data})


def _structure(project: Project, settings: FinetuneSettings) -> CheckReport:
    """Structure and exact duplicates, with no row held in memory."""
    data = settings.data
    sides = ExactDuplicates(), ExactDuplicates()
    sources, problems = sources_of(project, data.sources, "data.train")
    checker = RowChecker(data)
    for conversation in checker.conversations(sources):
        sides[0].add(conversation)
    sources, more_problems = sources_of(project, validation_entries(data), "data.validation")
    other = RowChecker(without_groups(data))
    for conversation in other.conversations(sources):
        sides[1].add(conversation)
    report = together(checker.report(), required(other.report(), sources))
    report = replace(report, errors=(*problems, *more_problems, *report.errors))
    return _with_content(_not_empty(report, is_empty=not report.kept), duplicate_report(*sides))


@seldom_collected()
def _whole(
    project: Project, settings: FinetuneSettings, text_model: TextModel | None, cache: TokenCache | None
) -> CheckReport:
    """Structure, content and, with a text model, tokens."""
    rows, content = read_sides(project, settings), ContentCheck(settings.data)
    if text_model is not None:
        report, is_empty = _with_tokens(rows, content, settings, text_model, cache)
    else:
        report, is_empty = rows.report, not rows.train
        for side, conversation in _both(rows):
            content.add(conversation, side)
    return _with_content(_not_empty(report, is_empty=is_empty), content.finish())


def _both(rows: Rows) -> Iterator[tuple[Side, Conversation]]:
    yield from (("train", conversation) for conversation in rows.train)
    yield from (("validation", conversation) for conversation in rows.validation)


def _not_empty(report: CheckReport, *, is_empty: bool) -> CheckReport:
    """The report, with an error if nothing is left and nothing says why."""
    if not is_empty or report.errors:
        return report
    nothing = Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix"))
    return replace(report, errors=(nothing,))


def _with_content(report: CheckReport, content: ContentReport) -> CheckReport:
    return replace(
        report,
        warnings=(*report.warnings, *content.warnings),
        counts=dict(Counter(report.counts) + Counter(content.counts)),
        sections={**report.sections, **content.sections},
    )


def _with_tokens(
    rows: Rows, content: ContentCheck, settings: FinetuneSettings, text_model: TextModel, cache: TokenCache | None
) -> tuple[CheckReport, bool]:
    """The report with what encoding found, and whether a side that had rows has none left.

    The content of rows is looked at on the way, while others are tokenised.
    """
    data, report, findings = settings.data, rows.report, Findings()
    batch_size = settings.training_settings.per_device_train_batch_size
    collector, dropped = StatsCollector.of(data, text_model, batch_size), Counter(report.dropped_by)
    findings.warn(template_notes(text_model))
    kept = Counter[Side]()
    sides: dict[Side, Sequence[Conversation]] = {"train": rows.train, "validation": rows.validation}
    for name, side in sides.items():
        for row in encoded_batches(side, text_model, data, cache=cache):
            content.add(side[row.index], name)
            _take(row, findings, data)
            kept[name] += bool(row.examples)
            if not row.examples:
                dropped[(*row.errors, *row.notes)[0].code] += 1
            if fault := control_tokens(side[row.index], text_model):
                findings.warn([fault])
            for example in row.whole:
                collector.add(example, side[row.index])
    errors = sorted((*report.errors, *findings.errors), key=lambda problem: (problem.path, problem.line))
    found = replace(
        report,
        kept=kept.total(),
        errors=tuple(errors),
        warnings=(*report.warnings, *findings.warnings),
        counts=dict(Counter(report.counts) + findings.counts),
        dropped_by=dict(dropped),
        sections={**report.sections, "tokens": collector.report()},
    )
    return found, not kept["train"] or bool(rows.validation) > bool(kept["validation"])


def _take(row: EncodedRow, findings: Findings, settings: DataSettings) -> None:
    if settings.on_bad_rows == "drop":
        findings.warn(row.errors)
    else:
        findings.error(row.errors)
    findings.warn(row.notes)
