"""The message catalogue: every sentence a user reads, by key, one module a room. Knows no stage.

A text is English, or a pair of English and Traditional Chinese (Taiwan). The language is `LLM_FINETUNE_LANG`
(`en` or `zh-TW`); a text without a translation is shown in English.
"""

import os
from importlib import import_module

Text = str | tuple[str, str]
ROOMS = (
    "config",
    "data",
    "model",
    "methods",
    "plan",
    "train",
    "generate",
    "evaluate",
    "deliver",
    "scaffold",
    "page",
    "study",
    "cli",
)
LANGUAGES = ("en", "zh-TW")
LANGUAGE_VARIABLE = "LLM_FINETUNE_LANG"

_loaded: dict[str, dict[str, Text]] = {}


def texts_of(room: str) -> dict[str, Text]:
    """All texts of a room, by key."""
    if room not in _loaded:
        _loaded[room] = import_module(f"llm_finetune.messages.{room}").TEXTS
    return _loaded[room]


def language() -> str:
    """The language in force."""
    chosen = os.environ.get(LANGUAGE_VARIABLE, "en")
    return chosen if chosen in LANGUAGES else "en"


def say(key: str, /, **values: object) -> str:
    """The text of a key in the language in force, with its values filled in. A key starts with its room's name.

    Raises: KeyError for a key that no room holds.
    """
    return say_in(language(), key, **values)


def say_in(lang: str, key: str, /, **values: object) -> str:
    """The text of a key in a given language."""
    text = texts_of(_room_of(key))[key]
    if isinstance(text, tuple):
        text = text[1] if lang == "zh-TW" else text[0]
    return text.format(**values)


def _room_of(key: str) -> str:
    room = key.split(".", 1)[0]
    if room not in ROOMS:
        raise KeyError(f"message key {key!r} names no room of {', '.join(ROOMS)}")
    return room
