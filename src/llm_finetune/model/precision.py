"""Which number format to compute in, with the reason. Trained weights are float32 in any case."""

from dataclasses import dataclass
from pathlib import Path

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say

BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")
"""x86 instruction sets that multiply bfloat16 matrices, as Linux names them."""


@dataclass(frozen=True, slots=True)
class Precision:
    """A number format by torch's name, and why."""

    name: str
    reason: str


def device_name() -> str:
    """The kind of device that training runs on: cuda, xpu, mps or cpu."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if torch.xpu.is_available():
        return "xpu"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def cpu_bfloat16_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """Instruction sets of this CPU that compute bfloat16; empty where none is known."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    present = set(line.split())
    return tuple(flag for flag in BFLOAT16_FLAGS if flag in present)


def choose_precision(wanted: str, device: str | None = None) -> Precision:
    """The format for `model.dtype` on a device (by default the one there is).

    Raises: ModelError for float16 on a CPU.
    """
    device = device or device_name()
    if wanted == "float16" and device == "cpu":
        problem = Problem(
            "float16_on_cpu",
            say("model.float16_on_cpu"),
            say("model.float16_on_cpu.fix"),
            field="model.dtype",
        )
        raise ModelError(problem)
    automatic = _automatic(device)
    if wanted == "auto":
        return automatic
    emulated = wanted == "bfloat16" and device in {"cpu", "cuda"} and automatic.name != "bfloat16"
    key = "model.precision.asked_emulated" if emulated else "model.precision.asked"
    return Precision(wanted, say(key, device=device))


def _automatic(device: str) -> Precision:
    if device == "cpu":
        flags = cpu_bfloat16_flags()
        if flags:
            return Precision("bfloat16", say("model.precision.cpu_bfloat16", flags=", ".join(flags)))
        return Precision("float32", say("model.precision.cpu_float32"))
    if device == "cuda":
        import torch

        # Without emulation: a card that only imitates bfloat16 is faster with float16.
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Precision("bfloat16", say("model.precision.gpu_bfloat16", device=device))
        return Precision("float16", say("model.precision.gpu_float16", device=device))
    if device == "xpu":
        return Precision("bfloat16", say("model.precision.gpu_bfloat16", device=device))
    return Precision("float32", say("model.precision.other_float32", device=device))
