"""Facts come from the configuration alone and agree with the loaded model."""

from typing import Any

import pytest

from llm_finetune.model.facts import model_facts, skeleton
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

TIED = {
    "llama": False,
    "gpt2": True,
    "falcon": True,
    "mistral": False,
    "qwen2": True,
    "qwen3": True,
    "gemma2": True,
    "gemma3": True,
    "phi3": False,
    "falcon_new": True,
    "gpt_neox": False,
    "opt": True,
    "bloom": True,
    "mixtral": False,
}


@pytest.mark.parametrize("architecture", TIED)
def test_facts_agree_with_the_model(tiny_model: Any, architecture: str) -> None:
    base = Base(architecture, str(tiny_model(architecture)), None, "folder", None)
    facts, model = model_facts(base), load_model(base, "float32")
    assert facts.architecture == type(model).__name__
    assert facts.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert facts.layers == 2
    assert facts.vocabulary == model.get_input_embeddings().weight.shape[0]
    assert facts.hidden_size == model.get_input_embeddings().weight.shape[1]
    tied = model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert facts.tied_embeddings is tied is TIED[architecture]
    assert facts.position_limit == (None if architecture == "bloom" else 512)


def test_skeleton_holds_no_weights(tiny_model_folder: Any) -> None:
    base = Base("tiny", str(tiny_model_folder), None, "folder", None)
    assert {parameter.device.type for parameter in skeleton(load_config(base)).parameters()} == {"meta"}
