"""The command `llm-finetune`: its verbs, and how errors end it. Imports nothing heavy."""

import sys
from importlib import import_module
from typing import Annotated, TextIO

import typer

from llm_finetune import __version__
from llm_finetune.data.visible import visible
from llm_finetune.errors import FinetuneError, InputError
from llm_finetune.messages import say

VERBS: dict[str, str] = {
    # Verb → module:function, in the order of the journey.
    "init": "llm_finetune.cli.init:init",
    "check": "llm_finetune.cli.check:check",
    "preview": "llm_finetune.cli.preview:preview",
    "stats": "llm_finetune.cli.stats:stats",
    "rehearse": "llm_finetune.cli.rehearse:rehearse",
    "plan": "llm_finetune.cli.plan:plan",
    "train": "llm_finetune.cli.train:train",
    "evaluate": "llm_finetune.cli.evaluate:evaluate",
    "generate": "llm_finetune.cli.generate:generate",
    "chat": "llm_finetune.cli.chat:chat",
    "merge": "llm_finetune.cli.merge:merge",
    "push": "llm_finetune.cli.push:push",
    "runs": "llm_finetune.cli.runs:runs",
    "methods": "llm_finetune.cli.methods:methods",
    "env": "llm_finetune.cli.env:env",
    "schema": "llm_finetune.cli.schema:schema",
}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _root(
    _shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Fine-tune a language model from a file of examples, see what is trained, and prove that it is better."""


def build_app() -> typer.Typer:
    """The command with all its verbs."""
    application = typer.Typer(
        name="llm-finetune",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    application.callback()(_root)
    for verb, place in VERBS.items():
        module, function = place.split(":")
        application.command(verb)(getattr(import_module(module), function))
    return application


app = build_app()


def tell_error(error: FinetuneError, stream: TextIO) -> None:
    """Write an error as its user should read it: one line a problem, and nothing in it moves the cursor."""
    if isinstance(error, InputError):
        for problem in error.problems:
            stream.write(f"{visible(str(problem))}\n")
        if len(error.problems) > 1:
            stream.write(say("cli.problems", count=len(error.problems)) + "\n")
    else:
        stream.write(f"{visible(str(error))}\n")


def _readable_streams() -> None:
    """Characters that the terminal cannot show are replaced on screen; files are always UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a test or another program may have put its own stream there
            stream.reconfigure(errors="replace")


def main() -> None:
    """Run the command line and end with its exit code."""
    _readable_streams()
    try:
        app()
    except FinetuneError as error:
        tell_error(error, sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; there is nobody to tell
        sys.exit(141)
    except OSError as error:
        sys.stderr.write(say("cli.os_error", path=error.filename or "", what=error.strerror or error) + "\n")
        sys.exit(FinetuneError.exit_code)
