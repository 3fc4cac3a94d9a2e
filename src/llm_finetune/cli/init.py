"""`init`: write a new project folder."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_finetune.cli.arguments import JsonOption
from llm_finetune.cli.output import print_json, print_line
from llm_finetune.messages import say

if TYPE_CHECKING:
    from llm_finetune.scaffold.foreign.take import TakenOver


class Language(StrEnum):
    """Languages of the README and of the comments in the configuration."""

    ENGLISH = "en"
    TRADITIONAL_CHINESE = "zh-TW"


def init(
    folder: Annotated[Path, typer.Argument(help="The new folder.", metavar="DIR")],
    *,
    lang: Annotated[Language, typer.Option("--lang", help="Language of README and comments.")] = Language.ENGLISH,
    data: Annotated[
        Path | None, typer.Option("--data", help="Start from your own training rows.", metavar="FILE")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Start from this base model.", metavar="ID")] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Take over a configuration of Axolotl or LLaMA-Factory, and list what has no equivalent.",
            metavar="FILE",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a new project: configuration, example data, script, README."""
    from llm_finetune.scaffold.create import create_project

    taken = _taken_over(source, folder, data, model)
    created = create_project(folder, language=str(lang), data=data, model=model, taken=taken)
    if as_json:
        print_json({"folder": str(folder), "files": created, **(taken.as_dict() if taken else {})})
        return
    for name in created:
        print_line(f"  {folder / name}")
    if taken is not None:
        _print_taken(taken)
    print_line(say("cli.init.next", folder=folder))


def _taken_over(source: Path | None, folder: Path, data: Path | None, model: str | None) -> "TakenOver | None":
    """The settings that another tool's configuration asks for, if one is named."""
    if source is None:
        return None
    from llm_finetune.project import TRAIN_DATA_NAME
    from llm_finetune.scaffold.create import model_name
    from llm_finetune.scaffold.foreign.take import take_over

    rows, base = TRAIN_DATA_NAME if data else None, model_name(model) if model else None
    return take_over(source, folder, data=rows, model=base)


def _print_taken(taken: "TakenOver") -> None:
    print_line(say("scaffold.foreign.taken", tool=taken.tool, count=len(taken.settings)))
    for note in taken.notes:
        print_line(f"  {note.sentence()}")
    if taken.left_out:
        print_line(say("scaffold.foreign.listed", count=len(taken.left_out)))
    for item in taken.left_out:
        print_line(f"  {item.key}: {item.sentence()}")
