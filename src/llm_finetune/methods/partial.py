"""Which modules `method.train_layers` means in a given model, found on a model without weights too.

Knows no weights and no training. Every item that means nothing is told together with what the model has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say

Item = int | str
"""A number of blocks counted from the last one, one of WORDS, a module's name or its end, or a regular expression."""
WORDS = ("embeddings", "head", "norms")
FIELD = "method.train_layers"


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of a model that can be asked for."""

    architecture: str
    with_parameters: tuple[str, ...]
    """Full names of all modules that hold parameters, themselves or inside."""
    owners: tuple[str, ...]
    """Full names of the modules that hold parameters of their own."""
    blocks: tuple[str, ...]
    """Full names of the blocks, first to last."""
    words: Mapping[str, tuple[str, ...]]
    """What each of WORDS means."""
    tied: bool
    """Whether the head shares the matrix of the token embeddings."""

    def meant(self, item: Item) -> tuple[str, ...]:
        """Full names of the modules that an item means; empty where it means none."""
        if isinstance(item, int):
            return self.blocks[-item:] if item <= len(self.blocks) else ()
        if item in self.words:
            return self.words[item]
        named = tuple(name for name in self.with_parameters if f".{name}".endswith(f".{item}"))
        return named or tuple(name for name in self.with_parameters if re.fullmatch(item, name))


def parts_of(model: Any) -> Parts:
    """Look at a model, with or without weights."""
    from torch import nn

    from llm_finetune.model.facts import is_tied

    modules = dict(model.named_modules())
    owners = tuple(name for name, module in modules.items() if _holds_own(module))
    embeddings = tuple(name for name in owners if isinstance(modules[name], nn.Embedding))
    wholes = {whole for owner in owners for whole in _wholes_of(owner)}
    head = model.get_output_embeddings()
    return Parts(
        architecture=type(model).__name__,
        with_parameters=tuple(name for name in modules if name in wholes),
        owners=owners,
        blocks=_blocks(modules, model.config.get_text_config().num_hidden_layers),
        words={
            "embeddings": embeddings,
            "head": tuple(name for name in owners if modules[name] is head),
            "norms": tuple(name for name in owners if "norm" in type(modules[name]).__name__.lower()),
        },
        tied=is_tied(model),
    )


def _holds_own(module: Any) -> bool:
    return next(module.parameters(recurse=False), None) is not None


def _wholes_of(name: str) -> Iterator[str]:
    """`a.b.c` → itself, `a.b`, `a`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _blocks(modules: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Names of the blocks: the outermost list of modules that is as long as the configuration says."""
    from torch import nn

    for name, module in modules.items():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return tuple(f"{name}.{number}" for number in range(count))
    return ()


def chosen_modules(items: Sequence[Item], parts: Parts) -> tuple[str, ...]:
    """Full names of the modules with parameters of their own that the items mean, in the model's order.

    Raises: ModelError with every item that means nothing.
    """
    if problems := list(_problems(items, parts)):
        raise ModelError(problems)
    meant = {name for item in items for name in parts.meant(item)}
    return tuple(owner for owner in parts.owners if not meant.isdisjoint(_wholes_of(owner)))


def _problems(items: Sequence[Item], parts: Parts) -> Iterator[Problem]:
    missing = [item for item in items if not parts.meant(item)]
    for item in (item for item in missing if isinstance(item, int)):
        message = say("methods.too_many_blocks", architecture=parts.architecture, blocks=len(parts.blocks), asked=item)
        fix = say("methods.too_many_blocks.fix", blocks=len(parts.blocks))
        yield Problem("no_such_layer", message, fix, field=FIELD)
    if names := ", ".join(f"`{item}`" for item in missing if isinstance(item, str)):
        message = say("methods.no_such_part", names=names, architecture=parts.architecture)
        kinds = dict.fromkeys(name.rpartition(".")[2] for name in parts.owners)
        fix = say(
            "methods.no_such_part.fix",
            words=", ".join(word for word in WORDS if parts.words[word]),
            known=", ".join(kind for kind in kinds if not kind.isdigit()),
            example=parts.blocks[-1] if parts.blocks else parts.owners[0],
        )
        yield Problem("no_such_module", message, fix, field=FIELD)


def shares_with_other(chosen: Sequence[str], parts: Parts) -> bool:
    """Whether training the embeddings trains the head too, or the other way round, without being asked for."""
    ends = [any(name in chosen for name in parts.words[word]) for word in ("embeddings", "head")]
    return parts.tied and ends.count(True) == 1
