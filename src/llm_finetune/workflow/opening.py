"""Open a project: read and check both configuration files, and tell every problem at once."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.config.overrides import apply_overrides
from llm_finetune.config.read import Document, read_document
from llm_finetune.config.strict import Settings
from llm_finetune.data.chat_templates import CHAT_TEMPLATES
from llm_finetune.data.visible import visible
from llm_finetune.errors import ConfigError, InputError, Problem
from llm_finetune.messages import say
from llm_finetune.methods import METHODS, read_method
from llm_finetune.methods.method import Method
from llm_finetune.methods.settings import FULL
from llm_finetune.model.quiet import quiet_backends
from llm_finetune.project import Project
from llm_finetune.settings import FinetuneSettings, parse_settings
from llm_finetune.train.ledger import read_run
from llm_finetune.train.trackers import tracker_problems

Tell = Callable[[str], None]
"""Takes one line for the user: an automatic choice with its reason, or something done to the data."""


def tell_on_stderr(line: str) -> None:
    """The default: lines go to standard error, of the first process only."""
    if is_main_process():
        sys.stderr.write(f"{visible(line)}\n")


def is_main_process() -> bool:
    """Whether this is the only process, or the first of those that a launcher started."""
    return os.environ.get("RANK", "0") == "0"


@dataclass(frozen=True, slots=True)
class Opened:
    """A project with its checked configuration."""

    project: Project
    settings: FinetuneSettings
    method: Method
    method_settings: Settings
    overrides: tuple[str, ...] = field(default_factory=tuple)

    @property
    def run(self) -> dict[str, Any]:
        """What `logs/run.json` records; empty before the first training."""
        return read_run(self.project)

    @property
    def virtual_tokens(self) -> int:
        """Positions that the method takes from every text."""
        return self.method.room(self.method_settings)

    def as_trained(self) -> FinetuneSettings:
        """The settings the trained model was made with, under the overrides of the command line.

        So a system prompt edited after training does not change what the trained model is asked. Which rows are held
        out to ask them of is the present configuration's choice.
        """
        run = self.run
        recorded = run.get("config")
        if "delivered" not in run or not isinstance(recorded, dict):
            return self.settings
        recorded = {**recorded, "data": {**recorded["data"], "validation": self.settings.data.validation}}
        document = Document(self.project.shown(self.project.run), recorded)
        return parse_settings(apply_overrides(document, self.overrides))


@contextmanager
def collecting(problems: list[Problem]) -> Iterator[None]:
    """Keep the problems of a block and go on, so that independent faults are told together."""
    try:
        yield
    except InputError as error:
        problems.extend(error.problems)


def open_project(root: Path | str = ".", *, config: Path | str | None = None, overrides: Sequence[str] = ()) -> Opened:
    """Read a project's configuration.

    Raises: ConfigError with every problem of both files.
    """
    quiet_backends()
    folder = Path(root)
    project = Project.at(folder, Path(config) if config else None)
    document = apply_overrides(read_document(project.config, project.shown(project.config)), overrides)
    problems: list[Problem] = []
    settings: FinetuneSettings | None = None
    with collecting(problems):
        settings = parse_settings(document)
    chosen = _method(project, settings, document, problems)
    if settings is not None:
        problems += tracker_problems(settings.training_settings)
        problems += _missing_template(project, settings, document)
    if problems or settings is None or chosen is None:
        raise ConfigError(problems)
    return Opened(project, settings, *chosen, tuple(overrides))


def _method(
    project: Project, settings: FinetuneSettings | None, document: Document, problems: list[Problem]
) -> tuple[Method, Settings] | None:
    """The method and its settings; its file is read even where the other one is wrong, to tell all problems."""
    adapter = FinetuneSettings().method.adapter
    section = document.values.get("method")
    if settings is not None:
        adapter = settings.method.adapter
    elif isinstance(section, dict) and isinstance(section.get("adapter"), str):
        adapter = section["adapter"]
    if adapter == FULL:
        full = METHODS["FULL"]
        return full, full.settings.model_validate({"train_layers": settings.method.layers if settings else None})
    path = project.resolve(adapter)
    with collecting(problems):
        return read_method(read_document(path, project.shown(path)))
    return None


def _missing_template(project: Project, settings: FinetuneSettings, document: Document) -> list[Problem]:
    name = settings.model.chat_template
    if name is None or name in CHAT_TEMPLATES or project.resolve(name).is_file():
        return []
    return [absent_template(name, *document.place_of(("model", "chat_template")))]


def absent_template(name: str, path: str = "", line: int = 0) -> Problem:
    """The problem of a chat template that is neither one of ours nor a file."""
    guess = nearest(name, CHAT_TEMPLATES)
    hint = [say("config.missing_template.guess", guess=guess)] if guess else []
    known = say("config.missing_template.fix", known=", ".join(CHAT_TEMPLATES))
    message = say("config.missing_template", name=name)
    return Problem("missing_file", message, " ".join([*hint, known]), path, line, "model.chat_template")
