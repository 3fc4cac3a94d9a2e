"""Read the method's own configuration file, `lora_config.json`: PEFT's keys, checked without its import."""

import ast
from typing import Any

from llm_finetune.catalog import Catalog, nearest
from llm_finetune.config.installed import InstalledField, dataclass_fields
from llm_finetune.config.read import Document
from llm_finetune.config.strict import Settings
from llm_finetune.config.validate import validated
from llm_finetune.errors import ConfigError, Problem
from llm_finetune.messages import say
from llm_finetune.methods.method import Method

TYPE_KEY = "peft_type"


def read_from(document: Document, methods: Catalog[Method]) -> tuple[Method, Settings]:
    """The method that `peft_type` names, and its settings.

    Raises: ConfigError with every problem found.
    """
    method, problems = _method_of(document, methods)
    if method is None:
        raise ConfigError(problems)
    document, refused = _without_refused(document, method)
    settings, found = validated(method.settings, document, {"": _advice(document, method)})
    problems = [*problems, *refused, *found]
    if settings is None or problems:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    return method, settings


def _method_of(document: Document, methods: Catalog[Method]) -> tuple[Method | None, list[Problem]]:
    """The method; where the key is missing, also the one whose keys the rest is checked against."""
    adapters = [key for key in methods if methods[key].is_adapter]
    name: Any = document.values.get(TYPE_KEY)
    is_in_file = (TYPE_KEY,) in document.lines
    if name in methods and (name in adapters or not is_in_file):
        return methods[name], []
    path, line = document.place_of((TYPE_KEY,))
    known = ", ".join(adapters)
    if name is None:
        message, fix = say("methods.no_type"), say("methods.no_type.fix", known=known)
        return methods[adapters[0]], [Problem("missing_key", message, fix, path, line, TYPE_KEY)]
    if name in methods:
        message, fix = say("methods.full_in_file"), say("methods.full_in_file.fix")
    else:
        guess = nearest(str(name), adapters)
        hint = say("methods.guess", name=guess) if guess else ""
        message = say("methods.unknown_type", name=name)
        fix = say("methods.unknown_type.fix", guess=hint, known=known)
    return None, [Problem("unknown_method", message, fix, path, line, TYPE_KEY)]


def library_fields(method: Method) -> dict[str, InstalledField]:
    """The fields of the installed library's configuration classes, by name."""
    fields: dict[str, InstalledField] = {}
    for module, class_name in method.library:
        fields = {**dataclass_fields("peft", module, class_name), **fields}
    return fields


def _without_refused(document: Document, method: Method) -> tuple[Document, list[Problem]]:
    """Take out the library's keys that are not supported; each one that would have an effect is a problem."""
    fields, kept, problems = library_fields(method), dict(document.values), []
    for key in document.values.keys() & (fields.keys() - method.settings.model_fields.keys()):
        value = kept.pop(key)
        if not _has_no_effect(value, fields[key]):
            path, line = document.place_of((key,))
            text = method.refused.get(key, "methods.later")
            problems.append(Problem("refused_key", say(text), say(f"{text}.fix"), path, line, key))
    return Document(document.path, kept, document.lines), problems


def _has_no_effect(value: Any, field: InstalledField) -> bool:
    """Whether a value is empty or the library's default, as in a file that PEFT itself has written."""
    if value is None or value is False or value in ({}, []):
        return True
    try:
        return bool(value == ast.literal_eval(field.default))
    except (ValueError, SyntaxError):
        return False


def _advice(document: Document, method: Method) -> dict[str, str]:
    """For each unknown key, the library's key that was probably meant."""
    known = {**library_fields(method), **method.settings.model_fields}
    advice = {}
    for key in document.values.keys() - known.keys():
        guess = method.aliases.get(key) or nearest(key, known)
        if guess:
            advice[key] = say("methods.did_you_mean", name=guess)
    return advice
