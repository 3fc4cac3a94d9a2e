"""From another tool's configuration to the settings of a new project. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.config.installed import dataclass_fields
from llm_finetune.config.read import Document, Key, read_document
from llm_finetune.errors import ConfigError, InputError, Problem
from llm_finetune.messages import say
from llm_finetune.methods import read_method
from llm_finetune.methods.settings import FULL
from llm_finetune.scaffold.foreign import TOOLS
from llm_finetune.scaffold.foreign.places import Places
from llm_finetune.scaffold.foreign.taking import ADAPTER, LeftOut, Note, Taking, Tool, is_switched_on
from llm_finetune.settings import parse_settings
from llm_finetune.train.settings import OWN_KEYS, REFUSED

ADAPTER_METHOD: dict[str, Any] = {"peft_type": "LORA", "task_type": "CAUSAL_LM"}


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The settings of a project that another tool's configuration asks for."""

    source: str
    tool: str
    settings: Mapping[str, Any]
    """Our dotted key → value; keys of `lora_config.json` begin with `adapter.`."""
    origins: Mapping[str, str]
    """Our dotted key → the key it came from."""
    left_out: tuple[LeftOut, ...]
    notes: tuple[Note, ...]
    files: Mapping[str, str]
    """Further files of the project: name → text."""

    def section(self, name: str) -> dict[str, Any]:
        """The settings of one section, by their last name."""
        return _section(self.settings, name)

    @property
    def adapter(self) -> dict[str, Any]:
        """What belongs into `lora_config.json`."""
        return {**ADAPTER_METHOD, **self.section(ADAPTER)}

    def as_dict(self) -> dict[str, Any]:
        """The object that `init --json` prints."""
        return {
            "tool": self.tool,
            "taken": {dotted: self.origins[dotted] for dotted in self.settings},
            "left_out": [{"key": item.key, "reason": item.sentence()} for item in self.left_out],
            "notes": [note.sentence() for note in self.notes],
        }


def take_over(source: Path, project: Path, *, data: str | None = None, model: str | None = None) -> TakenOver:
    """Read a configuration of Axolotl or LLaMA-Factory for a project that will lie in `project`.

    `data` and `model` stand in place of the rows and the base that it names.

    Raises: ConfigError with every problem found, if it is of another tool or asks for what cannot be done.
    """
    if not source.is_file():
        raise ConfigError(
            Problem("missing_file", say("scaffold.no_config"), say("scaffold.no_config.fix"), str(source))
        )
    document = read_document(source, str(source))
    tool = next((tool for tool in TOOLS.values() if tool.wrote(document.values)), None)
    if tool is None:
        raise ConfigError(_unknown_tool(document))
    taking = Taking(document, Places.of(source, project))
    _replace(taking, tool, data, model)
    wanted = {**tool.assumed, **taking.given}
    order = [*(key for key in tool.keys if key in wanted), *(key for key in wanted if key not in tool.keys)]
    for key in order:
        _take(taking, tool, key, wanted[key])
    tool.finish(taking)
    if "data.train" not in taking.settings and not _explains_no_rows(taking.problems, tool):
        taking.refuse(tool.rows, "no_rows")
    _note(taking, tool)
    problems = [*taking.problems, *_refusals(taking)]
    if problems:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    return TakenOver(
        str(source),
        tool.title,
        taking.settings,
        taking.origins,
        tuple(taking.left_out),
        tuple(taking.notes),
        taking.files,
    )


def _unknown_tool(document: Document) -> Problem:
    expected = "; ".join(f"{tool.title}: {tool.required}, {', '.join(sorted(tool.marks))}" for tool in TOOLS.values())
    fix = say("scaffold.unknown_tool.fix", expected=expected)
    return Problem("unknown_tool", say("scaffold.unknown_tool"), fix, document.path)


def _take(taking: Taking, tool: Tool, key: str, value: Any) -> None:
    """Put one key where it belongs, or list it as left out."""
    convert = tool.keys.get(key)
    if isinstance(convert, str):
        taking.set(convert, value, key)
    elif convert is not None:
        convert(taking, key, value)
    elif key in tool.reasons:
        if is_switched_on(value):
            taking.leave(key, tool.reasons[key])
    elif key in REFUSED:
        if is_switched_on(value):
            taking.leave(key, "refused", what=say(REFUSED[key]))
    elif key in _library_keys():
        taking.set(f"training.{key}", value, key)
    else:
        _leave_unknown(taking, tool, key)


@cache
def _library_keys() -> frozenset[str]:
    """Keys that both tools hand to Hugging Face `TrainingArguments`, as this package does."""
    return frozenset(dataclass_fields("transformers", "training_args.py", "TrainingArguments")) | frozenset(OWN_KEYS)


def _leave_unknown(taking: Taking, tool: Tool, key: str) -> None:
    guess = nearest(key, [*tool.keys, *tool.reasons])
    if guess:
        taking.leave(key, "unknown_guess", name=guess)
    else:
        taking.leave(key, "unknown")


def _explains_no_rows(problems: list[Problem], tool: Tool) -> bool:
    """Whether something else was told that leaves no rows to train on."""
    return any(problem.field == tool.rows or problem.code == "stage" for problem in problems)


def _replace(taking: Taking, tool: Tool, data: str | None, model: str | None) -> None:
    """Put what the command line names in place of what the configuration names."""
    if model is not None:
        taking.given.pop(tool.required, None)
        taking.set("model.name", model, "--model")
    if data is not None:
        taking.given.pop(tool.rows, None)
        taking.set("data.train", data, "--data")


def _note(taking: Taking, tool: Tool) -> None:
    """Tell what follows from the values as a whole."""
    if taking.settings.get("data.validation") == "none":
        taking.note("no_held_out", tool=tool.title)


def _refusals(taking: Taking) -> list[Problem]:
    """What our settings have against the values, told with the key each came from."""
    problems: list[Problem] = []
    document = _document(taking, [name for name in taking.settings if not name.startswith(f"{ADAPTER}.")])
    try:
        parse_settings(document)
    except InputError as error:
        problems += [_traced(problem, taking) for problem in error.problems]
    if taking.settings.get("method.adapter") == FULL:
        return problems
    adapter = _section(taking.settings, ADAPTER)
    lines: dict[Key, int] = {(name,): _line(taking, f"{ADAPTER}.{name}") for name in adapter}
    try:
        read_method(Document(document.path, {**ADAPTER_METHOD, **adapter}, lines))
    except InputError as error:
        problems += [_traced(replace(fault, field=f"{ADAPTER}.{fault.field}"), taking) for fault in error.problems]
    return problems


def _document(taking: Taking, names: list[str]) -> Document:
    """The settings as the nested values of a file, each on the line of the key it came from."""
    nested: dict[str, Any] = {}
    lines: dict[Key, int] = {}
    for dotted in names:
        section, _, name = dotted.partition(".")
        nested.setdefault(section, {})[name] = taking.settings[dotted]
        lines[(section, name)] = _line(taking, dotted)
    return Document(taking.document.path, nested, lines)


def _line(taking: Taking, dotted: str) -> int:
    return taking.document.place_of(tuple(taking.origins[dotted].split(".")))[1]


def _traced(problem: Problem, taking: Taking) -> Problem:
    """The problem at the foreign key that caused it."""
    dotted = problem.field
    while dotted and dotted not in taking.origins:
        dotted = dotted.rpartition(".")[0]
    key = taking.origins.get(dotted, problem.field)
    return replace(problem, field=key, message=f"{dotted}: {problem.message}" if dotted else problem.message)


def _section(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    start = f"{name}."
    return {dotted.removeprefix(start): value for dotted, value in settings.items() if dotted.startswith(start)}
