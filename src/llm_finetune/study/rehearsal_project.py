"""The user's project in small: its own configuration over a random little model and a few of its rows.

Knows no stage of the journey but the reading of rows.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm_finetune.config.strict import Settings
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import SourceSettings
from llm_finetune.errors import DataError, Problem
from llm_finetune.messages import say
from llm_finetune.model.miniature import LAYERS, miniature_of, write_miniature
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings
from llm_finetune.workflow import Opened
from llm_finetune.workflow.opening import Tell
from llm_finetune.workflow.reading import NO_VALIDATION, read_sides

STEPS, SAVE_EVERY = 4, 2
TRAIN_ROWS, VALIDATION_ROWS = 16, 4
MOST_ROWS_A_PASS, MOST_PASSES = 2, 2
ANSWER_TOKENS = 8
_BLOCK_KEYS = ("layers_to_transform", "rank_pattern", "alpha_pattern", "target_modules", "exclude_modules")


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows that are rehearsed with."""

    train: Sequence[Conversation]
    validation: Sequence[Conversation]
    read: int
    """Rows that were read of the user's data."""


def write_model(opened: Opened, folder: Path, tell: Tell) -> str:
    """Write a little random model of the base's architecture with its tokenizer; say what it is.

    Only configuration and tokenizer of the base are read.

    Raises: ModelError
    """
    from llm_finetune.model.hub import optional_hub_file
    from llm_finetune.model.load import GENERATION_NAME, load_config, load_tokenizer
    from llm_finetune.model.resolve import resolve_base

    # The rehearsal adds tokens by itself, as the run would.
    base = replace(resolve_base(opened.settings.model, opened.project.root, tell), added_tokens=())
    config = load_config(base)
    names_blocks = _names_blocks(opened)
    small = miniature_of(config, layers=config.get_text_config().num_hidden_layers if names_blocks else LAYERS)
    parameters = write_miniature(small, folder, "float32")
    load_tokenizer(base).save_pretrained(folder)
    if base.source == "hub":
        generation = optional_hub_file(base.path, GENERATION_NAME, base.revision)
    else:
        generation = Path(base.path, GENERATION_NAME)
    if generation is not None and generation.is_file():
        (folder / GENERATION_NAME).write_bytes(generation.read_bytes())
    text = small.get_text_config()
    return say(
        "study.model",
        architecture=config.model_type,
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        parameters=parameters,
        reason=say("study.all_layers") if names_blocks else "",
    )


def _names_blocks(opened: Opened) -> bool:
    """Whether the configuration names blocks by their number, so that all must be there."""
    settings = opened.method_settings.model_dump()
    values: list[Any] = [settings.get(key) for key in _BLOCK_KEYS]
    values.append(opened.settings.method.model_dump().get("train_layers"))
    return any(re.search(r"\d\d|\.\d|\[\d|^\d|\(\d", json.dumps(value)) for value in values if value)


def sample_of(opened: Opened) -> Sample:
    """The first rows of both sides; all rows are read, and each must be usable.

    Raises: DataError
    """
    rows = read_sides(opened.project, opened.settings)
    if rows.report.errors:
        raise DataError(rows.report.errors)
    if not rows.train:
        raise DataError(Problem("nothing_left", say("data.nothing_left"), say("data.nothing_left.fix")))
    return Sample(rows.train[:TRAIN_ROWS], rows.validation[:VALIDATION_ROWS], rows.report.read)


def as_row(conversation: Conversation) -> dict[str, Any]:
    """The conversation as a row that is read to the same conversation; the worse side of a pair is left out."""
    if conversation.plain:
        return {"text": conversation.messages[0]["content"]}
    messages = [
        {**message, "weight": 0} if turn in conversation.untrained else dict(message)
        for turn, message in enumerate(conversation.messages)
    ]
    return {"messages": messages, **({"tools": list(conversation.tools)} if conversation.tools else {})}


def rehearsal_of(opened: Opened, sample: Sample, model: Path, root: Path) -> Opened:
    """The user's configuration over the little model and the sample, in a folder of its own."""
    project = Project.at(root, opened.project.config)
    train, validation = root / "data" / "train.jsonl", root / "data" / "validation.jsonl"
    _write_rows(train, sample.train)
    if sample.validation:
        _write_rows(validation, sample.validation)
    settings = opened.settings
    template = settings.model.chat_template
    if template is not None and opened.project.resolve(template).is_file():
        template = str(opened.project.resolve(template).resolve())
    changed: dict[str, Settings] = {
        "model": settings.model.model_copy(
            update={"name": str(model.resolve()), "revision": None, "chat_template": template}
        ),
        "data": settings.data.model_copy(
            update={
                "train": [SourceSettings(path=str(train.resolve()))],
                "validation": str(validation.resolve()) if sample.validation else NO_VALIDATION,
                "format": "auto",
                "columns": {},
                "group_by": None,
            }
        ),
        "method": settings.method.model_copy(update={"start_from": None}),
        "training": settings.training_settings.model_copy(update=_training(settings, bool(sample.validation))),
        "evaluation": settings.evaluation.model_copy(update={"max_new_tokens": ANSWER_TOKENS, "gates": {}}),
    }
    return replace(
        opened,
        project=project,
        settings=settings.model_copy(update=changed),
        method_settings=opened.method.for_rehearsal(opened.method_settings, STEPS),
        overrides=(),
    )


def _training(settings: FinetuneSettings, has_validation: bool) -> dict[str, Any]:
    """A few small steps with a checkpoint in the middle; what does not make it longer stays the user's."""
    training = settings.training_settings
    return {
        "max_steps": STEPS,
        "per_device_train_batch_size": min(training.per_device_train_batch_size, MOST_ROWS_A_PASS),
        "gradient_accumulation_steps": min(training.gradient_accumulation_steps, MOST_PASSES),
        "per_device_eval_batch_size": min(training.per_device_eval_batch_size, MOST_ROWS_A_PASS),
        "save_strategy": "steps",
        "save_steps": SAVE_EVERY,
        "save_total_limit": None,
        "eval_strategy": "steps" if has_validation else "no",
        "eval_steps": SAVE_EVERY,
        "logging_steps": 1,
        "early_stopping_patience": None,
        "report_to": "none",
    }


def _write_rows(path: Path, conversations: Sequence[Conversation]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (json.dumps(as_row(conversation), ensure_ascii=False) + "\n" for conversation in conversations)
    path.write_text("".join(rows), encoding="utf-8")
