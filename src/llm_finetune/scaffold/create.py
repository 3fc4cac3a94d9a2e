"""Write a new project folder from the templates and the demonstration data. Reads no settings and no rows."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from llm_finetune import __version__
from llm_finetune.catalog import nearest
from llm_finetune.errors import InputError, Problem, UsageError
from llm_finetune.files import write_text
from llm_finetune.messages import LANGUAGES, say, say_in
from llm_finetune.project import (
    ADAPTER_CONFIG_NAME,
    CONFIG_NAME,
    README_NAME,
    REQUIREMENTS_NAME,
    SCRIPT_NAME,
    TRAIN_DATA_NAME,
    VALIDATION_DATA_NAME,
    Project,
)
from llm_finetune.scaffold.yaml_text import yaml_block, yaml_text

if TYPE_CHECKING:
    from llm_finetune.scaffold.foreign.take import TakenOver

HOME = Path(__file__).resolve().parent
SCHEMA = HOME / "finetune.schema.json"
DEMO = HOME / "demo"
DEFAULT_MODEL = "smollm2-135m-instruct"
OWN_DATA_VALIDATION_SHARE = "0.1"

TEMPLATES: dict[str, str] = {
    # File of the project → its template; `{language}` where there is one for each language.
    ADAPTER_CONFIG_NAME: "lora_config.json",
    CONFIG_NAME: "{language}/finetune.yaml",
    SCRIPT_NAME: "run_finetune.py",
    REQUIREMENTS_NAME: "requirements.txt",
    README_NAME: "{language}/README.md",
}


def create_project(
    target: Path, *, language: str, data: Path | None, model: str | None, taken: "TakenOver | None" = None
) -> list[str]:
    """Make a project in `target`, which must be new or empty; give the files made, in order.

    With `data`, its bytes become the training rows; else the demonstration rows are copied. `model` replaces
    the embedded default model. With `taken`, both configuration files are written from it, and no rows are copied
    unless there is `data`.

    Raises: InputError if the folder is not empty or cannot be written, the data file is missing, or the
    language is unknown.
    """
    _require(target, language, data)
    rows = {TRAIN_DATA_NAME: data} if data else {} if taken else _demo_rows()
    texts = _texts(language, _values(target, language, rows, model))
    if taken is not None:
        texts |= _taken_texts(taken, language, texts[README_NAME])
    try:
        _write_folder(target, texts, rows)
    except OSError as error:
        raise InputError(
            Problem(
                "not_writable",
                say("scaffold.not_writable", what=error.strerror or error),
                say("scaffold.not_writable.fix"),
                str(error.filename or target),
            )
        ) from error
    return [*texts, *rows]


def _require(target: Path, language: str, data: Path | None) -> None:
    problems = []
    if language not in LANGUAGES:
        guess = nearest(language, LANGUAGES)
        message = say("scaffold.unknown_language", name=language)
        hint = f"{say('config.did_you_mean', name=guess)} " if guess else ""
        fix = hint + say("scaffold.unknown_language.fix", names=", ".join(LANGUAGES))
        problems.append(Problem("unknown_language", message, fix, "", 0, "--lang"))
    if data is not None and not data.is_file():
        problems.append(Problem("missing_file", say("scaffold.no_data"), say("scaffold.no_data.fix"), str(data)))
    if problem := _folder_problem(target):
        problems.append(problem)
    if problems:
        raise UsageError(problems)


def _folder_problem(target: Path) -> Problem | None:
    if target.is_dir():
        taken = any(target.iterdir())
        key = "not_empty" if taken else ""
    else:
        key = "not_a_folder" if target.exists() or target.is_symlink() else ""
    if not key:
        return None
    return Problem(key, say(f"scaffold.{key}"), say(f"scaffold.{key}.fix"), str(target))


def _values(target: Path, language: str, rows: Mapping[str, Path], model: str | None) -> dict[str, str]:
    """What the templates leave open. Held-out rows are among the rows only in the demonstration."""
    is_demo = VALIDATION_DATA_NAME in rows
    return {
        "name": target.resolve().name,
        "version": __version__,
        "schema": SCHEMA.as_uri(),
        "model": yaml_text(model_name(model)),
        "validation": VALIDATION_DATA_NAME if is_demo else OWN_DATA_VALIDATION_SHARE,
        "system": yaml_block((DEMO / "system.txt").read_text(encoding="utf-8")) if is_demo else "null",
        "train_row": say_in(language, "scaffold.train_row") if rows else "",
        "validation_row": say_in(language, "scaffold.validation_row") if is_demo else "",
        "demo_note": say_in(language, "scaffold.demo_note") if is_demo else "",
    }


def model_name(model: str | None) -> str:
    """The model as the project names it: a folder by its full path, since the project lies elsewhere."""
    if model is None:
        return DEFAULT_MODEL
    folder = Path(model)
    return str(folder.resolve()) if folder.is_dir() else model


def _demo_rows() -> dict[str, Path]:
    return {name: DEMO / Path(name).name for name in (TRAIN_DATA_NAME, VALIDATION_DATA_NAME)}


def _texts(language: str, values: Mapping[str, str]) -> dict[str, str]:
    """The files that come from templates, with everything filled in."""
    paths = {name: HOME / "templates" / template.format(language=language) for name, template in TEMPLATES.items()}
    return {name: Template(path.read_text(encoding="utf-8")).substitute(values) for name, path in paths.items()}


def _taken_texts(taken: "TakenOver", language: str, readme: str) -> dict[str, str]:
    """The files that are different where another tool's configuration was taken over."""
    from llm_finetune.scaffold.foreign.write import adapter_text, configuration_text

    note = say_in(language, "scaffold.foreign_note", source=Path(taken.source).name, tool=taken.tool)
    return {
        ADAPTER_CONFIG_NAME: adapter_text(taken),
        CONFIG_NAME: configuration_text(taken, language, SCHEMA.as_uri()),
        README_NAME: readme.rstrip("\n") + "\n" + note,
        **taken.files,
    }


def _write_folder(target: Path, texts: Mapping[str, str], rows: Mapping[str, Path]) -> None:
    project, is_complete = Project.at(target), False
    try:
        for folder in (project.adapter, project.logs):
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_text(target / name, text)
        for name, source in rows.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
        is_complete = True
    finally:
        if not is_complete:
            _empty(target)


def _empty(target: Path) -> None:
    """Take half a project away again, so that the command can be repeated. The folder was empty before."""
    for entry in target.iterdir() if target.is_dir() else ():
        shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
