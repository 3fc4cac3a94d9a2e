"""Little models of every architecture compute, are the same each time, and keep what the tokenizer needs."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from llm_finetune.errors import ModelError
from llm_finetune.model.miniature import HIDDEN_SIZE, LAYERS, miniature_of, write_miniature

IDS: dict[str, Any] = {"vocab_size": 300, "bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 1}
CONFIGS: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**IDS, num_key_value_heads=8),
    "mistral": lambda: transformers.MistralConfig(**IDS),
    "gpt2": lambda: transformers.GPT2Config(**IDS),
    "falcon": lambda: transformers.FalconConfig(**IDS),
    "falcon new": lambda: transformers.FalconConfig(
        **IDS, new_decoder_architecture=True, hidden_size=8192, num_attention_heads=128, num_kv_heads=8
    ),
    "qwen2": lambda: transformers.Qwen2Config(**IDS),
    "qwen3": lambda: transformers.Qwen3Config(**IDS),
    "qwen3_moe": lambda: transformers.Qwen3MoeConfig(**IDS),
    "gemma2": lambda: transformers.Gemma2Config(**IDS),
    "gemma3": lambda: transformers.Gemma3TextConfig(**IDS),
    "phi3": lambda: transformers.Phi3Config(**IDS),
    "gpt_neox": lambda: transformers.GPTNeoXConfig(**IDS),
    "opt": lambda: transformers.OPTConfig(**IDS),
    "bloom": lambda: transformers.BloomConfig(**IDS, hidden_size=1024, n_layer=24, n_head=16),
    "mixtral": lambda: transformers.MixtralConfig(**IDS),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_little_models_of_the_usual_sizes_compute(name: str, tmp_path: Path) -> None:
    config = CONFIGS[name]()
    small = miniature_of(config)
    text = small.get_text_config()
    assert text.num_hidden_layers == LAYERS
    assert text.hidden_size <= HIDDEN_SIZE
    assert text.vocab_size == 300
    assert config.get_text_config().num_hidden_layers > LAYERS, "the given configuration stays as it is"
    count = write_miniature(small, tmp_path, "float32")
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert model.num_parameters() == count
    assert type(model) is type(transformers.AutoModelForCausalLM.from_config(small))
    assert torch.isfinite(model(torch.arange(8)[None]).logits).all()


def test_the_same_weights_each_time_and_no_trace_in_the_random_state(tmp_path: Path) -> None:
    small = miniature_of(CONFIGS["llama"]())
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    write_miniature(small, tmp_path / "a")
    assert torch.equal(torch.rand(2), expected)
    write_miniature(small, tmp_path / "b")
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()


def test_a_small_model_is_not_made_larger() -> None:
    config = transformers.LlamaConfig(
        **IDS, hidden_size=64, intermediate_size=128, num_hidden_layers=1, num_attention_heads=4
    )
    small = miniature_of(config)
    assert (small.hidden_size, small.intermediate_size, small.num_hidden_layers) == (64, 128, 1)


def test_what_cannot_be_built_is_a_refusal(tmp_path: Path) -> None:
    config = transformers.GemmaConfig(**IDS)
    config.hidden_act = config.hidden_activation = "no such function"
    with pytest.raises(ModelError) as caught:
        write_miniature(miniature_of(config), tmp_path)
    assert caught.value.problems[0].code == "no_miniature"
