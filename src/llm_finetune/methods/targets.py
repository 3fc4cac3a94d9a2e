"""Which modules an adapter's names mean in a given model, found on a model without weights. Knows no method.

Every name that means nothing is told together with the names the model has.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llm_finetune.errors import ModelError, Problem
from llm_finetune.messages import say

ALL_LINEAR = "all-linear"


@dataclass(frozen=True, slots=True)
class Layers:
    """The named modules of a model."""

    architecture: str
    names: tuple[str, ...]
    """Full names of all modules."""
    adaptable: tuple[str, ...]
    """Full names of linear layers and embeddings, which an update can be put beside."""
    linear: tuple[str, ...]
    """Full names of linear layers inside the blocks: without the output head."""
    tied: tuple[str, ...]
    """Full names of modules that share their matrix with another."""
    num_blocks: int

    @property
    def linear_kinds(self) -> str:
        """The last names of the linear layers, for a message."""
        return ", ".join(dict.fromkeys(_last(name) for name in self.linear))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def layers_of(model: Any) -> Layers:
    """Look at a model, with or without weights."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    from llm_finetune.model.facts import is_tied

    modules = dict(model.named_modules())
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    end_names = tuple(name for name, module in modules.items() if any(module is end for end in ends))
    adaptable_kinds = (nn.Linear, Conv1D, nn.Embedding)
    linear = [name for name, module in modules.items() if isinstance(module, nn.Linear | Conv1D)]
    return Layers(
        architecture=type(model).__name__,
        names=tuple(name for name in modules if name),
        adaptable=tuple(name for name, module in modules.items() if isinstance(module, adaptable_kinds)),
        linear=tuple(name for name in linear if name not in end_names),
        tied=end_names if is_tied(model) else (),
        num_blocks=model.config.get_text_config().num_hidden_layers,
    )


def matching(targets: str | Sequence[str] | None, layers: Layers) -> list[str]:
    """The modules meant, as PEFT matches them.

    A text is a regular expression over the whole name; a listed name is equal to it, or to its end behind a dot.
    """
    if not targets:
        return []
    if targets == ALL_LINEAR:
        return list(layers.linear)
    if isinstance(targets, str):
        return [name for name in layers.names if re.fullmatch(targets, name)]
    return [name for name in layers.names if any(f".{name}".endswith(f".{target}") for target in targets)]


def _no_match(key: str, missing: Sequence[str], layers: Layers) -> Problem:
    shown = ", ".join(f"`{name}`" for name in missing)
    message = say("methods.no_match", names=shown, architecture=layers.architecture)
    return Problem("no_such_module", message, say("methods.no_match.fix", known=layers.linear_kinds), field=key)


def listed_problems(key: str, targets: Sequence[str], layers: Layers) -> list[Problem]:
    """One problem if any of the listed names means nothing."""
    missing = [target for target in targets if not matching([target], layers)]
    return [_no_match(key, missing, layers)] if missing else []


def regex_problems(key: str, pattern: str, layers: Layers) -> list[Problem]:
    """One problem if the regular expression matches no whole name (as PEFT matches a text)."""
    if matching(pattern, layers):
        return []
    parts = [part.strip() for part in pattern.split(",")]
    as_list = all(matching([part], layers) for part in parts)
    hint = say("methods.regex_hint", names=", ".join(f'"{part}"' for part in parts)) if as_list else ""
    message = say("methods.no_regex_match", names=f"`{pattern}`", architecture=layers.architecture)
    example = next(iter(layers.linear), "")
    fix = say("methods.no_regex_match.fix", hint=hint, known=layers.linear_kinds, example=f"`{example}`")
    return [Problem("no_such_module", message, fix, field=key)]


def target_problems(key: str, targets: str | Sequence[str] | None, layers: Layers) -> list[Problem]:
    """Problems of a list of names or a regular expression; none for null, an empty list or `all-linear`."""
    if not targets or targets == ALL_LINEAR:
        return []
    if isinstance(targets, str):
        return regex_problems(key, targets, layers)
    return listed_problems(key, targets, layers)


def pattern_problems(key: str, patterns: Sequence[str], layers: Layers) -> list[Problem]:
    """One problem if a key of `rank_pattern`, a regular expression on the end of names, means no module."""
    missing = [p for p in patterns if not any(re.match(rf"(.*\.)?({p})$", name) for name in layers.names)]
    return [_no_match(key, missing, layers)] if missing else []


def block_problems(blocks: Sequence[int], layers: Layers) -> list[Problem]:
    """One problem if a block's number is too high."""
    beyond = [block for block in blocks if block >= layers.num_blocks]
    if not beyond:
        return []
    shown, last = ", ".join(map(str, beyond)), layers.num_blocks - 1
    message = say("methods.no_such_layer", architecture=layers.architecture, last=last, layers=shown)
    return [Problem("no_such_layer", message, say("methods.no_such_layer.fix"), field="layers_to_transform")]


def kind_problems(key: str, meant: Sequence[str], layers: Layers) -> list[Problem]:
    """One problem if a module is meant that no update can be put beside, such as a whole block."""
    others = dict.fromkeys(_last(name) for name in meant if name not in layers.adaptable)
    if not others:
        return []
    shown = ", ".join(f"`{name}`" for name in others)
    message = say("methods.unsupported", names=shown, architecture=layers.architecture)
    fix = say("methods.unsupported.fix", known=layers.linear_kinds)
    return [Problem("unsupported_module", message, fix, field=key)]


def tied_problems(key: str, meant: Sequence[str], layers: Layers) -> list[Problem]:
    """One problem if a module is meant whose matrix is shared with another."""
    shared = dict.fromkeys(_last(name) for name in meant if name in layers.tied)
    if not shared:
        return []
    shown = ", ".join(f"`{name}`" for name in shared)
    message = say(f"methods.tied.{key}", names=shown, architecture=layers.architecture)
    return [Problem("tied_module", message, say(f"methods.tied.{key}.fix"), field=key)]


def require_none(problems: Sequence[Problem]) -> None:
    """Raises: ModelError if there are problems."""
    if problems:
        raise ModelError(problems)
