"""`init`: write a new project folder."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from llm_finetune.cli.arguments import JsonOption
from llm_finetune.cli.output import print_json, print_line
from llm_finetune.messages import say


class Language(StrEnum):
    """Languages of the README and of the comments in the configuration."""

    ENGLISH = "en"
    TRADITIONAL_CHINESE = "zh-TW"


def init(
    folder: Annotated[Path, typer.Argument(help="The new folder.", metavar="DIR")],
    lang: Annotated[Language, typer.Option("--lang", help="Language of README and comments.")] = Language.ENGLISH,
    data: Annotated[
        Path | None, typer.Option("--data", help="Start from your own training rows.", metavar="FILE")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Start from this base model.", metavar="ID")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a new project: configuration, example data, script, README."""
    from llm_finetune.scaffold.create import create_project

    created = create_project(folder, language=str(lang), data=data, model=model)
    if as_json:
        print_json({"folder": str(folder), "files": created})
        return
    for name in created:
        print_line(f"  {folder / name}")
    print_line(say("cli.init.next", folder=folder))
