"""P-tuning's network: which keys have an effect, and what is saved of it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from llm_finetune.config.read import Document
from llm_finetune.errors import ConfigError
from llm_finetune.methods import read_method
from llm_finetune.methods.p_tuning import PTuningSettings, apply
from llm_finetune.methods.virtual_tokens import encoder_in_training, encoder_of
from llm_finetune.methods.weights import with_adapter
from llm_finetune.model.load import load_model
from llm_finetune.model.resolve import Base


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"encoder_num_layers": 3}, "encoder_num_layers"),
        ({"encoder_dropout": 0.1}, "encoder_dropout"),
        (
            {"encoder_reparameterization_type": "LSTM", "encoder_num_layers": 1, "encoder_dropout": 0.1},
            "encoder_dropout",
        ),
        ({"encoder_reparameterization_type": "GRU"}, "encoder_reparameterization_type"),
        ({"encoder_hidden_size": 0}, "encoder_hidden_size"),
    ],
)
def test_a_key_without_effect_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_method(Document("adapter.json", {"peft_type": "P_TUNING", **values}))
    assert [problem.field for problem in caught.value.problems] == [field]


def test_null_is_the_models_own_width(tiny_model: Any) -> None:
    for architecture in ("llama", "gpt2"):
        model = apply(load_model(base_of(tiny_model(architecture)), "float32"), PTuningSettings(), 1)
        assert [part.out_features for part in encoder_of(model).mlp_head[::2]] == [64, 64, 64]
    narrow = apply(load_model(base_of(tiny_model("llama")), "float32"), PTuningSettings(encoder_hidden_size=8), 1)
    assert [part.out_features for part in encoder_of(narrow).mlp_head[::2]] == [8, 8, 64]


def test_the_lstm_has_the_layers_asked_for(tiny_model_folder: Path) -> None:
    settings = PTuningSettings(encoder_reparameterization_type="LSTM", encoder_num_layers=3, encoder_dropout=0.2)
    lstm = encoder_of(apply(load_model(base_of(tiny_model_folder), "float32"), settings, 1)).lstm_head
    assert (lstm.num_layers, lstm.dropout) == (3, 0.2)


def test_no_dropout_is_saved_and_saving_draws_nothing(tiny_model_folder: Path, tmp_path: Path) -> None:
    settings = PTuningSettings(encoder_reparameterization_type="LSTM", encoder_dropout=0.5)
    model = apply(load_model(base_of(tiny_model_folder), "float32"), settings, 1).train()
    encoder = encoder_of(model)
    assert not torch.equal(encoder(torch.arange(20)), encoder(torch.arange(20)))
    before = torch.get_rng_state()
    save = encoder_in_training(model, settings, 1).save_weights
    assert save is not None
    save(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert encoder.training
    saved = encoder_of(with_adapter(load_model(base_of(tiny_model_folder), "float32"), tmp_path)).embedding.weight
    torch.testing.assert_close(saved, encoder.eval()(torch.arange(20)), rtol=0, atol=0)
