"""Which modules an adapter's names mean in a given model, found on a model without weights. Knows no method.

Every name that means nothing is told together with the names the model has.
"""

import re
from collections.abc import Mapping, Sequence
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
    ends: tuple[str, ...] = ()
    """Full names of the token embedding and, where there is one, the output head."""
    num_rows: int = 0
    """Rows of the token embedding."""
    parameters: tuple[str, ...] = ()
    """Full names of the matrices and stacks of matrices, such as those of a layer's experts."""

    @property
    def linear_kinds(self) -> str:
        """The last names of the linear layers, for a message."""
        return ", ".join(dict.fromkeys(_last(name) for name in self.linear))

    @property
    def stacks(self) -> str:
        """The ends of the names of parameters that no layer of their own holds, for a message."""
        loose = (name for name in self.parameters if not name.endswith(".weight"))
        return ", ".join(dict.fromkeys(".".join(name.split(".")[-3:]) for name in loose))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def layers_of(model: Any) -> Layers:
    """Look at a model, with or without weights."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    from llm_finetune.model.facts import is_tied

    modules = dict(model.named_modules())
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    end_names = tuple(name for end in ends for name, module in modules.items() if module is end)
    adaptable_kinds = (nn.Linear, Conv1D, nn.Embedding)
    linear = [name for name, module in modules.items() if isinstance(module, nn.Linear | Conv1D)]
    return Layers(
        architecture=type(model).__name__,
        names=tuple(name for name in modules if name),
        adaptable=tuple(name for name, module in modules.items() if isinstance(module, adaptable_kinds)),
        linear=tuple(name for name in linear if name not in end_names),
        tied=end_names if is_tied(model) else (),
        num_blocks=model.config.get_text_config().num_hidden_layers,
        ends=end_names,
        num_rows=ends[0].weight.shape[0],
        parameters=tuple(name for name, parameter in model.named_parameters() if parameter.ndim in {2, 3}),
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
    names = (*layers.names, *layers.parameters)
    missing = [p for p in patterns if not any(re.match(rf"(.*\.)?({p})$", name) for name in names)]
    return [_no_match(key, missing, layers)] if missing else []


def matching_parameters(targets: Sequence[str] | None, layers: Layers) -> list[str]:
    """The parameters meant by `target_parameters`: a name is equal to the full one, or to its end behind a dot."""
    return [name for name in layers.parameters if any(f".{name}".endswith(f".{target}") for target in targets or ())]


def parameter_problems(key: str, targets: Sequence[str] | None, layers: Layers) -> list[Problem]:
    """One problem if any of the listed parameters is not there."""
    missing = [target for target in targets or () if not matching_parameters([target], layers)]
    if not missing:
        return []
    shown = ", ".join(f"`{name}`" for name in missing)
    message = say("methods.no_parameter", names=shown, architecture=layers.architecture)
    fix = say("methods.no_parameter.fix", known=layers.stacks or layers.linear_kinds)
    return [Problem("no_such_parameter", message, fix, field=key)]


def row_problems(key: str, rows: Mapping[str, Sequence[int]], layers: Layers) -> list[Problem]:
    """One problem if single rows are named of a module that holds no tokens, or rows that are not there."""
    others = [name for name in rows if not set(matching([name], layers)) & set(layers.ends)]
    if others:
        shown = ", ".join(f"`{name}`" for name in others)
        message = say("methods.rows_elsewhere", names=shown, architecture=layers.architecture)
        known = ", ".join(f"`{_last(name)}`" for name in layers.ends)
        return [Problem("no_such_module", message, say("methods.rows_elsewhere.fix", known=known), field=key)]
    beyond = sorted({number for numbers in rows.values() for number in numbers if number >= layers.num_rows})
    if not beyond:
        return []
    shown = ", ".join(map(str, beyond))
    message = say("methods.no_such_row", rows=shown, architecture=layers.architecture, last=layers.num_rows - 1)
    return [Problem("no_such_row", message, say("methods.no_such_row.fix"), field=key)]


def rows_clash_problems(
    key: str, rows: Mapping[str, Sequence[int]], whole: Sequence[str], layers: Layers
) -> list[Problem]:
    """One problem if a module whose rows are trained alone is trained, or updated, as a whole too."""
    both = [name for name in matching(list(rows), layers) if name in whole]
    if not both:
        return []
    shown = ", ".join(f"`{_last(name)}`" for name in both)
    return [
        Problem(
            "rows_and_whole",
            say("methods.rows_and_whole", names=shown, key=key),
            say("methods.rows_and_whole.fix"),
            field=key,
        )
    ]


def saved_problems(names: Sequence[str], layers: Layers) -> list[Problem]:
    """Problems of `modules_to_save`: names that mean nothing, and names that PEFT 0.21 takes for more than they say.

    PEFT compares ends of names there without a dot: `norm` is also every `post_attention_layernorm`.
    """
    problems = listed_problems("modules_to_save", names, layers)
    for name in names:
        meant = matching([name], layers)
        others = [other for other in layers.names if other.endswith(name) and other not in meant]
        if meant and others:
            message = say("methods.saved_too_much", name=name, others=", ".join(f"`{other}`" for other in others[:3]))
            fix = say("methods.saved_too_much.fix", names=", ".join(f"`{full}`" for full in meant[:3]))
            problems.append(Problem("saved_too_much", message, fix, field="modules_to_save"))
    return problems


def shared_together(saved: Sequence[str], layers: Layers) -> list[str]:
    """`modules_to_save` with both ends of a tied model where one is named.

    PEFT 0.21 finds the other end by itself only for embeddings that are called `embed_tokens`; with another name
    (GPT-2's `wte`) it would end the sharing and say nothing.
    """
    ends = [name for name in layers.tied if name not in matching(list(saved), layers)]
    return [*saved, *ends] if len(ends) < len(layers.tied) else list(saved)


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
