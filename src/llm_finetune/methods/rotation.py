"""What methods that turn the inputs of a layer in blocks share: whether the blocks fill its width. Knows no method."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from llm_finetune.errors import Problem
from llm_finetune.messages import say
from llm_finetune.methods.adapted import is_transposed
from llm_finetune.methods.chosen import ChosenLayers, linear_problems, meant_modules
from llm_finetune.methods.targets import Layers

Count = Annotated[int, Field(strict=True, ge=0)]
CONV1D = {"gpt2": "methods.rotation_conv1d", "openai-gpt": "methods.rotation_conv1d"}
"""Architectures of `Conv1D` layers, which PEFT has no rotation for."""
SMALLEST_BLOCK = 2
"""A block of one input has nothing to turn."""
_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Blocks:
    """The two keys of which one says how a layer's inputs are cut into blocks."""

    size_key: str
    size: int
    count_key: str
    count: int

    @property
    def key(self) -> str:
        """The key that is given."""
        return self.count_key if self.count else self.size_key

    @property
    def number(self) -> int:
        """Its value."""
        return self.count or self.size

    def fit(self, width: int, number: int) -> bool:
        """Whether blocks of that size, or that many, fill a layer of `width` inputs."""
        size = width // number if self.count else number
        return width % number == 0 and SMALLEST_BLOCK <= size <= width


def one_of_two(size_key: str, size: int, count_key: str, count: int) -> int:
    """The number of blocks, if it or their size is given.

    Raises: ValueError that says what the key should hold, for pydantic.
    """
    if size and count:
        raise ValueError(say("methods.blocks_twice", key=size_key))
    if not size and not count:
        raise ValueError(say("methods.blocks_missing", size_key=size_key, count_key=count_key))
    return count


def turnable(size: int) -> int:
    """The size of a block, if there is something to turn.

    Raises: ValueError that says what the key should hold, for pydantic.
    """
    if 0 < size < SMALLEST_BLOCK:
        raise ValueError(say("methods.block_of_one"))
    return size


def rotation_problems(settings: ChosenLayers, blocks: Blocks, model: Any, layers: Layers) -> list[Problem]:
    """Names that mean nothing, layers that cannot be turned, and widths that the blocks do not fill."""
    if is_transposed(model):
        message, fix = say("methods.rotation_conv1d"), say("methods.rotation_conv1d.fix")
        return [Problem("conv1d", message, fix, field="peft_type")]
    problems = linear_problems(settings, layers, model)
    return problems or _width_problems(blocks, _input_widths(settings, model, layers))


def _input_widths(settings: ChosenLayers, model: Any, layers: Layers) -> dict[str, int]:
    """Inputs of the layers that are meant, by last name, or by full name where one last name has several widths."""
    modules, widths = dict(model.named_modules()), dict[str, int]()
    for name in meant_modules(settings, layers):
        last, width = name.rpartition(".")[2], int(modules[name].in_features)
        widths[last if widths.get(last, width) == width else name] = width
    return widths


def _width_problems(blocks: Blocks, widths: Mapping[str, int]) -> list[Problem]:
    bad = {name: width for name, width in widths.items() if not blocks.fit(width, blocks.number)}
    if not bad:
        return []
    shown = ", ".join(f"`{name}` ({width})" for name, width in bad.items())
    candidates = range(1, min(widths.values()) + 1)
    fitting = [number for number in candidates if all(blocks.fit(width, number) for width in widths.values())]
    text = "methods.width.count" if blocks.count else "methods.width.size"
    message = say(text, number=blocks.number, layers=shown)
    listed = ", ".join(map(str, fitting[:_SHOWN])) or "—"
    return [Problem("blocks_do_not_fit", message, say("methods.width.fix", fitting=listed), field=blocks.key)]
