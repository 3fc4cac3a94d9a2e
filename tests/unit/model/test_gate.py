"""A folder that could run code is refused, file by file."""

import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from llm_finetune.errors import GateError
from llm_finetune.model.gate import refuse_code, refuse_index


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    (tmp_path / "config.json").write_text('{"model_type": "llama", "auto_map": null, "trust_remote_code": false}')
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "a/b", "tokenizer_file": null}')
    (tmp_path / "README.md").write_text("# a model")
    return tmp_path


def reasons(folder: Path) -> str:
    with pytest.raises(GateError) as caught:
        refuse_code(folder)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_clean_folder_passes(clean: Path) -> None:
    assert list(clean.rglob("*.safetensors"))
    refuse_code(clean)
    (clean / "pytorch_model.bin").write_bytes(b"anything")
    assert "pytorch_model.bin" in reasons(clean)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "optimizer.PT", "rng_state.pth", "deep/x.pkl", "a.ckpt"])
def test_pickles_by_name(clean: Path, name: str) -> None:
    (clean / name).parent.mkdir(exist_ok=True)
    (clean / name).write_bytes(b"anything")
    assert name in reasons(clean)


def test_pickles_by_content(clean: Path) -> None:
    (clean / "weights.dat").write_bytes(pickle.dumps({"a": 1}))
    with zipfile.ZipFile(clean / "archive.model", "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    found = reasons(clean)
    assert "weights.dat" in found
    assert "archive.model" in found


@pytest.mark.parametrize(
    ("file", "value", "key"),
    [
        ("config.json", {"auto_map": {"AutoModel": "m.M"}}, "auto_map"),
        ("config.json", {"text_config": {"layers": [{"auto_map": {"A": "b"}}]}}, "auto_map"),
        ("generation_config.json", {"trust_remote_code": True}, "trust_remote_code"),
        ("config.json", {"_attn_implementation_internal": "owner/kernel"}, "_attn_implementation_internal"),
        ("tokenizer_config.json", {"tokenizer_file": "/home/someone/tokenizer.json"}, "tokenizer_file"),
        ("tokenizer_config.json", {"vocab_file": "..\\vocab.json"}, "vocab_file"),
    ],
)
def test_keys_that_point_to_code_or_files(clean: Path, file: str, value: dict[str, object], key: str) -> None:
    (clean / file).write_text(json.dumps(value))
    assert f"{file}: the key `{key}`" in reasons(clean)


def test_harmless_booleans_of_older_versions_pass(clean: Path) -> None:
    (clean / "config.json").write_text('{"_attn_implementation_autoset": true}')
    refuse_code(clean)
    (clean / "config.json").write_text('{"_attn_implementation": "someone/kernel"}')
    assert "_attn_implementation" in reasons(clean)


@pytest.mark.parametrize(
    "entry", ["../model.safetensors", "/elsewhere/model.safetensors", "pytorch_model.bin", "a\\b.safetensors"]
)
def test_index_entries_outside(clean: Path, entry: str) -> None:
    index = clean / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model.safetensors", "b": entry}}))
    assert "model.safetensors.index.json" in reasons(clean)
    with pytest.raises(GateError):
        refuse_index(index)


def test_content_that_is_not_what_the_name_says(clean: Path) -> None:
    (clean / "model.safetensors").write_bytes(b"\x80\x04" + b"x" * 20)
    (clean / "generation_config.json").write_text("{")
    found = reasons(clean)
    assert "model.safetensors: its content is not safetensors" in found
    assert "generation_config.json: it is not JSON" in found
