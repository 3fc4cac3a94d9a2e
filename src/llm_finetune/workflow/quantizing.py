"""Whether the base can be held in fewer bits for this run, and what is told about it."""

from typing import TYPE_CHECKING, Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say
from llm_finetune.methods import METHODS
from llm_finetune.methods.quantized import quantized_problems
from llm_finetune.model import quantize
from llm_finetune.workflow.opening import Opened, collecting

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


def is_asked(opened: Opened) -> bool:
    """Whether this configuration quantises the base."""
    return opened.settings.model.quantization != quantize.NONE


def problems_at_once(opened: Opened) -> list[Problem]:
    """What is wrong whatever the base is: a package that is missing, a method that needs unrounded weights."""
    problems: list[Problem] = []
    with collecting(problems):
        quantize.require_library(opened.settings.model.quantization)
    if is_asked(opened) and not opened.method.quantized_base:
        problems.append(_wrong_method(opened, opened.settings.model.quantization))
    return problems


def _wrong_method(opened: Opened, name: str) -> Problem:
    able = ", ".join(method.title for method in METHODS.values() if method.quantized_base)
    message = say("methods.not_quantized", title=opened.method.title, name=name)
    place = opened.project.shown(opened.project.config)
    return Problem("not_quantized", message, say("methods.not_quantized.fix", able=able), place, field=quantize.FIELD)


def require_fitting(opened: Opened, config: "PreTrainedConfig") -> None:
    """Raises: ModelError if no layer of the base would be quantised, or a key of the adapter would change one."""
    if is_asked(opened):
        rounded = quantize.require_layers(config, opened.settings.model.quantization)
        problems = quantized_problems(opened.method_settings, rounded)
    elif quantize.is_stored_quantized(config) and not opened.method.quantized_base:
        problems = [_wrong_method(opened, say("model.stored_quantized"))]
    else:
        return
    if problems:
        raise ModelError(problems)


def told(opened: Opened, model: Any, precision: str) -> list[str]:
    """What became of the base's layers, and in which format they are multiplied."""
    if not is_asked(opened):
        return []
    name, share = opened.settings.model.quantization, quantize.share_of(model)
    part = share.parameters / share.of_parameters
    lines = [say(f"model.quantized.{name}", layers=share.layers, part=f"{part:.0%}", dtype=precision)]
    if part < 0.5:
        lines.append(say("model.quantized.little", part=f"{1 - part:.0%}"))
    return lines
