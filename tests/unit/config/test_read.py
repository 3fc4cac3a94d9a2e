"""YAML and JSON with the lines of their keys, and the scalar rules of YAML 1.2."""

from pathlib import Path
from typing import Any

import pytest

from llm_finetune.config.overrides import apply_overrides, is_override, parse_override
from llm_finetune.config.read import Document, parse_scalar, read_document
from llm_finetune.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 0.0001),
        ("2e5", 200000.0),
        ("no", "no"),
        ("on", "on"),
        ("012", 12),
        ("true", True),
        ("null", None),
        ("1_000", "1_000"),
        ("[a, 1]", ["a", 1]),
        ("0.5", 0.5),
        ("-3", -3),
        ('"1"', "1"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    found = parse_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_lines_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("# comment\nmodel:\n  name: x\n\ntraining:\n  seed: 1\n", encoding="utf-8-sig")
    document = read_document(path, "a.yaml")
    assert document.place_of(("training", "seed")) == ("a.yaml", 6)
    assert document.place_of(("model", "absent")) == ("a.yaml", 2)


@pytest.mark.parametrize(
    ("name", "text", "line", "part"),
    [
        ("a.yaml", "a: 1\na: 2\n", 2, "line 1"),
        ("a.yaml", "a: [1\n", 2, "YAML"),
        ("a.yaml", "- 1\n", 1, "key: value"),
        ("a.json", '{"a": 1,}', 1, "JSON"),
    ],
)
def test_faults_name_their_line(tmp_path: Path, name: str, text: str, line: int, part: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as failure:
        read_document(path, name)
    (problem,) = failure.value.problems
    assert (problem.path, problem.line) == (name, line)
    assert part in str(problem)


def test_missing_and_badly_encoded_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_document(tmp_path / "absent.yaml")
    (tmp_path / "big5.yaml").write_bytes("model: 中文".encode("cp950"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_document(tmp_path / "big5.yaml")


def test_overrides_lie_over_the_file_in_order() -> None:
    document = Document(
        "f.yaml", {"training": {"seed": 1, "max_steps": 5}}, {("training",): 1, ("training", "seed"): 2}
    )
    laid = apply_overrides(document, ["training.seed=2", "training.seed=3", "data.columns.output=answer"])
    assert laid.values == {"training": {"seed": 3, "max_steps": 5}, "data": {"columns": {"output": "answer"}}}
    assert laid.place_of(("training", "seed")) == ("command line", 0)
    assert document.values["training"]["seed"] == 1


def test_what_is_an_override() -> None:
    assert is_override("training.learning_rate=1e-4")
    assert is_override("evaluation.gates.json_valid=>= 0.95")
    assert not is_override("config.yaml")
    assert not is_override("a=b")
    assert parse_override("training.learning_rate=1e-4") == (("training", "learning_rate"), 0.0001)
    with pytest.raises(UsageError, match="not a YAML value"):
        parse_override("data.system=[")


def test_json_may_be_indented_with_tabs(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{\n\t"r": 8,\n\t"target_modules": ["a"]\n}\n')
    document = read_document(path, "a.json")
    assert document.values == {"r": 8, "target_modules": ["a"]}
    assert document.place_of(("target_modules",)) == ("a.json", 3)


@pytest.mark.parametrize("text", ["a: !!int abc\n", "a: " + "[" * 3000, "a: &x [*x]\n"])
def test_strange_yaml_is_no_crash(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        read_document(path, "a.yaml")
