"""Full fine-tuning trains every weight in float32."""

from pathlib import Path

import torch

from llm_finetune.methods.full import FullSettings, apply
from llm_finetune.methods.trainable import trainable_parameters
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base


def test_every_weight_is_trained_in_float32(tiny_model_folder: Path) -> None:
    model = load_model(Base("tiny", str(tiny_model_folder), None, "folder", None), "bfloat16")
    model.requires_grad_(False)
    trained = apply(model, FullSettings(), 1)
    trainable, total = trainable_parameters(trained)
    assert trainable == total
    assert {parameter.dtype for parameter in trained.parameters()} == {torch.float32}
