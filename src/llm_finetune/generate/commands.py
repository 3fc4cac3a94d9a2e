"""The commands of a chat, `/name argument`. Knows no terminal: a command gives the text to show."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llm_finetune.catalog import Catalog, UnknownNameError, nearest
from llm_finetune.generate.chat import ChatSession
from llm_finetune.messages import say


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to show after a command, and whether the chat is over."""

    text: str
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the chat."""

    run: Callable[[ChatSession, str], Outcome]
    title: str
    """Key of the sentence that `/help` shows."""
    argument: str = ""


def is_command(line: str) -> bool:
    """Whether a line is a command; a question may start with a slash followed by a space or another slash."""
    return line.startswith("/") and line[1:2].isalpha()


def run_command(session: ChatSession, line: str) -> Outcome:
    """Carry a command out. A wrong name is answered, not raised."""
    name, _, argument = line[1:].partition(" ")
    try:
        command = COMMANDS[name.lower()]
    except UnknownNameError as error:
        guess = nearest(name, error.known) or "help"
        return Outcome(say("generate.unknown_command", name=name, guess=guess))
    return command.run(session, argument.strip())


def _help(_session: ChatSession, _argument: str) -> Outcome:
    calls = {f"/{name} {command.argument}".rstrip(): command.title for name, command in COMMANDS.items()}
    width = max(map(len, calls))
    return Outcome("\n".join(f"{call:<{width}}  {say(title)}" for call, title in calls.items()))


def _new(session: ChatSession, _argument: str) -> Outcome:
    session.forget()
    return Outcome(say("generate.forgotten"))


def _base(session: ChatSession, _argument: str) -> Outcome:
    if session.base is None:
        return Outcome(say("generate.no_base"))
    session.uses_tuned = False
    return Outcome(say("generate.now_base"))


def _tuned(session: ChatSession, _argument: str) -> Outcome:
    if session.tuned is None:
        return Outcome(say("generate.no_tuned"))
    session.uses_tuned = True
    return Outcome(say("generate.now_tuned"))


def _save(session: ChatSession, argument: str) -> Outcome:
    if not argument:
        return Outcome(say("generate.save_where"))
    if not session.history:
        return Outcome(say("generate.nothing_to_save"))
    path = Path(argument).expanduser()
    try:
        session.save(path)
    except OSError as error:
        return Outcome(say("generate.not_saved", path=path, what=error.strerror or error))
    return Outcome(say("generate.saved", path=path, turns=len(session.history)))


def _quit(_session: ChatSession, _argument: str) -> Outcome:
    return Outcome("", ends=True)


COMMANDS: Catalog[Command] = Catalog(
    "command",
    {
        "help": Command(_help, "generate.help_help"),
        "new": Command(_new, "generate.help_new"),
        "base": Command(_base, "generate.help_base"),
        "tuned": Command(_tuned, "generate.help_tuned"),
        "save": Command(_save, "generate.help_save", "PATH"),
        "quit": Command(_quit, "generate.help_quit"),
    },
)
