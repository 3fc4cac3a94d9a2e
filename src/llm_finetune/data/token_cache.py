"""Tokens of rows that were seen before, kept by the content of each row. Knows no limits and no configuration.

One SQLite file for each way of encoding (tokenizer, template, code), named by its fingerprint. A row is found by the
hash of what it holds, never by its place, size or time, so an edited row is tokenised again and no other. At most
FILES_KEPT files stay, the ones used last; in each, rows not used for DAYS_KEPT days are dropped. A cache that cannot be
read is built anew, one that cannot be written is done without: neither changes any token.
"""

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from zlib import crc32

from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import TrainOn
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.tokens import Tokens, pack, unpack
from llm_finetune.errors import Problem
from llm_finetune.messages import say

FILES_KEPT = 4
DAYS_KEPT = 30
LOCK_SECONDS = 20
"""How long to wait for another process that is writing."""
SUFFIX = ".sqlite"
_KEY_BYTES = 16
_CHECK_BYTES = 4
_KEYS_AT_ONCE = 500
"""SQLite takes 999 values in one statement in its older builds."""
_DAY_SECONDS = 86_400
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""Faults of a file that is not the one written here; the last says that its tables are others."""
_DECIDING_PACKAGES = ("llm-finetune", "transformers", "tokenizers", "jinja2")
_TABLE = "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"


class _DamagedError(ValueError):
    """A value is not what was written."""


def fingerprint_of(text_model: TextModel) -> str:
    """A hash of everything beside the row that decides its tokens."""
    tokenizer = text_model.tokenizer
    # Padding and truncation stand in front of `added_tokens`; calls change them, and they change no row's tokens.
    _, _, rest = tokenizer.backend_tokenizer.to_str().partition('"added_tokens"')
    facts = {
        "tokenizer": sha256(rest.encode("utf-8", "surrogatepass")).hexdigest(),
        "class": type(tokenizer).__name__,
        "special": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        "template": text_model.chat_template,
        "tool_template": text_model.tool_template,
        "arguments": dict(text_model.template_arguments),
        "system_role": text_model.system_role,
        "ends": sorted(text_model.end_ids),
        "packages": {name: _version(name) for name in _DECIDING_PACKAGES},
        "code": _code_sha256(),
        "byteorder": sys.byteorder,
        # Some templates write today's date.
        "day": _today() if "strftime_now" in f"{text_model.chat_template}{text_model.tool_template}" else None,
    }
    return sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _code_sha256() -> str:
    """Hash of this package's modules, so that no change of the code can find older tokens."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _today() -> int:
    return int(time.time() // _DAY_SECONDS)


def row_key(conversation: Conversation, train_on: TrainOn) -> bytes:
    """A hash of everything in the row that decides its tokens."""
    facts = (
        conversation.messages,
        conversation.tools,
        sorted(conversation.untrained),
        conversation.plain,
        train_on,
    )
    return sha256(json.dumps(facts).encode()).digest()[:_KEY_BYTES]


class TokenCache:
    """Tokens of rows by key. Faults are noted, never raised."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.found = 0
        """Rows that came from the cache."""
        self.stored = 0
        """Rows that were added to it."""
        self.notes: list[Problem] = []
        """What was wrong with the cache; at most one of each kind."""
        self._path = folder / f"{fingerprint[:32]}{SUFFIX}"
        self._connection: sqlite3.Connection | None = None
        self._open()

    def __enter__(self) -> "TokenCache":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lookup(self, keys: Sequence[bytes]) -> Mapping[bytes, list[Tokens]]:
        """What is known of these rows."""
        known: dict[bytes, list[Tokens]] = {}
        try:
            for chunk in _chunks(keys):
                known.update(self._select(chunk))
        except (sqlite3.Error, _DamagedError) as error:
            self._failed(error)
            return {}
        self.found += sum(1 for key in keys if key in known)
        return known

    def store(self, rows: Mapping[bytes, Sequence[Tokens]]) -> None:
        """Remember rows."""
        today = _today()
        values = [(key, today, _sealed(key, pack(parts))) for key, parts in rows.items()]
        if self._connection is None or not values:
            return
        try:
            with self._connection:
                self._connection.executemany("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", values)
        except sqlite3.Error as error:
            self._failed(error)
            return
        self.stored += len(values)

    def close(self) -> None:
        """Drop rows not used for long, and let the file go."""
        if self._connection is None:
            return
        # What cannot be dropped or closed now does no harm, and is told by the next run that uses the file.
        with contextlib.suppress(sqlite3.Error):
            _drop_old_rows(self._connection)
            self._connection.close()
        self._connection = None

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            (self._path.parent / ".gitignore").write_text("*\n", encoding="utf-8")  # rows of users are in here
            self._connection = _connected(self._path)
            self._path.touch()
            _remove_oldest(self._path)
        except (OSError, sqlite3.Error) as error:
            self._failed(error)

    def _select(self, keys: Sequence[bytes]) -> dict[bytes, list[Tokens]]:
        if self._connection is None:
            return {}
        marks = ",".join("?" * len(keys))
        found = self._connection.execute(f"SELECT key, value, used FROM rows WHERE key IN ({marks})", keys).fetchall()
        today = _today()
        stale = [(today, key) for key, _, used in found if used != today]
        if stale:
            with self._connection:
                self._connection.executemany("UPDATE rows SET used = ? WHERE key = ?", stale)
        return {key: unpack(_unsealed(key, value)) for key, value, _ in found}

    def _failed(self, error: Exception) -> None:
        """Build a damaged file anew, once; go without one that cannot be used."""
        damaged = isinstance(error, _DamagedError) or _code_of(error) in _DAMAGED
        self._drop_connection()
        if damaged and not self.notes:
            self.notes.append(_note("token_cache_rebuilt", error))
            try:
                _remove(self._path)
            except OSError as fault:
                self.notes.append(_note("token_cache_off", fault))
            else:
                self._open()
            return
        self.notes.append(_note("token_cache_off", error))

    def _drop_connection(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def _connected(path: Path) -> sqlite3.Connection:
    """An open file with its table. Commits are not forced to the disk: a power cut costs rows, which a check finds."""
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS)
    connection.text_factory = bytes  # a damaged file may hold a text where bytes were
    try:
        # Readers and a writer at once. The switch does not wait for others, and the mode it finds will do as well.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _drop_old_rows(connection: sqlite3.Connection) -> None:
    """Once a day, because it looks at every row."""
    today = _today()
    if connection.execute("PRAGMA user_version").fetchone()[0] == today:
        return
    with connection:
        connection.execute("DELETE FROM rows WHERE used < ?", (today - DAYS_KEPT,))
        connection.execute(f"PRAGMA user_version = {today}")


def _remove_oldest(newest: Path) -> None:
    """Keep the files used last. What another process removes or holds at this moment is left to the next time."""
    with contextlib.suppress(OSError):
        others = [path for path in newest.parent.glob(f"*{SUFFIX}") if path != newest]
        for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[FILES_KEPT - 1 :]:
            _remove(path)


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _sealed(key: bytes, data: bytes) -> bytes:
    """The bytes behind a check of them: SQLite itself does not notice a changed page."""
    return crc32(data, crc32(key)).to_bytes(_CHECK_BYTES, "little") + data


def _unsealed(key: bytes, value: object) -> bytes:
    """The bytes, if they are those that were written."""
    if isinstance(value, bytes) and _sealed(key, value[_CHECK_BYTES:]) == value:
        return value[_CHECK_BYTES:]
    raise _DamagedError(key.hex())


def _chunks(keys: Sequence[bytes]) -> list[list[bytes]]:
    waiting = iter(dict.fromkeys(keys))
    chunks = []
    while chunk := list(islice(waiting, _KEYS_AT_ONCE)):
        chunks.append(chunk)
    return chunks


def _code_of(error: Exception) -> int:
    """SQLite's number of a fault, without its details; 0 of other errors."""
    # Errors that Python's module raises by itself lack the number.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _note(code: str, error: Exception) -> Problem:
    return Problem(code, say(f"data.{code}", what=error), say(f"data.{code}.fix"))
