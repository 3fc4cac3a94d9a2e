"""The chat's terminal loop, with lines from a script instead of a keyboard."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from llm_finetune.cli.chat import run_chat
from llm_finetune.errors import DataError
from llm_finetune.generate.chat import ChatSession, Reply


class ScriptedSession(ChatSession):
    """Answers every question with its own words, and does as some of them say."""

    def ask(self, question: str, on_piece: Callable[[str], None]) -> Reply:
        if question == "too long":
            raise DataError("no room")
        if question == "say nothing":
            return Reply("", "interrupt")
        for piece in ("[bold]you said[/bold] ", question):
            on_piece(piece)
        return Reply(question, "interrupt" if question == "stop" else "end")


def talk(monkeypatch: pytest.MonkeyPatch, *lines: str | type[BaseException]) -> str:
    waiting = list(lines)

    def read(_self: Console, prompt: str = "", **_options: Any) -> str:
        line = waiting.pop(0) if waiting else EOFError
        if isinstance(line, str):
            return line
        raise line

    monkeypatch.setattr(Console, "input", read)
    generator: Any = SimpleNamespace(text_model=SimpleNamespace(limit=64))
    output = io.StringIO()
    run_chat(ScriptedSession(generator, generator), Console(file=output, width=60))
    assert not waiting
    return output.getvalue()


def test_the_answer_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "word " * 40
    output = talk(monkeypatch, long)
    assert "tuned> [bold]you said[/bold] " + long.strip() in output


def test_commands_are_carried_out_and_quit_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    output = talk(monkeypatch, "", "/base", "hello", "/quit")
    assert "base> [bold]you said[/bold] hello" in output
    assert "tuned>" not in output


def test_the_end_of_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "The tuned model answers" in talk(monkeypatch, EOFError)


def test_ctrl_c_at_the_prompt_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    output = talk(monkeypatch, KeyboardInterrupt, "hello", "/quit")
    assert "/quit leaves" in output
    assert "you said[/bold] hello" in output


def test_a_stopped_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "(stopped; what was said is kept)" in talk(monkeypatch, "stop")


def test_a_question_that_got_no_answer_is_told_not_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    output = talk(monkeypatch, "say nothing")
    assert "the question was not kept" in output
    assert "what was said is kept" not in output


def test_a_conversation_without_room_is_told_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    output = talk(monkeypatch, "too long", "hello")
    assert "no room" in output
    assert "you said[/bold] hello" in output
