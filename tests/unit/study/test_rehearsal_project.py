"""The project in small has the user's rows and settings, and nothing that makes it long."""

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llm_finetune.data.check import check_sources
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings
from llm_finetune.files import read_json
from llm_finetune.study.rehearsal_project import (
    MOST_PASSES,
    MOST_ROWS_A_PASS,
    STEPS,
    as_row,
    rehearsal_of,
    sample_of,
    write_model,
)
from llm_finetune.workflow import open_project

TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
CALL = {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": [2]}}}
ROWS: list[dict[str, Any]] = [
    {"instruction": "Add.", "input": "1 2", "output": "3"},
    {"instruction": "再說一次", "output": "好", "history": [["你好", "您好"]]},
    {"text": "Only a text.\n"},
    {"prompt": "a", "completion": "b"},
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "Short."},
    {
        "messages": [
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": "first", "weight": 0},
            {"role": "user", "content": "again"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "content": "3", "name": "add"},
            {"role": "assistant", "content": "It is 3."},
        ],
        "tools": [TOOL],
    },
]


def conversations(path: Path, rows: list[dict[str, Any]]) -> list[Any]:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    checked = check_sources([Source(path, "rows.jsonl")], DataSettings())
    assert not checked.report.errors
    return list(checked.conversations)


def test_rows_of_every_format_come_back_as_they_were(tmp_path: Path) -> None:
    first = conversations(tmp_path / "a.jsonl", ROWS)
    again = conversations(tmp_path / "b.jsonl", [as_row(conversation) for conversation in first])
    assert len(first) == len(ROWS)
    for before, after in zip(first, again, strict=True):
        assert after == before


def test_the_worse_side_of_a_pair_is_left_out(tmp_path: Path) -> None:
    (pair,) = conversations(tmp_path / "a.jsonl", [{"prompt": "p", "chosen": "good", "rejected": "bad"}])
    (again,) = conversations(tmp_path / "b.jsonl", [as_row(pair)])
    assert again.messages == pair.messages
    assert again.rejected == ()


def test_small_steps_and_the_users_other_settings(make_project: Any, tmp_path: Path) -> None:
    project = make_project(
        training__per_device_train_batch_size=64,
        training__gradient_accumulation_steps=16,
        training__report_to="tensorboard",
        training__weight_decay=0.25,
        training__early_stopping_patience=2,
        data__max_length=99,
        evaluation__gates={"exact_match": ">= 0.9"},
    )
    opened = open_project(project)
    small = rehearsal_of(opened, sample_of(opened), tmp_path / "model", tmp_path / "small")
    training = small.settings.training_settings
    assert training.max_steps == STEPS
    assert training.per_device_train_batch_size == MOST_ROWS_A_PASS
    assert training.gradient_accumulation_steps == MOST_PASSES
    assert training.trackers == []
    assert training.early_stopping_patience is None
    assert training.weight_decay == 0.25
    assert training.passed_through()["learning_rate"] == 0.01
    assert small.settings.data.max_length == 99
    assert small.settings.evaluation.gates == {}
    assert small.method_settings == opened.method_settings
    assert small.project.root == tmp_path / "small"
    assert len((tmp_path / "small" / "data" / "train.jsonl").read_text().splitlines()) == 11


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ({}, 2),
        ({"target_modules": ["q_proj", "v_proj"]}, 2),
        ({"target_modules": ["q_proj"], "layers_to_transform": [4]}, 5),
        ({"target_modules": r".*layers\.4\..*q_proj"}, 5),
        ({"rank_pattern": {"layers.4.self_attn.q_proj": 2}}, 5),
    ],
)
def test_all_layers_are_kept_where_the_configuration_names_some(
    make_project: Any, tiny_model_folder: Path, tmp_path: Path, adapter: dict[str, Any], expected: int
) -> None:
    base = tmp_path / "deep"
    LlamaForCausalLM(LlamaConfig.from_pretrained(tiny_model_folder, num_hidden_layers=5)).save_pretrained(base)
    PreTrainedTokenizerFast.from_pretrained(tiny_model_folder).save_pretrained(base)
    opened = open_project(make_project(adapter=adapter, model=base))
    told = write_model(opened, tmp_path / "small", lambda line: None)
    assert read_json(tmp_path / "small" / "config.json")["num_hidden_layers"] == expected
    assert ("all its layers" in told) is (expected == 5)
