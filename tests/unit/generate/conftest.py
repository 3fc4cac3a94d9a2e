"""A tiny model, with and without an adapter that changes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.text_model import TextModel


@pytest.fixture
def text_model(tiny_model_folder: Path) -> TextModel:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder)
    ends = frozenset({tokenizer.convert_tokens_to_ids("<|im_end|>")})
    return TextModel(tokenizer, tokenizer.chat_template, ends, limit=256)


@pytest.fixture
def model(tiny_model_folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_model_folder, dtype=torch.float32)


@pytest.fixture
def adapted(model: Any) -> Any:
    """The tiny model under a LoRA adapter large enough to change its answers."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    settings = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear", init_lora_weights=False)
    return get_peft_model(model, settings)


@pytest.fixture
def repeats() -> Callable[[Any, list[int]], None]:
    """Make a model write given tokens in a circle, whatever the prompt: its head looks at the last token only."""
    import torch

    def change(model: Any, tokens: list[int]) -> None:
        width = model.config.hidden_size
        with torch.no_grad():
            for weight in (
                layer_part
                for layer in model.model.layers
                for layer_part in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight)
            ):
                weight.zero_()
            model.model.embed_tokens.weight.zero_()
            model.model.embed_tokens.weight[:, -1] = 1
            model.lm_head.weight.zero_()
            for place, (token, following) in enumerate(zip(tokens, [*tokens[1:], tokens[0]], strict=True)):
                assert place < width - 1
                model.model.embed_tokens.weight[token] = 0
                model.model.embed_tokens.weight[token, place] = 1
                model.lm_head.weight[following, place] = 1
            model.lm_head.weight[tokens[0], -1] = 1

    return change
