"""From plain values to a settings model, telling all problems at once with place and "did you mean"."""

import types
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from llm_finetune.catalog import nearest
from llm_finetune.config.read import Document, Key
from llm_finetune.errors import Problem
from llm_finetune.messages import say

Model = TypeVar("Model", bound=BaseModel)
Aliases = Mapping[str, Mapping[str, str]]
"""Section → wrong key → a sentence that names the right one."""


def _model_at(model: type[BaseModel], key: Key) -> type[BaseModel] | None:
    """The settings model that holds the last part of `key`."""
    for part in key[:-1]:
        field = model.model_fields.get(part)
        candidates = _options(field.annotation) if field else ()
        nested = [option for option in candidates if isinstance(option, type) and issubclass(option, BaseModel)]
        if not nested:
            return None
        model = nested[0]
    return model


def _options(annotation: Any) -> Iterable[Any]:
    return get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)


def _all_keys(model: type[BaseModel], above: Key = ()) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        nested = [o for o in _options(field.annotation) if isinstance(o, type) and issubclass(o, BaseModel)]
        found += _all_keys(nested[0], (*above, name)) if nested else [".".join((*above, name))]
    return found


def _unknown_key_fix(model: type[BaseModel], key: Key, aliases: Aliases) -> str:
    section, name = ".".join(key[:-1]), key[-1]
    if advice := aliases.get(section, {}).get(name):
        return advice
    owner = _model_at(model, key)
    siblings = list(owner.model_fields) if owner else []
    everywhere = {dotted.rsplit(".", 1)[-1]: dotted for dotted in _all_keys(model)}
    if name in everywhere:
        return say("config.did_you_mean", name=everywhere[name])
    if guess := nearest(name, siblings) or everywhere.get(nearest(name, everywhere) or ""):
        return say("config.did_you_mean", name=guess)
    if not siblings:
        return say("config.no_keys_here")
    shown = ", ".join(siblings) if len(siblings) <= 12 else ", ".join([*siblings[:12], "…"])
    return say("config.known_keys", names=shown)


def _key_of(error: ErrorDetails, values: Any) -> Key:
    """The dotted key of a pydantic error as the user wrote it, without the names of union members."""
    key: list[str] = []
    for part in error["loc"]:
        if isinstance(values, dict) and part in values:  # noqa: SIM114 (two kinds of subscript, for the type checker)
            values = values[part]
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        elif error["type"] != "missing":
            continue
        key.append(str(part))
    return tuple(key)


def _problem(error: ErrorDetails, model: type[BaseModel], document: Document, aliases: Aliases) -> Problem:
    key = _key_of(error, document.values)
    dotted = ".".join(key)
    path, line = document.place_of(key)
    if error["type"] == "extra_forbidden":
        return Problem(
            "unknown_key",
            say("config.unknown_key"),
            _unknown_key_fix(model, key, aliases),
            path,
            line,
            dotted,
        )
    if error["type"] == "missing":
        return Problem("missing_key", say("config.missing_key"), say("config.missing_key.fix"), path, line, dotted)
    return Problem("bad_value", _expectation(error), "", path, line, dotted)


def _expectation(error: ErrorDetails) -> str:
    text = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return text[:1].lower() + text[1:]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def validated(
    model: type[Model], document: Document, aliases: Aliases | None = None
) -> tuple[Model | None, list[Problem]]:
    """The settings, or None and every problem found."""
    try:
        return model.model_validate(document.values), []
    except ValidationError as failure:
        errors = failure.errors(include_url=False)
    problems = [_problem(error, model, document, aliases or {}) for error in errors]
    inputs = {problem.field: error["input"] for problem, error in zip(problems, errors, strict=True)}
    return None, sorted(_merged(problems, inputs), key=lambda problem: problem.line)


def _merged(problems: list[Problem], inputs: Mapping[str, Any]) -> list[Problem]:
    """One problem a key: what each member of a union expected, joined."""
    expectations: dict[str, list[str]] = {}
    for problem in problems:
        if problem.code == "bad_value":
            expectations.setdefault(problem.field, []).append(problem.message)
    bad = {
        problem.field: replace(
            problem,
            message=say(
                "config.bad_value",
                value=_shown(inputs[problem.field]),
                what=_either(expectations[problem.field]),
            ),
        )
        for problem in problems
        if problem.code == "bad_value"
    }
    return [problem for problem in problems if problem.code != "bad_value"] + list(bad.values())


def _either(expectations: list[str]) -> str:
    return say("config.or").join(dict.fromkeys(expectations))
