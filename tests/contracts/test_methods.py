"""What every method of the table must keep: settings, training, saving, merging."""

from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.errors import ModelError
from llm_finetune.messages import say
from llm_finetune.methods import METHODS, read_method, trainable_parameters
from llm_finetune.methods.method import Method
from llm_finetune.methods.weights import save_weights, with_adapter
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

EXPECTED = {"LORA", "ADALORA", "PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "FULL"} | {
    "IA3",
    "VERA",
    "OFT",
    "BOFT",
    "LN_TUNING",
}
ARCHITECTURES = ["llama", "gpt2", "falcon", "mistral", "qwen2"]
TOTAL_STEPS = 30
TOKENS = torch.arange(5, 37).reshape(4, 8)
ADAPTERS = [name for name in METHODS if METHODS[name].is_adapter]
CELLS = [(name, kind) for name in METHODS for kind in ARCHITECTURES if kind not in METHODS[name].unsupported]
REFUSED = [(name, kind) for name in METHODS for kind in METHODS[name].unsupported if kind in ARCHITECTURES]


def loaded(tiny_model: Any, architecture: str) -> Any:
    return load_model(Base(architecture, str(tiny_model(architecture)), None, "folder", None), "float32")


def settings_of(method: Method) -> Any:
    return read_method(Document("adapter.json", {"peft_type": method.name}))[1]


def trained(model: Any, steps: int = 3) -> tuple[float, float]:
    """Loss before and after a few steps on the same rows, in evaluation mode so that dropout does not blur it."""
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-2)
    model.eval()
    first = model(TOKENS, labels=TOKENS).loss
    for _ in range(steps):
        optimizer.zero_grad()
        model(TOKENS, labels=TOKENS).loss.backward()
        optimizer.step()
    with torch.no_grad():
        return first.item(), model(TOKENS, labels=TOKENS).loss.item()


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        # Behind virtual tokens come as many positions as the text has.
        return torch.as_tensor(model.eval()(TOKENS).logits[:, -TOKENS.shape[1] :])


def test_the_table_holds_what_is_expected() -> None:
    assert set(METHODS) == EXPECTED
    assert len(ADAPTERS) == len(EXPECTED) - 1
    assert all(METHODS[name].name == name for name in METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_settings_round_trip(name: str) -> None:
    method, settings = METHODS[name], settings_of(METHODS[name])
    assert isinstance(settings, method.settings)
    assert method.settings.model_validate(settings.model_dump(mode="json")) == settings
    assert all(field.description for field in method.settings.model_fields.values())
    assert method.title
    assert "arXiv" in method.source


@pytest.mark.parametrize("name", METHODS)
def test_training_lowers_the_loss(name: str, tiny_model: Any) -> None:
    method = METHODS[name]
    model = method.apply(loaded(tiny_model, "llama"), settings_of(method), TOTAL_STEPS)
    trainable, total = trainable_parameters(model)
    assert 0 < trainable <= total
    assert (trainable < total) is method.is_adapter
    first, last = trained(model)
    assert last < first


@pytest.mark.parametrize(("name", "architecture"), [cell for cell in CELLS if METHODS[cell[0]].is_adapter])
def test_saved_adapters_load_to_equal_logits(name: str, architecture: str, tiny_model: Any, tmp_path: Path) -> None:
    method = METHODS[name]
    model = method.apply(loaded(tiny_model, architecture), settings_of(method), TOTAL_STEPS)
    trained(model)
    save_weights(model, tmp_path)
    again = with_adapter(loaded(tiny_model, architecture), tmp_path)
    torch.testing.assert_close(logits_of(again), logits_of(model), atol=0, rtol=0)
    assert not torch.allclose(logits_of(model), logits_of(loaded(tiny_model, architecture)), atol=1e-3)


@pytest.mark.parametrize(("name", "architecture"), [cell for cell in CELLS if METHODS[cell[0]].mergeable])
def test_merged_equals_unmerged(name: str, architecture: str, tiny_model: Any) -> None:
    method = METHODS[name]
    model = method.apply(loaded(tiny_model, architecture), settings_of(method), TOTAL_STEPS)
    trained(model)
    unmerged = logits_of(model)
    torch.testing.assert_close(logits_of(model.merge_and_unload()), unmerged, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("name", "architecture"), [cell for cell in CELLS if METHODS[cell[0]].check])
def test_the_check_agrees_with_the_model(name: str, architecture: str, tiny_model: Any) -> None:
    method = METHODS[name]
    base = Base(architecture, str(tiny_model(architecture)), None, "folder", None)
    assert method.check is not None
    names = method.check(load_config(base), settings_of(method))
    modules = dict(loaded(tiny_model, architecture).named_modules())
    assert names
    assert set(names) <= modules.keys()


@pytest.mark.parametrize(("name", "architecture"), REFUSED)
def test_what_cannot_be_done_is_refused_with_its_reason(name: str, architecture: str, tiny_model: Any) -> None:
    method = METHODS[name]
    base = Base(architecture, str(tiny_model(architecture)), None, "folder", None)
    assert method.check is not None
    with pytest.raises(ModelError) as caught:
        method.check(load_config(base), settings_of(method))
    assert say(method.unsupported[architecture]) in str(caught.value)
