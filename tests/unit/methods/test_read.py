"""`lora_config.json` is checked by PEFT's own keys, all problems at once, without importing PEFT."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.config.read import Document, read_document
from llm_finetune.errors import ConfigError, Problem
from llm_finetune.methods import METHODS, read_method
from llm_finetune.methods.lora import METHOD, LoraSettings
from llm_finetune.methods.read import library_fields


def written(tmp_path: Path, values: dict[str, Any]) -> Document:
    path = tmp_path / "lora_config.json"
    path.write_text(json.dumps(values, indent=1))
    return read_document(path, "config/lora_config.json")


def problems_of(tmp_path: Path, **values: Any) -> dict[str, Problem]:
    with pytest.raises(ConfigError) as caught:
        read_method(written(tmp_path, values))
    return {problem.field: problem for problem in caught.value.problems}


def test_the_scaffolded_file_is_read(tmp_path: Path) -> None:
    values = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"}
    method, settings = read_method(written(tmp_path, values))
    assert method is METHODS["LORA"]
    assert settings == LoraSettings(r=4, lora_alpha=8, target_modules=["q_proj"])


def test_what_peft_itself_writes_is_read(tmp_path: Path) -> None:
    """A saved adapter's configuration names every key; those at PEFT's default change nothing."""
    from peft import LoraConfig

    LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"], r=16).save_pretrained(tmp_path)
    values = json.loads((tmp_path / "adapter_config.json").read_text())
    values |= {"base_model_name_or_path": None, "peft_version": None, "inference_mode": False}
    _, settings = read_method(written(tmp_path, values))
    assert settings.model_dump()["r"] == 16


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path, peft_type="LORA", r=0, lora_alph=8, bias="some", task_type="SEQ_CLS", eva_config={"rho": 1}
    )
    assert set(found) == {"r", "lora_alph", "bias", "task_type", "eva_config"}
    assert [problem.line for problem in found.values()] == [3, 4, 5, 6, 7]
    assert "`lora_alpha`" in found["lora_alph"].fix
    assert {problem.path for problem in found.values()} == {"config/lora_config.json"}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("rank", "r"),
        ("lora_r", "r"),
        ("alpha", "lora_alpha"),
        ("target_module", "target_modules"),
        ("loftq_confg", "loftq_config"),
    ],
)
def test_wrong_keys_get_the_right_one(tmp_path: Path, wrong: str, right: str) -> None:
    assert f"`{right}`" in problems_of(tmp_path, peft_type="LORA", **{wrong: 1})[wrong].fix


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("r", True),
        ("r", "8"),
        ("r", 5000),
        ("lora_alpha", 0),
        ("lora_dropout", 1.0),
        ("target_modules", None),
        ("target_modules", []),
        ("target_modules", "("),
        ("exclude_modules", "["),
        ("rank_pattern", {"(": 4}),
        ("rank_pattern", {"q_proj": 0}),
        ("init_lora_weights", "pissa"),
        ("layers_pattern", "layers"),
        ("layers_to_transform", [1]),
        ("layers_to_transform", [-1]),
        ("modules_to_save", [""]),
    ],
)
def test_values_out_of_bounds(tmp_path: Path, key: str, value: Any) -> None:
    given = {"peft_type": "LORA", "target_modules": "all-linear", key: value}
    assert any(field.split(".")[0] == key for field in problems_of(tmp_path, **given))


def test_orthogonal_needs_an_even_rank(tmp_path: Path) -> None:
    assert "init_lora_weights" in problems_of(tmp_path, peft_type="LORA", r=3, init_lora_weights="orthogonal")


def test_method_that_is_missing_or_unknown(tmp_path: Path) -> None:
    assert set(problems_of(tmp_path, r=0)) == {"peft_type", "r"}
    assert "`LORA`" in problems_of(tmp_path, peft_type="lorra")["peft_type"].fix
    assert "method.adapter" in problems_of(tmp_path, peft_type="FULL")["peft_type"].fix


def test_full_fine_tuning_comes_from_the_workflow() -> None:
    assert read_method(Document("config/finetune.yaml", {"peft_type": "FULL"}))[0] is METHODS["FULL"]


def test_every_key_of_peft_is_taken_or_refused(tmp_path: Path) -> None:
    unsupported = library_fields(METHOD).keys() - LoraSettings.model_fields.keys()
    assert len(unsupported) >= 20
    given = {key: ["something"] for key in sorted(unsupported)}
    found = problems_of(tmp_path, peft_type="LORA", **given)
    assert set(found) == unsupported
    assert all(problem.fix for problem in found.values())


def test_taken_keys_are_peft_s_own() -> None:
    assert LoraSettings.model_fields.keys() <= library_fields(METHOD).keys()
    assert METHOD.refused.keys() <= library_fields(METHOD).keys()
    assert set(METHOD.aliases.values()) <= LoraSettings.model_fields.keys()


def test_reading_imports_nothing_heavy() -> None:
    script = (
        "import sys; from llm_finetune.methods import read_method; from llm_finetune.config.read import Document;"
        "read_method(Document('x', {'peft_type': 'LORA', 'lora_bias': False}, {}));"
        "sys.exit(bool({'torch', 'transformers', 'peft'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
