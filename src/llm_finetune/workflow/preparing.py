"""From an opened project to what the stages take: conversations, a text model, examples, a base."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from llm_finetune.config.read import read_text
from llm_finetune.data.blend import blend
from llm_finetune.data.chat_templates import CHAT_TEMPLATES, FALLBACK, ChatTemplate, fitting, made_for
from llm_finetune.data.check import CheckReport
from llm_finetune.data.encode import Encoded, Example, effective_limit, encode_conversations
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.template_notes import control_tokens, template_notes
from llm_finetune.data.text_model import TextModel, default_bos, has_token
from llm_finetune.data.token_cache import TokenCache, fingerprint_of
from llm_finetune.errors import ConfigError, DataError, InputError, ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.model.precision import Precision, choose_precision
from llm_finetune.model.resolve import Base, base_sha256, is_at_hand, resolve_base
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings
from llm_finetune.train.hardware import unmeasurable
from llm_finetune.workflow import quantizing
from llm_finetune.workflow.checkpointing import architecture_problems
from llm_finetune.workflow.opening import Opened, Tell, absent_template, collecting
from llm_finetune.workflow.reading import Rows, read_sides
from llm_finetune.workflow.starting import require_same_base, starting_problems, with_added_rows
from llm_finetune.workflow.telling import told

SECONDS_BETWEEN_LINES = 10


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


def template_text(project: Project, settings: FinetuneSettings) -> str | None:
    """The chat template that replaces the model's own, if one is set: one of ours by its name, or a file.

    Raises: ConfigError if the file is missing or not UTF-8.
    """
    name = settings.model.chat_template
    if name is None:
        return None
    if name in CHAT_TEMPLATES:
        return CHAT_TEMPLATES[name].text
    if not project.resolve(name).is_file():
        raise ConfigError(absent_template(name))
    return read_text(project.resolve(name), name)


def text_model_of(base: Base, chat_template: str | None, settings: FinetuneSettings, tell: Tell) -> TextModel:
    """The one renderer of all stages; a model without a chat template gets one of ours, and that is told.

    Raises: ConfigError or ModelError if the chat template cannot be used.
    """
    from llm_finetune.model.load import load_tokenizer

    tokenizer = load_tokenizer(base, chat_template)
    name = settings.model.chat_template
    if name is not None and name in CHAT_TEMPLATES:
        _take_template(tokenizer, CHAT_TEMPLATES[name])
    elif not tokenizer.chat_template:
        template, reason = template_for(tokenizer)
        _take_template(tokenizer, template)
        tell(say("data.automatic_template", name=base.name, template=template.name, reason=reason))
    return text_model_from(tokenizer, base, settings)


def text_model_for(project: Project, settings: FinetuneSettings, tell: Tell) -> TextModel:
    """The renderer of the base that a configuration names.

    Raises: ConfigError or ModelError if base or chat template cannot be used.
    """
    base = resolve_base(settings.model, project.root, tell)
    return text_model_of(base, template_text(project, settings), settings, tell)


def text_model_from(tokenizer: Any, base: Base, settings: FinetuneSettings, folder: Path | None = None) -> TextModel:
    """The renderer with a tokenizer that has its chat template; what was saved in `folder` ends answers too.

    Raises: ConfigError or ModelError if the chat template cannot be used.
    """
    from llm_finetune.model.load import chat_templates_of, end_token_ids, position_limit_of

    ends = end_token_ids(tokenizer, base.path) | (end_token_ids(tokenizer, folder) if folder else frozenset())
    if not tokenizer.chat_template:
        _take_template(tokenizer, template_for(tokenizer)[0])
    template, tool_template = chat_templates_of(tokenizer)
    text_model = TextModel(
        tokenizer=tokenizer,
        chat_template=template,
        end_ids=ends,
        limit=position_limit_of(base),
        system=settings.data.system,
        system_role=settings.data.system_role,
        template_arguments=settings.model.chat_template_kwargs,
        tool_template=tool_template,
    )
    if (fault := text_model.fault()) is not None:
        raise (ModelError if settings.model.chat_template is None else ConfigError)(fault)
    closing = text_model.closing
    return text_model if closing is None else replace(text_model, end_ids=ends | {closing})


def behind_virtual_tokens(text_model: TextModel, count: int) -> TextModel:
    """The renderer of a model of which a method takes so many positions from every text."""
    return text_model if text_model.limit is None else replace(text_model, limit=text_model.limit - count)


def _take_template(tokenizer: Any, template: ChatTemplate) -> None:
    """Give a tokenizer one of our templates.

    Raises: ConfigError if its vocabulary cannot end a turn as the template does.
    """
    has = partial(has_token, tokenizer)
    if template.end is not None and not has(template.end):
        values = {"name": template.name, "token": template.end, "known": ", ".join(fitting(has))}
        message, fix = say("data.template_token", **values), say("data.template_token.fix", **values)
        raise ConfigError(Problem("template_token", message, fix, field="model.chat_template"))
    tokenizer.chat_template = template.text_for(begins=default_bos(tokenizer) is not None)


def template_for(tokenizer: Any) -> tuple[ChatTemplate, str]:
    """The template of ours for a model that brings none, and why."""
    made = made_for(partial(has_token, tokenizer))
    if made is None:
        return CHAT_TEMPLATES[FALLBACK], say("data.automatic_template.plain")
    return made, say("data.automatic_template.tokens", tokens=", ".join([*made.marks, str(made.end)]))


def prepare(opened: Opened, tell: Tell, *, may_fetch: bool = True) -> Prepared:
    """Check data, base and method, and encode the rows. Nothing is fetched once something is known to be wrong.

    Raises: InputError with every problem found.
    """
    problems: list[Problem] = []
    rows = read_sides(opened.project, opened.settings)
    problems += rows.report.errors
    if not rows.report.errors and not rows.train:
        problems.append(Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix")))
    elif not rows.report.errors and not rows.validation:
        problems += unmeasurable(opened.settings.training_settings)
    base, precision = None, None
    with collecting(problems):
        precision = precision_of(opened.settings)
    problems += quantizing.problems_at_once(opened)
    if (may_fetch and not problems) or is_at_hand(opened.settings.model, opened.project.root):
        with collecting(problems):
            base = resolve_base(opened.settings.model, opened.project.root, tell)
            check_method_fits(opened, base)
    if problems or base is None or precision is None:
        raise InputError(problems)
    for line in told(rows.report.warnings, rows.report.counts):
        tell(line)
    for line in _counted(rows.report):
        tell(line)
    return _encoded(opened, rows, base, precision, tell)


def _counted(report: CheckReport) -> Iterator[str]:
    """What was done to rows, as counts."""
    for code, counts in (("dropped_rows", report.dropped_by), ("repaired_rows", report.repaired)):
        if counts:
            names = ", ".join(f"{name} {count:,}" for name, count in counts.items())
            yield say(f"data.{code}", count=sum(counts.values()), counts=names)


def precision_of(settings: FinetuneSettings) -> Precision:
    """The number format to compute in, on the device that training will use.

    Raises: ModelError if that device cannot compute in the one asked for.
    """
    return choose_precision(settings.model.dtype, "cpu" if settings.training_settings.use_cpu else None)


def check_method_fits(opened: Opened, base: Base) -> None:
    """Raises: ModelError if the method, or what is asked of its training, does not go with this architecture."""
    from llm_finetune.model.load import load_config

    config, problems, adapted = load_config(base), list[Problem](), tuple[str, ...]()
    with collecting(problems), in_method_file(opened):
        opened = with_added_rows(opened, base)
        if opened.method.check is not None:
            adapted = opened.method.check(config, opened.method_settings)
    problems += architecture_problems(opened, config)
    with collecting(problems), in_method_file(opened):
        quantizing.require_fitting(opened, config)
    if not problems:
        problems += starting_problems(opened, adapted)
    if problems:
        raise ModelError(problems)


@contextmanager
def in_method_file(opened: Opened) -> Iterator[None]:
    """Problems of a key of the method are told with the file that holds it."""
    project, method = opened.project, opened.settings.method
    place = project.shown(project.config if method.is_full else project.resolve(method.adapter))
    try:
        yield
    except ModelError as error:
        raise ModelError(
            replace(problem, path=problem.path or place) if problem.field else problem for problem in error.problems
        ) from error


def token_cache(project: Project, text_model: TextModel) -> TokenCache:
    """The project's memory of rows that were tokenised before."""
    return TokenCache(project.token_cache, fingerprint_of(text_model))


def encode_side(side: Sequence[Conversation], text_model: TextModel, settings: DataSettings, **more: Any) -> Encoded:
    """Examples of one side; where bad rows are to be dropped, what is wrong with them is a note."""
    encoded = encode_conversations(side, text_model, settings, **more)
    if settings.on_bad_rows == "stop":
        return encoded
    return replace(encoded, errors=(), notes=(*encoded.errors, *encoded.notes))


def _encoded(opened: Opened, rows: Rows, base: Base, precision: Precision, tell: Tell) -> Prepared:
    settings = opened.settings.data
    whole = text_model_of(base, template_text(opened.project, opened.settings), opened.settings, tell)
    text_model = behind_virtual_tokens(whole, opened.virtual_tokens)
    for line in _method_notes(opened, whole.limit):
        tell(line)
    if effective_limit(settings, text_model) < settings.max_length:
        tell(say("data.position_limit", wanted=settings.max_length, limit=text_model.limit))
    with token_cache(opened.project, text_model) as cache:
        train, validation = (
            encode_side(side, text_model, settings, cache=cache, progress=EncodingProgress(tell))
            for side in (rows.train, rows.validation)
        )
    if known := train.from_cache + validation.from_cache:
        total = len(rows.train) + len(rows.validation)
        tell(say("data.from_cache", known=known, new=total - known))
    _require_usable(train, validation, held_out=bool(rows.validation))
    flagged = [fault for row in (*rows.train, *rows.validation) if (fault := control_tokens(row, text_model))]
    notes = [*template_notes(text_model), *flagged, *train.notes, *validation.notes, *cache.notes]
    for line in told(notes):
        tell(line)
    blended = blend(train.examples, rows.weights, opened.settings.training_settings.seed, train.kept)
    if any(weight != 1 for weight in rows.weights.values()):
        weights = ", ".join(f"{path} x {weight:g}" for path, weight in rows.weights.items())
        tell(say("data.weighted", weights=weights, rows=len(train.examples), examples=len(blended)))
    kept = replace(
        rows,
        train=tuple(rows.train[index] for index in dict.fromkeys(train.kept)),
        validation=tuple(rows.validation[index] for index in dict.fromkeys(validation.kept)),
    )
    digest = base_sha256(base)
    require_same_base(opened, base, digest)
    return Prepared(kept, base, digest, precision, text_model, blended, validation.examples)


def _method_notes(opened: Opened, limit: int | None) -> Iterator[str]:
    """What the method takes of the model's positions, and a learning rate that is far from usual for it."""
    method, count = opened.method, opened.virtual_tokens
    if count and limit is not None:
        yield say("methods.positions_taken", title=method.title, count=count, limit=limit, left=limit - count)
    found = opened.settings.training_settings.learning_rate
    if method.learning_rates is not None and found < method.learning_rates[0]:
        low, high = method.learning_rates
        yield say("methods.low_learning_rate", title=method.title, found=found, low=low, high=high)


class EncodingProgress:
    """Tells how far encoding is, where it takes long enough to ask."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._last = tell, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Take the rows done and the rows in all."""
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            self._tell(say("data.encoding", done=done, total=total))


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
