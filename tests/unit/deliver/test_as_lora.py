"""An adapter written as a plain LoRA computes what it computed, for whoever reads only LoRA."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from llm_finetune.deliver.as_lora import CONVERSIONS, as_plain_lora
from llm_finetune.errors import GateError, ModelError
from llm_finetune.methods.adalora import AdaLoraSettings, apply, training
from llm_finetune.methods.weights import ADAPTER_WEIGHTS, with_adapter
from llm_finetune.model.load import load_model
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 37).reshape(4, 8)


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


def logits_of(base: Base, adapter: Path) -> torch.Tensor:
    with torch.no_grad():
        return torch.as_tensor(with_adapter(load_model(base, "float32"), adapter)(TOKENS).logits)


def cut_adapter(base: Base, folder: Path, **settings: Any) -> Path:
    """An AdaLoRA adapter after its cut, with one layer that lost every rank."""
    chosen = AdaLoraSettings(init_r=3, target_r=1, tinit=0, tfinal=2, lora_alpha=64, **settings)
    model = apply(load_model(base, "float32"), chosen, 6)
    hooks = training(model, chosen, 6)
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-2)
    for step in range(1, 7):
        model(TOKENS, labels=TOKENS).loss.backward()
        optimizer.step()
        hooks.after_optimizer(step)
        optimizer.zero_grad()
    folder.mkdir()
    hooks.save_weights(folder)
    return folder


@pytest.mark.parametrize(
    ("architecture", "settings"), [("llama", {"modules_to_save": ["model.norm"]}), ("gpt2", {}), ("falcon", {})]
)
def test_a_cut_adalora_is_a_lora_with_its_ranks(
    tiny_model: Any, architecture: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    from peft import LoraConfig, PeftModel

    torch.manual_seed(0)
    base = base_of(tiny_model(architecture))
    adapter = cut_adapter(base, tmp_path / "adalora", **settings)
    (adapter / "tokenizer_config.json").write_text("{}")
    assert as_plain_lora(base, adapter, tmp_path / "lora") < 1e-5
    torch.testing.assert_close(logits_of(base, tmp_path / "lora"), logits_of(base, adapter), atol=1e-5, rtol=1e-5)
    plain = PeftModel.from_pretrained(load_model(base, "float32"), str(tmp_path / "lora"))
    config = plain.peft_config["default"]
    assert type(config) is LoraConfig
    assert not config.alpha_pattern
    pattern = json.loads((adapter / "adapter_config.json").read_text())["rank_pattern"]
    expected = {name.removesuffix(".lora_E"): sum(kept) for name, kept in pattern.items() if any(kept)}
    assert 0 < len(expected) < len(pattern)
    ranks = {
        name.removeprefix("base_model.model.").partition(".lora_A")[0]: len(parameter)
        for name, parameter in plain.named_parameters()
        if ".lora_A." in name
    }
    assert ranks == expected
    assert (tmp_path / "lora" / "tokenizer_config.json").is_file()
    with torch.no_grad():
        merged = plain.merge_and_unload()(TOKENS).logits
    torch.testing.assert_close(merged, logits_of(base, adapter), atol=1e-4, rtol=1e-4)


def saved_by_peft(base: Base, config: Any, folder: Path) -> Path:
    from peft import get_peft_model

    with quiet_libraries():
        get_peft_model(load_model(base, "float32"), config).save_pretrained(folder)
    return folder


def test_one_that_is_none_is_refused(tiny_model_folder: Path, tmp_path: Path) -> None:
    from peft import IA3Config, LoraConfig

    base = base_of(tiny_model_folder)
    ia3 = IA3Config(task_type="CAUSAL_LM", target_modules=["v_proj"], feedforward_modules=[])
    dora = LoraConfig(task_type="CAUSAL_LM", target_modules=["v_proj"], use_dora=True)
    for name, config in (("IA3", ia3), ("DoRA", dora)):
        with pytest.raises(ModelError, match=name):
            as_plain_lora(base, saved_by_peft(base, config, tmp_path / name), tmp_path / "lora")
        assert not (tmp_path / "lora").exists()


def test_a_lora_stays_as_it_is(tiny_model_folder: Path, tmp_path: Path) -> None:
    from peft import LoraConfig

    base = base_of(tiny_model_folder)
    config = LoraConfig(task_type="CAUSAL_LM", target_modules=["v_proj"], init_lora_weights=False)
    adapter = saved_by_peft(base, config, tmp_path / "adapter")
    assert as_plain_lora(base, adapter, tmp_path / "lora") == 0
    assert load_file(tmp_path / "lora" / ADAPTER_WEIGHTS).keys() == load_file(adapter / ADAPTER_WEIGHTS).keys()


def test_a_conversion_that_changes_the_model_writes_nothing(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    base = base_of(tiny_model_folder)
    adapter = cut_adapter(base, tmp_path / "adalora")
    right = CONVERSIONS["ADALORA"]

    def wrong(base: Base, given: Any) -> Any:
        made = right(base, given)
        return replace(made, config={**made.config, "lora_alpha": 4 * made.config["lora_alpha"]})

    monkeypatch.setitem(CONVERSIONS, "ADALORA", wrong)
    with pytest.raises(GateError):
        as_plain_lora(base, adapter, tmp_path / "lora")
    assert not (tmp_path / "lora").exists()
