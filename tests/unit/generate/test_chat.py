"""A conversation without a terminal: history, streaming, Ctrl-C, commands, the saved row."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import DataError
from llm_finetune.generate.chat import ChatSession, Reply
from llm_finetune.generate.commands import COMMANDS, is_command, run_command
from llm_finetune.generate.generator import Generator

Repeats = Callable[[Any, list[int]], None]


def nothing(_piece: str) -> None:
    pass


@pytest.fixture
def says_hi(model: Any, text_model: TextModel, repeats: Repeats) -> Generator:
    """A model whose answer is always "hi"."""
    repeats(model, [*text_model.encode("hi").ids, *text_model.end_ids])
    return Generator(model, text_model)


@pytest.fixture
def says_hi_on_and_on(model: Any, text_model: TextModel, repeats: Repeats) -> Generator:
    repeats(model, text_model.encode("hi").ids)
    return Generator(model, text_model)


def test_an_answer_comes_in_pieces_and_is_kept(says_hi: Generator) -> None:
    session, pieces = ChatSession(says_hi, None), list[str]()
    assert session.ask("hello", pieces.append) == Reply("hi", "end")
    assert pieces == ["h", "i"]
    assert session.history == [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]


def test_an_answer_is_the_same_streamed_and_batched(model: Any, text_model: TextModel) -> None:
    generator, pieces = Generator(model, text_model), list[str]()
    reply = ChatSession(generator, None, max_new_tokens=20).ask("你好", pieces.append)
    answer = generator.answers([[{"role": "user", "content": "你好"}]], max_new_tokens=20)[0]
    assert (reply.text, reply.stopped_by) == (answer.text, answer.stopped_by)
    assert "".join(pieces) == answer.text


def test_the_model_is_fed_the_ids_of_training(
    says_hi: Generator, text_model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T05: with a system prompt of the configuration, chat sends what a training row of the same turns begins with."""
    with_system = replace(text_model, system="Be brief.")
    fed: list[list[int]] = []
    original = says_hi.model.generate
    monkeypatch.setattr(
        says_hi.model, "generate", lambda **values: fed.append(values["input_ids"][0].tolist()) or original(**values)
    )
    session = ChatSession(replace(says_hi, text_model=with_system), None)
    session.ask("hello", nothing)
    session.ask("again", nothing)
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}]
    row = text_model.encode(text_model.render([*turns, {"role": "assistant", "content": "hi"}])).ids
    assert row[: len(fed[0])] == fed[0]
    longer = [*turns, {"role": "assistant", "content": "hi"}, {"role": "user", "content": "again"}]
    assert fed[1] == text_model.encode(text_model.render(longer, add_generation_prompt=True)).ids


def test_ctrl_c_stops_an_answer_and_keeps_it(says_hi_on_and_on: Generator) -> None:
    session, pieces = ChatSession(says_hi_on_and_on, None), list[str]()

    def interrupt(piece: str) -> None:
        pieces.append(piece)
        if len(pieces) == 3:
            raise KeyboardInterrupt

    assert session.ask("hello", interrupt) == Reply("hih", "interrupt")
    assert session.history[-1] == {"role": "assistant", "content": "hih"}
    assert session.ask("go on", nothing).stopped_by == "limit"


def test_ctrl_c_before_the_first_word_keeps_nothing(says_hi: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_values: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(says_hi.model, "generate", interrupt)
    session = ChatSession(says_hi, None)
    assert session.ask("hello", nothing) == Reply("", "interrupt")
    assert session.history == []


def test_lengths_are_told_apart(says_hi_on_and_on: Generator) -> None:
    session = ChatSession(says_hi_on_and_on, None, max_new_tokens=4)
    assert session.ask("hello", nothing) == Reply("hihi", "length")
    full = ChatSession(says_hi_on_and_on, None, max_new_tokens=4000)
    assert full.ask("hello", nothing).stopped_by == "limit"


def test_a_conversation_that_no_longer_fits_says_so_and_keeps_its_history(says_hi: Generator) -> None:
    session = ChatSession(says_hi, None)
    session.ask("hello", nothing)
    with pytest.raises(DataError, match="256"):
        session.ask("word " * 300, nothing)
    assert len(session.history) == 2
    assert session.ask("hello", nothing).text == "hi"


def test_a_first_message_that_is_too_long_is_told_with_its_length(says_hi: Generator) -> None:
    with pytest.raises(DataError, match="prompt 1 has"):
        ChatSession(says_hi, None).ask("word " * 300, nothing)


def test_a_chat_needs_a_model() -> None:
    with pytest.raises(ValueError, match="needs a model"):
        ChatSession(None, None)


def test_base_and_tuned_take_turns(adapted: Any, text_model: TextModel) -> None:
    tuned, base = Generator(adapted, text_model), Generator(adapted, text_model, tuned=False)
    session = ChatSession(tuned, base, max_new_tokens=8)
    first = session.ask("hello", nothing)
    run_command(session, "/new")
    assert not session.history
    run_command(session, "/base")
    assert session.ask("hello", nothing) != first
    run_command(session, "/new")
    run_command(session, "/tuned")
    assert session.ask("hello", nothing) == first


def test_a_side_that_is_not_there_is_refused(says_hi: Generator) -> None:
    only_base = ChatSession(None, replace(says_hi, tuned=False))
    assert not only_base.uses_tuned
    assert "no tuned model" in run_command(only_base, "/tuned").text
    assert not only_base.uses_tuned
    only_tuned = ChatSession(says_hi, None)
    assert "not loaded" in run_command(only_tuned, "/base").text
    assert only_tuned.uses_tuned


def test_help_names_every_command(says_hi: Generator) -> None:
    text = run_command(ChatSession(says_hi, None), "/help").text
    assert all(f"/{name}" in text for name in COMMANDS)
    assert list(COMMANDS) == ["help", "new", "base", "tuned", "save", "quit"]


def test_a_wrong_command_gets_the_right_one(says_hi: Generator) -> None:
    outcome = run_command(ChatSession(says_hi, None), "/sav x.jsonl")
    assert "/save" in outcome.text
    assert not outcome.ends


def test_quit_ends(says_hi: Generator) -> None:
    assert run_command(ChatSession(says_hi, None), "/quit").ends


@pytest.mark.parametrize(
    ("line", "expected"), [("/help", True), ("/ what is this", False), ("//x", False), ("a /help", False), ("/", False)]
)
def test_what_a_command_is(line: str, expected: bool) -> None:
    assert is_command(line) is expected


def test_the_saved_row_is_a_training_row(says_hi: Generator, text_model: TextModel, tmp_path: Path) -> None:
    from llm_finetune.data.formats.messages import FORMAT
    from llm_finetune.data.rows import Row

    path = tmp_path / "new folder" / "chats.jsonl"
    session = ChatSession(replace(says_hi, text_model=replace(text_model, system="Be brief.")), None)
    assert "Nothing" in run_command(session, f"/save {path}").text
    assert "Name a file" in run_command(session, "/save").text
    session.ask("你好", nothing)
    assert str(path) in run_command(session, f"/save {path}").text
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    run_command(session, f"/save {path}")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    row = json.loads(lines[1])
    assert [turn["role"] for turn in row["messages"]] == ["system", "user", "assistant"]
    assert "你好" in lines[0]
    assert FORMAT.convert(Row(row, "chats.jsonl", 1), frozenset()).problems == ()


def test_a_file_that_cannot_be_written_is_told(says_hi: Generator, tmp_path: Path) -> None:
    session = ChatSession(says_hi, None)
    session.ask("hello", nothing)
    assert "not written" in run_command(session, f"/save {tmp_path}").text
