"""The model card from the run's own files."""

import re
from typing import Any

import yaml

from llm_finetune.deliver.model_card import CardFacts, model_card
from llm_finetune.evaluate.scorecard import Row, Scorecard

RUN: dict[str, Any] = {
    "versions": {"python": "3.11.9", "torch": "2.13.0"},
    "config": {
        "model": {"name": "/home/somebody/models/base"},
        "data": {"system": "Be brief."},
        "training": {"seed": 7},
    },
    "method": {"peft_type": "LORA", "r": 8, "target_modules": "all-linear"},
    "base_name": "Qwen/Qwen3-0.6B",
    "base_license": "Apache-2.0",
    "base_sha256": "b" * 64,
    "data_sha256": {"data/train.jsonl": "d" * 64, "/home/somebody/secret/more.jsonl": "e" * 64},
    "rows": {"train": 300, "validation": 60},
    "dtype": "bfloat16",
    "dtype_reason": "the CPU has it",
    "seed": 7,
    "tokens": {"real": 9000, "trained": 4000, "padding": 10},
    "done_steps": 114,
    "delivered": {"path": "checkpoints/adapter_model", "step": 76},
}
SCORECARD = Scorecard(
    (Row("json_valid", "Valid | JSON", 0.0, 0.983, 60),), "Qwen/Qwen3-0.6B", "checkpoints/adapter_model", 60, 64, 9.0
).to_json()


def card(**changes: Any) -> str:
    values = {"repo": "somebody/my-task", "run": RUN, "scorecard": SCORECARD, "public_base": "Qwen/Qwen3-0.6B"}
    return model_card(CardFacts(**{**values, **changes}))


def front_matter(text: str) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert found
    facts: dict[str, Any] = yaml.safe_load(found[1])
    return facts


def test_the_front_matter_is_what_the_hub_reads() -> None:
    assert front_matter(card()) == {
        "base_model": "Qwen/Qwen3-0.6B",
        "library_name": "peft",
        "license": "apache-2.0",
        "pipeline_tag": "text-generation",
        "tags": ["llm-finetune", "lora"],
    }


def test_an_unusual_license_keeps_its_name_and_an_unknown_one_is_left_out() -> None:
    odd = front_matter(card(run={**RUN, "base_license": "Their-Own 1.0"}))
    assert (odd["license"], odd["license_name"]) == ("other", "their-own 1.0")
    assert "license" not in front_matter(card(run={**RUN, "base_license": None}))


def test_it_says_what_it_was_trained_on_and_how_it_compares() -> None:
    text = card()
    assert "- Training rows: 300" in text
    assert "- Step delivered: 76" in text
    assert "- SHA-256 of `data/train.jsonl`: " + "d" * 64 in text
    assert "| Valid / JSON | 0.000 | 0.983 | 60 |" in text
    assert "torch 2.13.0" in text
    assert "<details>" in text
    assert "target_modules: all-linear" in text


def test_no_path_of_this_machine_is_told() -> None:
    text = card(public_base=None, run={**RUN, "base_name": "/home/somebody/models/base"})
    assert "/home" not in text
    assert "`more.jsonl`" in text
    assert "name: base" in text


def test_a_base_without_a_public_name_is_told() -> None:
    text = card(public_base=None)
    assert "has no name on the Hub" in text
    assert RUN["base_sha256"] in text
    assert "base_model" not in front_matter(text)


def test_the_code_runs_as_python_and_names_base_repository_and_system_prompt() -> None:
    for is_adapter in (True, False):
        code = re.search(r"```python\n(.*?)```", card(is_adapter=is_adapter), re.DOTALL)
        assert code
        compile(code[1], "card", "exec")
        assert "'somebody/my-task'" in code[1]
        assert "Be brief." in code[1]
        assert ("PeftModel" in code[1]) is is_adapter


def test_a_full_model_is_a_transformers_model() -> None:
    assert front_matter(card(is_adapter=False))["library_name"] == "transformers"


def test_an_empty_run_still_makes_a_card() -> None:
    text = card(run={}, scorecard=None, public_base=None)
    assert text.startswith("---\n")
    assert "None" not in text


def test_what_another_tool_would_do_wrong_is_told() -> None:
    dora = {**RUN, "method": {**RUN["method"], "use_dora": True}}
    assert "DoRA" not in card()
    assert "load it with `PeftModel`" in card(run=dora)
    assert "DoRA" not in card(run=dora, is_adapter=False)
    added: dict[str, Any] = {"ids": {"<note>": 300}, "rows": 301, "rows_before": 300}
    told = card(run={**RUN, "added_tokens": added})
    assert "base.resize_token_embeddings(301, mean_resizing=False)\nmodel = PeftModel" in told
    assert "`<note>`" in told
    assert "resize" not in card(run={**RUN, "added_tokens": {**added, "rows_before": 301}})
    assert "resize" not in card(run={**RUN, "added_tokens": added}, is_adapter=False)


def test_a_fully_tuned_model_is_told_to_be_float32() -> None:
    full = {**RUN, "method": {"peft_type": "FULL"}}
    assert "stored in float32" in card(run=full, is_adapter=False)
    assert "stored in float32" not in card()
