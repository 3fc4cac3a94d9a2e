"""From the configuration's sources to checked conversations on their two sides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from llm_finetune.data.check import Checked, CheckReport, check_sources
from llm_finetune.data.rows import Conversation, Source
from llm_finetune.data.settings import DataSettings, SourceSettings
from llm_finetune.data.sources import resolve_sources
from llm_finetune.data.split import Split, hold_out
from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow.opening import collecting

NO_VALIDATION = "none"


@dataclass(frozen=True, slots=True)
class Rows:
    """The checked conversations of a project, on their two sides."""

    train: tuple[Conversation, ...]
    validation: tuple[Conversation, ...]
    report: CheckReport
    """What was found in the training and validation files together."""
    split: Split | None = None
    """How the sides came about, where a share of the training rows is held out."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """How often each row of a training file is seen in one epoch, by the file as it is shown."""


def sources_of(
    project: Project, entries: Sequence[SourceSettings], field_name: str
) -> tuple[list[Source], list[Problem]]:
    """The files of some entries, and what is wrong with the entries."""
    problems: list[Problem] = []
    sources: list[Source] = []
    with collecting(problems):
        sources = resolve_sources(entries, project.resolve, project.shown, field_name)
    return sources, problems


def validation_entries(settings: DataSettings) -> list[SourceSettings]:
    """The validation file as an entry; nothing where a share is held out, or nothing at all."""
    if isinstance(settings.validation, str) and settings.validation != NO_VALIDATION:
        return [SourceSettings(path=settings.validation)]
    return []


def without_groups(settings: DataSettings) -> DataSettings:
    """The settings for a validation file, which is not split."""
    return settings.model_copy(update={"group_by": None})


def read_sides(project: Project, whole: FinetuneSettings) -> Rows:
    """Read, check and split the project's data. Nothing is raised: problems are in the report."""
    settings = whole.data
    sources, problems = sources_of(project, settings.sources, "data.train")
    weights = {source.shown: source.weight for source in sources}
    train = _checked(sources, [*problems, *_weights_that_differ(sources, weights)], settings)
    if isinstance(settings.validation, str):
        sources, problems = sources_of(project, validation_entries(settings), "data.validation")
        held_out = _checked(sources, problems, without_groups(settings))
        report = together(train.report, required(held_out.report, sources))
        return Rows(train.conversations, held_out.conversations, report, None, weights)
    faults: list[Problem] = []
    sides = Split(train.conversations, ())
    with collecting(faults):
        sides = hold_out(train.conversations, settings.validation, whole.training_settings.seed)
    if train.report.errors or not train.conversations:
        faults = []
    report = replace(train.report, errors=(*train.report.errors, *faults))
    if sides.groups:
        report = replace(report, sections={**report.sections, "split": sides.as_dict()})
    return Rows(sides.train, sides.validation, report, sides if sides.groups else None, weights)


def _weights_that_differ(sources: Sequence[Source], weights: Mapping[str, float]) -> list[Problem]:
    """Files that are named more than once, with weights that cannot both hold for their rows."""
    differing = dict.fromkeys(source.shown for source in sources if source.weight != weights[source.shown])
    return [_problem("source_weights", shown, "data.train") for shown in differing]


def required(report: CheckReport, sources: Sequence[Source]) -> CheckReport:
    """The report of a validation file, with an error where one is named and no row of it can be used."""
    if not sources or report.kept or report.errors:
        return report
    return replace(report, errors=(_problem("no_validation_rows", sources[0].shown, "data.validation"),))


def _problem(code: str, path: str, field_name: str) -> Problem:
    return Problem(code, say(f"data.{code}"), say(f"data.{code}.fix"), path, 0, field_name)


def _checked(sources: Sequence[Source], problems: Sequence[Problem], settings: DataSettings) -> Checked:
    checked = check_sources(sources, settings)
    return Checked(checked.conversations, replace(checked.report, errors=(*problems, *checked.report.errors)))


def together(first: CheckReport, second: CheckReport) -> CheckReport:
    """Both reports as one."""
    return CheckReport(
        read=first.read + second.read,
        kept=first.kept + second.kept,
        errors=(*first.errors, *second.errors),
        warnings=(*first.warnings, *second.warnings),
        counts=Counter(first.counts) + Counter(second.counts),
        dropped_by=Counter(first.dropped_by) + Counter(second.dropped_by),
        repaired=Counter(first.repaired) + Counter(second.repaired),
        formats=Counter(first.formats) + Counter(second.formats),
        sections={**first.sections, **second.sections},
    )
