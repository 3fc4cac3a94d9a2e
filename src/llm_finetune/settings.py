"""The whole configuration: a table of contents of each stage's settings, and the one way to load it."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from llm_finetune.config.overrides import apply_overrides
from llm_finetune.config.read import Document, read_document
from llm_finetune.config.strict import Settings
from llm_finetune.config.validate import validated
from llm_finetune.data.settings import DataSettings
from llm_finetune.engine.settings import EngineSettings
from llm_finetune.errors import ConfigError, Problem
from llm_finetune.evaluate.settings import EvaluationSettings
from llm_finetune.messages import say
from llm_finetune.methods.settings import MethodSettings
from llm_finetune.model.settings import ModelSettings
from llm_finetune.project import Project
from llm_finetune.train.settings import ALIASES, OWN_KEYS, REFUSED, CheckedTrainingSettings, TrainingSettings


class FinetuneSettings(Settings):
    """Everything `config/finetune.yaml` may hold."""

    model: ModelSettings = Field(default_factory=ModelSettings)
    data: DataSettings = Field(default_factory=DataSettings)
    method: MethodSettings = Field(default_factory=MethodSettings)
    training: CheckedTrainingSettings = Field(default_factory=CheckedTrainingSettings)
    evaluation: EvaluationSettings = Field(default_factory=EvaluationSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)

    @property
    def training_settings(self) -> TrainingSettings:
        """The training section by its static type."""
        training: TrainingSettings = self.training
        return training


def _refused_keys(document: Document) -> tuple[Document, list[Problem]]:
    """Take the training keys out that this product decides itself, with a problem for each."""
    training = document.values.get("training")
    if not isinstance(training, dict):
        return document, []
    problems = []
    for key in training.keys() & REFUSED.keys():
        path, line = document.place_of(("training", key))
        text = REFUSED[key]
        problems.append(Problem("refused_key", say(text), say(f"{text}.fix"), path, line, f"training.{key}"))
    kept = {key: value for key, value in training.items() if key not in REFUSED}
    return Document(document.path, {**document.values, "training": kept}, document.lines), problems


def parse_settings(document: Document) -> FinetuneSettings:
    """Settings from a document.

    Raises: ConfigError with every problem found.
    """
    document, problems = _refused_keys(document)
    advice = {name: say("config.renamed", name=today) for name, today in ALIASES.items()}
    settings, found = validated(FinetuneSettings, document, {"training": advice, "data": advice, "": advice})
    if settings is None or problems:
        raise ConfigError(sorted([*problems, *found], key=lambda problem: problem.line))
    return settings


def load_settings(project: Project, overrides: Sequence[str] = ()) -> FinetuneSettings:
    """The project's configuration with the overrides of the command line.

    Raises: ConfigError with every problem found.
    """
    document = read_document(project.config, project.shown(project.config))
    return parse_settings(apply_overrides(document, overrides))


def resolved(settings: FinetuneSettings) -> dict[str, Any]:
    """Every value in force, as plain JSON values; passed-through training keys only where set."""
    values = settings.model_dump(mode="json")
    training = settings.training_settings
    values["training"] = {
        **training.passed_through(),
        **{key: getattr(training, key) for key in OWN_KEYS},
    }
    return values


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `config/finetune.yaml`."""
    schema = FinetuneSettings.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "llm-finetune configuration",
    }
