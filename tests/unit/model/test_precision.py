"""The number format is chosen with its reason, and an impossible wish is refused with the setting to use."""

from pathlib import Path

import pytest

from llm_finetune.errors import ModelError
from llm_finetune.model import precision
from llm_finetune.model.precision import choose_precision, cpu_bfloat16_flags, device_name


def test_cpu_with_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "cpu_bfloat16_flags", lambda: ("avx512_bf16",))
    chosen = choose_precision("auto", "cpu")
    assert chosen.name == "bfloat16"
    assert "avx512_bf16" in chosen.reason


def test_cpu_without_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "cpu_bfloat16_flags", tuple)
    assert choose_precision("auto", "cpu").name == "float32"
    asked = choose_precision("bfloat16", "cpu")
    assert asked.name == "bfloat16"
    assert "slow" in asked.reason


@pytest.mark.parametrize(("computes_bfloat16", "name"), [(True, "bfloat16"), (False, "float16")])
def test_cuda_by_what_the_card_computes(computes_bfloat16: bool, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: computes_bfloat16)
    assert choose_precision("auto", "cuda").name == name


def test_float16_on_a_cpu_is_refused() -> None:
    with pytest.raises(ModelError, match=r"model\.dtype") as caught:
        choose_precision("float16", "cpu")
    assert caught.value.exit_code == 2


def test_what_is_asked_is_taken() -> None:
    assert choose_precision("float32", "cpu").name == "float32"
    assert choose_precision("float16", "cuda" if device_name() == "cuda" else "mps").name == "float16"


def test_flags_are_whole_words(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu amx_bf16 avx512_bf16x avx512_fp16\n")
    assert cpu_bfloat16_flags(cpuinfo) == ("amx_bf16",)
    assert cpu_bfloat16_flags(tmp_path / "missing") == ()
