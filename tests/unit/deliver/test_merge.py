"""Merging: equal to adapter + base, in the base's number format, or nothing at all."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.deliver import merge as merging
from llm_finetune.deliver import parity
from llm_finetune.deliver.merge import merge, stored_dtype
from llm_finetune.errors import GateError, ModelError
from llm_finetune.files import read_json, write_json
from llm_finetune.model.resolve import Base

ROWS = [[5, 9, 30, 41, 77], list(range(40, 70))]


def load(folder: Path | str, dtype: torch.dtype | str = "auto") -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)


def test_the_merged_model_is_adapter_plus_base(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    from peft import PeftModel

    adapter, target = make_adapter(), tmp_path / "exports" / "merged"
    report = merge(base, adapter, target, ROWS, end_ids=frozenset({1, 2}))
    assert report.path == target
    assert report.dtype == "bfloat16"
    assert report.max_logit_difference <= 1e-4
    assert 0 < report.kl_merged < 1e-5
    assert 0 < report.kl_adapter < 1e-5

    tuned = PeftModel.from_pretrained(load(base.path, torch.float32), str(adapter))
    expected = parity.logits_of(tuned, ROWS)
    merged = load(target)
    assert merged.dtype == torch.bfloat16
    assert parity.mean_divergence(expected, parity.logits_of(merged, ROWS)) == pytest.approx(report.kl_merged)
    assert parity.largest_difference(expected, parity.logits_of(load(base.path), ROWS)) > 0.1


def test_the_folder_is_a_full_model_and_nothing_else(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    adapter, target = make_adapter(), tmp_path / "merged"
    (adapter / "chat_template.jinja").write_text("{{ 'the one trained with' }}", encoding="utf-8")
    report = merge(base, adapter, target, ROWS, end_ids=frozenset({1, 2}))
    names = {path.name for path in target.iterdir()}
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= names
    assert "adapter_config.json" not in names
    assert read_json(target / "config.json")["dtype"] == "bfloat16"
    assert "quantization_config" not in read_json(target / "config.json")
    assert read_json(target / "generation_config.json")["eos_token_id"] == [1, 2]
    assert "trained with" in (target / "chat_template.jinja").read_text(encoding="utf-8")
    assert str(tmp_path) not in "".join(path.read_text(encoding="utf-8") for path in target.glob("*.json"))
    size = Path(base.path, "model.safetensors").stat().st_size
    assert (target / "model.safetensors").stat().st_size == pytest.approx(size, rel=0.01)
    assert report.bytes == sum(path.stat().st_size for path in target.iterdir())
    assert not list(target.parent.glob(".staging-*"))


def test_a_float32_base_stays_float32(float32_base: Base, make_adapter: Any, tmp_path: Path) -> None:
    report = merge(float32_base, make_adapter(), tmp_path / "merged", ROWS)
    assert report.dtype == "float32"
    assert report.kl_merged < 1e-6


def test_an_adapter_without_a_tokenizer_gets_its_bases(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    merge(base, make_adapter(with_tokenizer=False), tmp_path / "merged", ROWS)
    assert (tmp_path / "merged" / "tokenizer.json").is_file()
    assert (tmp_path / "merged" / "chat_template.jinja").is_file()


def test_an_older_merge_is_replaced(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    target = tmp_path / "merged"
    target.mkdir()
    (target / "old.txt").write_text("old", encoding="utf-8")
    merge(base, make_adapter(), target, ROWS)
    assert not (target / "old.txt").exists()


def test_an_adapter_that_learned_nothing_is_refused(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="is the base, bit for bit") as caught:
        merge(base, make_adapter(learned=False), tmp_path / "exports" / "merged", ROWS)
    assert caught.value.exit_code == 3
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_merge_that_differs_in_float32_is_refused(
    base: Base, make_adapter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MAX_LOGIT_DIFFERENCE", -1.0)
    with pytest.raises(GateError, match=r"not adapter \+ base"):
        merge(base, make_adapter(), tmp_path / "exports" / "merged", ROWS)
    assert not (tmp_path / "exports").exists()


def test_a_merge_that_is_damaged_on_its_way_to_the_disk_is_refused(
    base: Base, make_adapter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = merging._save

    def damage(model: Any, *values: Any) -> None:
        with torch.no_grad():
            model.model.layers[0].mlp.up_proj.weight.mul_(1.5)
        save(model, *values)

    monkeypatch.setattr(merging, "_save", damage)
    with pytest.raises(GateError, match="further from float32"):
        merge(base, make_adapter(), tmp_path / "exports" / "merged", ROWS)
    assert list((tmp_path / "exports").iterdir()) == []


@pytest.mark.parametrize(
    "fault", ["adapter_config.json", "generation_config.json", "dtype float32", "quantization_config"]
)
def test_a_folder_that_is_not_as_it_should_be_is_refused(
    base: Base, make_adapter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    save = merging._save

    def spoil(model: Any, dtype: str, staging: Path, end_ids: frozenset[int]) -> None:
        save(model, "float32" if fault == "dtype float32" else dtype, staging, end_ids)
        if fault == "adapter_config.json":
            write_json(staging / fault, {})
        elif fault == "generation_config.json":
            (staging / fault).unlink()
        elif fault == "quantization_config":
            write_json(staging / "config.json", {**read_json(staging / "config.json"), fault: {"bits": 4}})

    monkeypatch.setattr(merging, "_save", spoil)
    with pytest.raises(GateError, match=fault):
        merge(base, make_adapter(), tmp_path / "merged", ROWS)
    assert not (tmp_path / "merged").exists()


def test_a_quantized_base_is_refused_before_it_is_loaded(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    adapter, config = make_adapter(), Path(base.path, "config.json")
    write_json(config, {**read_json(config), "quantization_config": {"quant_method": "bitsandbytes"}})
    with pytest.raises(ModelError, match="quantized"):
        merge(base, adapter, tmp_path / "merged", ROWS)


def test_an_adapter_of_another_model_is_refused_in_a_sentence(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    adapter = make_adapter()
    weights = {
        name: tensor[:, :-1].contiguous() for name, tensor in load_file(adapter / "adapter_model.safetensors").items()
    }
    save_file(weights, adapter / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="does not fit tiny") as caught:
        merge(base, adapter, tmp_path / "merged", ROWS)
    assert "\n" not in str(caught.value)


def test_an_adapter_that_brings_code_is_refused(base: Base, make_adapter: Any, tmp_path: Path) -> None:
    adapter = make_adapter()
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(GateError, match=r"adapter_model\.bin"):
        merge(base, adapter, tmp_path / "merged", ROWS)


def test_a_base_whose_generation_defaults_the_library_would_not_save_merges(
    base: Base, make_adapter: Any, tmp_path: Path
) -> None:
    adapter, generation = make_adapter(), Path(base.path, "generation_config.json")
    generation.write_text(json.dumps({"temperature": 0.6, "do_sample": False, "eos_token_id": 0}), encoding="utf-8")
    merge(base, adapter, tmp_path / "merged", ROWS, end_ids=frozenset({2}))
    assert read_json(tmp_path / "merged" / "generation_config.json")["eos_token_id"] == 2


def test_the_stored_number_format_is_that_of_most_weights(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    tensors = {"a": torch.zeros(9, dtype=torch.bfloat16), "b": torch.zeros(4), "c": torch.zeros(99, dtype=torch.int64)}
    save_file(tensors, tmp_path / "model.safetensors")
    assert stored_dtype(tmp_path) == "bfloat16"
