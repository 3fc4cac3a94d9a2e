"""Tokens of rows seen before: found by content, never wrong, never in the way."""

import os
import sqlite3
import threading
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data import token_cache
from llm_finetune.data.rows import Conversation
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.token_cache import FILES_KEPT, TokenCache, fingerprint_of, row_key
from llm_finetune.data.tokens import TOKEN_TYPE, Tokens

ROW = Conversation(({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}), "a", 1)
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def tokens(number: int) -> list[Tokens]:
    return [Tokens(array(TOKEN_TYPE, range(number, number + 5)), ((2, 5),))]


def keys(count: int) -> list[bytes]:
    return [row_key(replace(ROW, messages=({"role": "assistant", "content": str(n)},)), "all") for n in range(count)]


def filled(folder: Path, count: int = 3, fingerprint: str = "f" * 32) -> list[bytes]:
    with TokenCache(folder, fingerprint) as cache:
        cache.store({key: tokens(number) for number, key in enumerate(keys(count))})
        assert (cache.stored, cache.notes) == (count, [])
    return keys(count)


@pytest.fixture
def file_of(tmp_path: Path) -> Path:
    """The file of a cache with three rows."""
    filled(tmp_path)
    (path,) = tmp_path.glob("*.sqlite")
    return path


def test_what_was_stored_is_found_by_a_later_run(tmp_path: Path) -> None:
    known = filled(tmp_path, 1200)
    with TokenCache(tmp_path, "f" * 32) as cache:
        assert cache.lookup([*known, b"0" * 16, known[0]]) == {key: tokens(n) for n, key in enumerate(known)}
        assert cache.found == 1201
        assert cache.lookup([]) == {}
    with TokenCache(tmp_path, "e" * 32) as other:
        assert other.lookup(known) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"messages": ({"role": "user", "content": "Ho"}, {"role": "assistant", "content": "Hello"})},
        {"messages": ({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hallo"})},
        {"messages": ({"role": "system", "content": "Hi"}, {"role": "assistant", "content": "Hello"})},
        {"tools": (TOOL,)},
        {"untrained": frozenset({1})},
        {"plain": True},
    ],
)
def test_everything_that_decides_tokens_is_in_the_key(changed: dict[str, Any]) -> None:
    assert row_key(replace(ROW, **changed), "assistant") != row_key(ROW, "assistant")
    assert row_key(ROW, "all") != row_key(ROW, "assistant")


def test_place_and_group_are_not_in_the_key() -> None:
    assert row_key(replace(ROW, path="b", line=9, group="g"), "all") == row_key(ROW, "all")


@pytest.mark.parametrize(
    "changed",
    [
        {"chat_template": "{{ messages }}"},
        {"end_ids": frozenset({1})},
        {"system_role": "fold"},
        {"template_arguments": {"enable_thinking": False}},
    ],
)
def test_everything_that_decides_tokens_is_in_the_fingerprint(
    changed: dict[str, Any], tiny_text_model: TextModel
) -> None:
    assert fingerprint_of(replace(tiny_text_model, **changed)) != fingerprint_of(tiny_text_model)


def test_a_fingerprint_is_the_tokenizers_and_not_its_padding(tiny_text_model: TextModel) -> None:
    before = fingerprint_of(tiny_text_model)
    tiny_text_model.tokenizer(["a", "b c"], padding=True, truncation=True, max_length=4)
    assert fingerprint_of(tiny_text_model) == before
    tiny_text_model.tokenizer.add_special_tokens({"additional_special_tokens": ["<|extra|>"]})
    assert fingerprint_of(tiny_text_model) != before


def test_a_template_that_writes_the_date_is_known_for_a_day(
    tiny_text_model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated = replace(tiny_text_model, chat_template="{{ strftime_now('%d') }}")
    before, plain = fingerprint_of(dated), fingerprint_of(tiny_text_model)
    monkeypatch.setattr(token_cache, "_today", lambda: 1)
    assert fingerprint_of(dated) != before
    assert fingerprint_of(tiny_text_model) == plain


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300, None])
def test_a_damaged_file_is_built_anew(file_of: Path, content: bytes | None) -> None:
    whole = file_of.read_bytes()
    file_of.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096) if content is None else content)
    with TokenCache(file_of.parent, "f" * 32) as cache:
        assert cache.lookup(keys(3)) == {}
        cache.store({keys(1)[0]: tokens(0)})
        assert cache.lookup(keys(1)) == {keys(1)[0]: tokens(0)}
        assert [note.code for note in cache.notes] == ([] if content == b"" else ["token_cache_rebuilt"])
    with TokenCache(file_of.parent, "f" * 32) as cache:
        assert cache.lookup(keys(1)) == {keys(1)[0]: tokens(0)}
        assert cache.notes == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET value = substr(value, 1, length(value) - 1) || x'07'",
        "UPDATE rows SET value = 'text'",
        "UPDATE rows SET value = x''",
        "DROP TABLE rows",
        "ALTER TABLE rows RENAME COLUMN used TO other",
    ],
)
def test_changed_values_and_tables_are_noticed(file_of: Path, statement: str) -> None:
    with sqlite3.connect(file_of) as connection:
        connection.execute(statement)
    connection.close()
    with TokenCache(file_of.parent, "f" * 32) as cache:
        assert cache.lookup(keys(3)) == {}
        cache.store({keys(1)[0]: tokens(0)})
        assert cache.lookup(keys(1)) == {keys(1)[0]: tokens(0)}
        expected = [] if statement.startswith("DROP") else ["token_cache_rebuilt"]
        assert [note.code for note in cache.notes] == expected


def test_swapped_values_are_noticed(file_of: Path) -> None:
    one, two, _ = keys(3)
    with sqlite3.connect(file_of) as connection:
        (value,) = connection.execute("SELECT value FROM rows WHERE key = ?", (two,)).fetchone()
        connection.execute("UPDATE rows SET value = ? WHERE key = ?", (value, one))
    connection.close()
    with TokenCache(file_of.parent, "f" * 32) as cache:
        assert cache.lookup([one]) == {}
        assert [note.code for note in cache.notes] == ["token_cache_rebuilt"]


@pytest.fixture
def tiny_text_model(tiny_model_folder: Path) -> TextModel:
    """A tokenizer of its own for each test."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder)
    return TextModel(tokenizer, tokenizer.chat_template, frozenset({2}), 512)


def goes_without(cache: TokenCache) -> None:
    """Nothing is stored, nothing raised, and that is told once."""
    cache.store({key: tokens(0) for key in keys(2)})
    assert cache.lookup(keys(2)) == {}
    cache.store({key: tokens(0) for key in keys(2)})
    assert [note.code for note in cache.notes] == ["token_cache_off"]
    assert cache.stored == 0
    cache.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    goes_without(TokenCache(tmp_path / "file" / "tokens", "f" * 32))


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        goes_without(TokenCache(tmp_path, "f" * 32))
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = token_cache._connected

    def small(path: Path) -> sqlite3.Connection:
        connection = connected(path)
        connection.execute("PRAGMA max_page_count = 4")
        return connection

    monkeypatch.setattr(token_cache, "_connected", small)
    cache = TokenCache(tmp_path, "f" * 32)
    cache.store({key: tokens(0) * 100 for key in keys(500)})
    assert [note.code for note in cache.notes] == ["token_cache_off"]
    assert "full" in str(cache.notes[0])
    assert cache.lookup(keys(500)) == {}
    cache.close()


def test_a_file_that_another_process_locks(file_of: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "LOCK_SECONDS", 0.05)
    blocker = sqlite3.connect(file_of, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    cache = TokenCache(file_of.parent, "f" * 32)
    known = cache.lookup(keys(3))  # readers do not wait for a writer
    assert len(known) == 3
    cache.store({b"x" * 16: tokens(0)})
    assert [note.code for note in cache.notes] == ["token_cache_off"]
    cache.close()
    blocker.execute("COMMIT")
    blocker.close()


def test_two_at_the_same_time(tmp_path: Path) -> None:
    faults: list[Any] = []
    numbered = list(enumerate(keys(500)))

    def work(first: int) -> None:
        with TokenCache(tmp_path, "f" * 32) as cache:
            for start in range(first, first + 300, 10):
                cache.store({key: tokens(number) for number, key in numbered[start : start + 10]})
                cache.lookup([key for _, key in numbered[:50]])
            faults.extend(cache.notes)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with TokenCache(tmp_path, "f" * 32) as cache:
        assert cache.lookup(keys(501)) == {key: tokens(n) for n, key in enumerate(keys(500))}


def test_the_files_used_last_are_kept(tmp_path: Path) -> None:
    for name in "0120345":
        filled(tmp_path, 1, name * 32) if name != "0" else TokenCache(tmp_path, "0" * 32).close()
        for path in tmp_path.glob("*.sqlite"):  # an hour passes
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
    assert FILES_KEPT == 4
    assert sorted(path.name[0] for path in tmp_path.glob("*.sqlite")) == ["0", "3", "4", "5"]


def test_rows_not_used_for_long_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "_today", lambda: 100)
    known = filled(tmp_path, 3)
    monkeypatch.setattr(token_cache, "_today", lambda: 120)
    with TokenCache(tmp_path, "f" * 32) as cache:
        assert len(cache.lookup(known[:1])) == 1
    monkeypatch.setattr(token_cache, "_today", lambda: 131)
    with TokenCache(tmp_path, "f" * 32):
        pass
    with TokenCache(tmp_path, "f" * 32) as cache:
        assert set(cache.lookup(known)) == {known[0]}
