"""The whole configuration: every problem at once, with its place and what was meant."""

from typing import Any

import pytest

from llm_finetune.config.installed import dataclass_fields
from llm_finetune.config.read import Document
from llm_finetune.errors import ConfigError, Problem
from llm_finetune.settings import FinetuneSettings, json_schema, parse_settings, resolved
from llm_finetune.train.settings import ALIASES, OWN_KEYS, REFUSED, CheckedTrainingSettings, TrainingSettings


def problems_of(**values: Any) -> dict[str, Problem]:
    with pytest.raises(ConfigError) as failure:
        parse_settings(Document("f.yaml", values))
    return {problem.field: problem for problem in failure.value.problems}


def test_all_problems_at_once() -> None:
    found = problems_of(
        modle={"name": "x"},
        data={"train_on": "everything", "validation": 3},
        training={"learning_rte": 1, "learning_rate": "fast", "bf16": True, "num_train_epochs": 0},
    )
    assert found.keys() == {
        "modle",
        "data.train_on",
        "data.validation",
        "training.learning_rte",
        "training.learning_rate",
        "training.bf16",
        "training.num_train_epochs",
    }
    assert "`model`" in found["modle"].fix
    assert "`learning_rate`" in found["training.learning_rte"].fix
    assert "model.dtype" in found["training.bf16"].fix
    assert "less than 1" in found["data.validation"].message


@pytest.mark.parametrize("key", sorted(ALIASES))
def test_keys_of_other_tools_name_todays_key(key: str) -> None:
    problem = problems_of(training={key: 1})[f"training.{key}"]
    assert ALIASES[key] in problem.fix


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_refused_keys_say_why_and_what_to_do(key: str) -> None:
    problem = problems_of(training={key: 1})[f"training.{key}"]
    assert problem.code == "refused_key"
    assert problem.message
    assert problem.fix


def test_a_key_in_the_wrong_section_names_the_right_one() -> None:
    assert "`data.max_length`" in problems_of(model={"max_length": 5})["model.max_length"].fix
    assert "`training.seed`" in problems_of(data={"seed": 5})["data.seed"].fix


def test_training_names_are_the_librarys() -> None:
    installed = set(dataclass_fields("transformers", "training_args.py", "TrainingArguments"))
    assert set(TrainingSettings.model_fields) - set(OWN_KEYS) <= installed
    assert set(REFUSED) <= installed
    assert set(CheckedTrainingSettings.model_fields) == (installed - set(REFUSED)) | set(OWN_KEYS)


def test_installed_fields_are_those_of_the_imported_class() -> None:
    import dataclasses

    from transformers import TrainingArguments

    installed = dataclass_fields("transformers", "training_args.py", "TrainingArguments")
    assert set(installed) == {field.name for field in dataclasses.fields(TrainingArguments) if field.init}


def test_empty_sections_are_defaults() -> None:
    assert parse_settings(Document("f", {"data": None, "training": None, "engine": {}})) == FinetuneSettings()


def test_every_value_in_force_is_recorded() -> None:
    settings = parse_settings(Document("f", {"training": {"adam_beta1": 0.8, "early_stopping_patience": 2}}))
    training = resolved(settings)["training"]
    assert training["adam_beta1"] == 0.8
    assert training["early_stopping_patience"] == 2
    assert training["learning_rate"] == TrainingSettings().learning_rate


def test_recorded_values_load_again() -> None:
    settings = parse_settings(Document("f", {"training": {"adam_beta1": 0.8, "max_steps": 3}}))
    again = parse_settings(Document("run.json", resolved(settings)))
    assert resolved(again) == resolved(settings)


def test_schema_describes_every_own_key() -> None:
    schema = json_schema()
    for name in ("ModelSettings", "DataSettings", "MethodSettings", "EvaluationSettings"):
        for key, fact in schema["$defs"][name]["properties"].items():
            assert fact.get("description"), f"{name}.{key}"
    assert "num_train_epochs" in schema["$defs"]["CheckedTrainingSettings"]["properties"]
