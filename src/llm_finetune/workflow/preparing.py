"""From an opened project to what the stages take: conversations, a text model, examples, a base."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llm_finetune.config.read import read_text
from llm_finetune.data.check import CheckReport, check_files
from llm_finetune.data.encode import Encoded, Example, effective_limit, encode_conversations
from llm_finetune.data.fallback_template import FALLBACK_TEMPLATE
from llm_finetune.data.rows import Conversation
from llm_finetune.data.split import split
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import DataError, InputError, ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.model.precision import Precision, choose_precision
from llm_finetune.model.resolve import Base, base_sha256, resolve_base
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow.opening import Opened, Tell, collecting

NO_VALIDATION = "none"


@dataclass(frozen=True, slots=True)
class Rows:
    """The checked conversations of a project, on their two sides."""

    train: tuple[Conversation, ...]
    validation: tuple[Conversation, ...]
    report: CheckReport
    """What was found in the training and validation files together."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before weights are loaded."""

    rows: Rows
    base: Base
    base_sha256: str
    precision: Precision
    text_model: TextModel
    train: tuple[Example, ...]
    validation: tuple[Example, ...]


def data_files(opened: Opened, names: Sequence[str]) -> list[tuple[Path, str]]:
    """Paths of data files, each with the name shown in messages."""
    paths = [opened.project.resolve(name) for name in names]
    return [(path, opened.project.shown(path)) for path in paths]


def read_sides(opened: Opened) -> Rows:
    """Read, check and split the project's data. Nothing is raised: problems are in the report."""
    settings = opened.settings.data
    train = check_files(data_files(opened, settings.train_files), settings)
    if settings.validation == NO_VALIDATION:
        return Rows(train.conversations, (), train)
    if isinstance(settings.validation, str):
        held_out = check_files(data_files(opened, [settings.validation]), settings)
        return Rows(train.conversations, held_out.conversations, _together(train, held_out))
    problems: list[Problem] = []
    sides: tuple[tuple[Conversation, ...], tuple[Conversation, ...]] = (train.conversations, ())
    with collecting(problems):
        sides = split(train.conversations, settings.validation, opened.settings.training_settings.seed)
    if train.errors or not train.conversations:
        problems = []
    report = CheckReport(train.conversations, (*train.errors, *problems), train.warnings, train.read, train.formats)
    return Rows(*sides, report)


def _together(first: CheckReport, second: CheckReport) -> CheckReport:
    names = first.formats.keys() | second.formats.keys()
    return CheckReport(
        (*first.conversations, *second.conversations),
        (*first.errors, *second.errors),
        (*first.warnings, *second.warnings),
        first.read + second.read,
        {name: first.formats.get(name, 0) + second.formats.get(name, 0) for name in sorted(names)},
    )


def template_text(project: Project, settings: FinetuneSettings) -> str | None:
    """The chat template that replaces the model's own, if one is set.

    Raises: ConfigError if the file is missing or not UTF-8.
    """
    name = settings.model.chat_template
    return read_text(project.resolve(name), name) if name else None


def text_model_of(base: Base, chat_template: str | None, system: str | None, tell: Tell) -> TextModel:
    """The one renderer of all stages; a model without a chat template gets ours, and that is told."""
    from llm_finetune.model.load import end_token_ids, load_config, load_tokenizer, position_limit

    tokenizer = load_tokenizer(base, chat_template)
    if not tokenizer.chat_template:
        tokenizer.chat_template = FALLBACK_TEMPLATE
        tell(say("data.fallback_template", name=base.name))
    return TextModel(
        tokenizer=tokenizer,
        chat_template=tokenizer.chat_template,
        end_ids=end_token_ids(tokenizer, base.path),
        limit=position_limit(load_config(base)),
        system=system,
    )


def prepare(opened: Opened, tell: Tell) -> Prepared:
    """Check data, base and method, and encode the rows.

    Raises: InputError with every problem found.
    """
    problems: list[Problem] = []
    rows = read_sides(opened)
    problems += rows.report.errors
    if not rows.report.errors and not rows.train:
        problems.append(Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix")))
    base, precision = None, None
    with collecting(problems):
        precision = precision_of(opened.settings)
    with collecting(problems):
        base = resolve_base(opened.settings.model, opened.project.root, tell)
        check_method_fits(opened, base)
    if problems or base is None or precision is None:
        raise InputError(problems)
    for warning in rows.report.warnings:
        tell(str(warning))
    return _encoded(opened, rows, base, precision, tell)


def precision_of(settings: FinetuneSettings) -> Precision:
    """The number format to compute in, on the device that training will use.

    Raises: ModelError if that device cannot compute in the one asked for.
    """
    return choose_precision(settings.model.dtype, "cpu" if settings.training_settings.use_cpu else None)


def check_method_fits(opened: Opened, base: Base) -> None:
    """Raises: ModelError if the method cannot be put on this architecture."""
    from llm_finetune.model.load import load_config

    check = opened.method.check
    if check is None:
        return
    place = opened.project.shown(opened.project.resolve(opened.settings.method.adapter))
    try:
        check(load_config(base), opened.method_settings)
    except ModelError as error:
        raise ModelError(
            replace(problem, path=problem.path or place) if problem.field else problem for problem in error.problems
        ) from error


def _encoded(opened: Opened, rows: Rows, base: Base, precision: Precision, tell: Tell) -> Prepared:
    settings = opened.settings.data
    text_model = text_model_of(base, template_text(opened.project, opened.settings), settings.system, tell)
    if effective_limit(settings, text_model) < settings.max_length:
        tell(say("data.position_limit", wanted=settings.max_length, limit=text_model.limit))
    train = encode_conversations(rows.train, text_model, settings)
    validation = encode_conversations(rows.validation, text_model, settings)
    _require_usable(train, validation, held_out=bool(rows.validation))
    for note in (*train.notes, *validation.notes):
        tell(str(note))
    rows = Rows(
        tuple(rows.train[index] for index in train.kept),
        tuple(rows.validation[index] for index in validation.kept),
        rows.report,
    )
    return Prepared(rows, base, base_sha256(base), precision, text_model, train.examples, validation.examples)


def _require_usable(train: Encoded, validation: Encoded, *, held_out: bool) -> None:
    """Raises: DataError if a row cannot be trained on, or none is left."""
    problems = [*train.errors, *validation.errors]
    if not problems and (not train.examples or (held_out and not validation.examples)):
        problems = [
            *train.notes,
            *validation.notes,
            Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix")),
        ]
    if problems:
        raise DataError(problems)
