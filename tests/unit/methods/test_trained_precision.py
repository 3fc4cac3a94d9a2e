"""Weights that are trained are float32 ones, whatever the method, over a base of fewer bits."""

from pathlib import Path

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.methods import METHODS, read_method
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 21).reshape(2, 8)


@pytest.mark.parametrize("name", METHODS)
def test_trained_weights_are_float32(name: str, tiny_model_folder: Path) -> None:
    settings = read_method(Document("adapter.json", {"peft_type": name}))[1]
    base = load_model(Base("tiny", str(tiny_model_folder), None, "folder", None), "bfloat16")
    model = METHODS[name].apply(base, settings, 1000)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert trained
    assert {parameter.dtype for parameter in trained} == {torch.float32}
    frozen = {parameter.dtype for parameter in model.parameters() if not parameter.requires_grad}
    assert (torch.bfloat16 in frozen) is METHODS[name].is_adapter
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(input_ids=TOKENS, labels=TOKENS).loss
    loss.backward()
    assert all(parameter.grad is not None and parameter.grad.dtype == torch.float32 for parameter in trained)
