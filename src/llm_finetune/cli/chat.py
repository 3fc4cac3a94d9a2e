"""The chat in a terminal: read a line, show the answer as it comes."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llm_finetune.cli.arguments import CheckpointOption, ConfigArguments, JsonOption, ProjectOption, open_with
from llm_finetune.cli.generate import BaseOption, SeedOption, TemperatureOption, TokensOption, TopPOption
from llm_finetune.cli.output import print_json, teller
from llm_finetune.errors import DataError
from llm_finetune.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from llm_finetune.generate.chat import ChatSession, Reply


def chat(
    arguments: ConfigArguments = None,
    *,
    base: BaseOption = False,
    temperature: TemperatureOption = 0.0,
    top_p: TopPOption = 1.0,
    seed: SeedOption = None,
    max_new_tokens: TokensOption = 512,
    checkpoint: CheckpointOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Talk with the tuned model; /help lists what can be typed besides.

    With --json the conversation is printed at the end.
    """
    from rich.console import Console

    from llm_finetune import workflow
    from llm_finetune.generate.answer import Sampling

    session = workflow.open_chat(
        open_with(project, arguments),
        base=base,
        checkpoint=checkpoint,
        sampling=Sampling(temperature, top_p, seed),
        max_new_tokens=max_new_tokens,
        tell=teller(quiet=False),
    )
    run_chat(session, Console(file=sys.stderr if as_json else sys.stdout, highlight=False))
    if as_json:
        print_json({"messages": session.history})


def run_chat(session: "ChatSession", console: "Console") -> None:
    """Talk until `/quit` or the end of input. Ctrl-C stops an answer, and at the prompt clears the line."""
    with contextlib.suppress(ImportError):  # Line editing and history where the platform has them.
        import readline  # noqa: F401
    _note(console, say("generate.chat_hello", who=say(f"generate.who_{_speaker(session)}")))
    while True:
        try:
            line = console.input(f"[bold]{say('generate.you')}>[/bold] ").strip()
        except KeyboardInterrupt:
            _note(console, f"\n{say('generate.interrupt_hint')}")
            continue
        except EOFError:
            console.print()
            return
        if line and _turn(session, console, line):
            return


def _turn(session: "ChatSession", console: "Console", line: str) -> bool:
    """Carry out a line; whether the chat is over."""
    from llm_finetune.generate.commands import is_command, run_command

    if is_command(line):
        outcome = run_command(session, line)
        if outcome.text:
            _note(console, outcome.text)
        return outcome.ends
    console.print(f"[bold cyan]{say(f'generate.label_{_speaker(session)}')}>[/bold cyan] ", end="")
    try:
        reply = session.ask(line, lambda piece: _show(console, piece))
    except DataError as error:
        _note(console, f"\n{error}")
        return False
    console.print()
    _tell_end(session, console, reply)
    return False


def _tell_end(session: "ChatSession", console: "Console", reply: "Reply") -> None:
    """Say why an answer ended, unless it ended by itself."""
    if not reply.text.strip():
        _note(console, say("generate.no_answer"))
    elif reply.stopped_by != "end":
        limit = session.generator.text_model.limit
        _note(console, say(f"generate.stopped_{reply.stopped_by}", tokens=session.max_new_tokens, limit=limit))


def _speaker(session: "ChatSession") -> str:
    return "tuned" if session.uses_tuned else "base"


def _show(console: "Console", piece: str) -> None:
    """Write a piece of an answer as it is: no markup, no wrapping, at once."""
    console.out(piece, end="", highlight=False)
    console.file.flush()


def _note(console: "Console", text: str) -> None:
    console.print(text, style="dim", markup=False, highlight=False)
