"""Control tokens that users spell in their texts: found, and kept from becoming tokens.

Before a template is filled in, every such spelling is replaced by as many private-use characters, so that what the
template writes and what a user wrote are told apart for certain; afterwards it is put back, and its place is known.
Knows no masks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.mask import Span
from llm_finetune.data.private_use import private_range, texts_in
from llm_finetune.data.rows import Message

_THINKING = frozenset({"<think>", "</think>"})
"""Answers write these themselves; there they stay what they are."""


@dataclass(frozen=True, slots=True)
class Disguise:
    """Messages in which no control token is spelled, and how to put the spellings back."""

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...]
    spelling_of: Mapping[str, str]
    """The spelling that a private-use character stands for; empty where nothing was replaced."""

    def undone(self, text: str) -> tuple[str, tuple[Span, ...]]:
        """The text as it was meant, of the same length, and where spellings stand in it."""
        if not self.spelling_of:
            return text, ()
        found = list(re.finditer("|".join(f"{character}+" for character in self.spelling_of), text))
        pieces, shown = [], 0
        for run in found:
            spelling, length = self.spelling_of[run[0][0]], len(run[0])
            pieces += [text[shown : run.start()], (spelling * length)[:length]]
            shown = run.end()
        return "".join([*pieces, text[shown:]]), tuple(run.span() for run in found)


class ControlTokens:
    """The special tokens of a tokenizer, as they are spelled."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.ids: dict[str, int] = {
            token.content: number
            for number, token in backend.get_added_tokens_decoder().items()
            if token.special and token.content.strip()
        }
        self._pattern = any_of(self.ids)
        self._answer_pattern = any_of(self.ids.keys() - _THINKING)
        self._first = sorted({spelling[0] for spelling in self.ids})
        self._encoders: dict[int, _PlainEncoder] = {}

    def spelled_in(self, text: str) -> list[str]:
        """The control tokens that a text spells, once each."""
        if not any(character in text for character in self._first):
            return []
        return list(dict.fromkeys(self._pattern.findall(text)))

    def disguise(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> Disguise:
        """The messages without spellings of control tokens."""
        if not any(self._is_suspicious(message) for message in messages) and not (tools and self._spells(tools)):
            return Disguise(tuple(messages), tuple(tools), {})
        if not any(self._spells(message) for message in messages) and not self._spells(tools):
            return Disguise(tuple(messages), tuple(tools), {})
        base = private_range((messages, tools), len(self.ids))
        character_of = {spelling: chr(base + index) for index, spelling in enumerate(self.ids)}

        def replaced(match: re.Match[str]) -> str:
            return character_of[match[0]] * len(match[0])

        safe_messages = tuple(
            {
                key: value if key == "role" else _mapped(value, self._pattern_for(message, key), replaced)
                for key, value in message.items()
            }
            for message in messages
        )
        safe_tools = tuple(_mapped(tool, self._pattern, replaced) for tool in tools)
        return Disguise(safe_messages, safe_tools, {character_of[spelling]: spelling for spelling in self.ids})

    def _pattern_for(self, message: Message, key: str) -> re.Pattern[str]:
        return self._answer_pattern if message["role"] == "assistant" and key == "content" else self._pattern

    def _is_suspicious(self, message: Message) -> bool:
        """Whether a message may spell a token: quick, and sometimes wrongly true."""
        content = message.get("content")
        if not isinstance(content, str) or len(message) > 2:
            return True
        return any(character in content for character in self._first)

    def _spells(self, value: Any) -> bool:
        return any(self._pattern.search(text) for text in texts_in(value))

    def encode(self, text: str, plain: Sequence[Span]) -> tuple[list[int], list[Span]]:
        """Token ids and offsets of a text in which some ranges are never control tokens."""
        base = private_range(text, len(self.ids))
        if base not in self._encoders:
            self._encoders[base] = _PlainEncoder(self._backend, self.ids, base)
        return self._encoders[base].encode(text, plain, self._pattern)


class _PlainEncoder:
    """A tokenizer that takes no spelling for a control token, only marks that stand for genuine ones."""

    def __init__(self, backend: Any, ids: Mapping[str, int], base: int) -> None:
        from tokenizers import AddedToken, Tokenizer

        self._encoder = Tokenizer.from_str(backend.to_str())
        self._encoder.no_padding()
        self._encoder.no_truncation()
        self._encoder.encode_special_tokens = True
        self._mark_of = {spelling: chr(base + index) * len(spelling) for index, spelling in enumerate(ids)}
        flags = backend.get_added_tokens_decoder()
        self._encoder.add_tokens(
            [
                AddedToken(
                    mark,
                    single_word=flags[ids[spelling]].single_word,
                    lstrip=flags[ids[spelling]].lstrip,
                    rstrip=flags[ids[spelling]].rstrip,
                    normalized=flags[ids[spelling]].normalized,
                    special=False,
                )
                for spelling, mark in self._mark_of.items()
            ]
        )
        self._genuine = {self._encoder.token_to_id(self._mark_of[spelling]): number for spelling, number in ids.items()}

    def encode(self, text: str, plain: Sequence[Span], pattern: re.Pattern[str]) -> tuple[list[int], list[Span]]:
        pieces, shown = [], 0
        for start, stop in sorted(plain):
            pieces += [self._marked(text[shown:start], pattern), text[start:stop]]
            shown = stop
        pieces.append(self._marked(text[shown:], pattern))
        encoded = self._encoder.encode("".join(pieces), add_special_tokens=False)
        return [self._genuine.get(number, number) for number in encoded.ids], encoded.offsets

    def _marked(self, text: str, pattern: re.Pattern[str]) -> str:
        """The text with a mark of the same length for each control token."""
        return pattern.sub(lambda match: self._mark_of[match[0]], text)


def any_of(spellings: Any) -> re.Pattern[str]:
    """A pattern that finds any of these, the longest first; nothing where there are none."""
    return re.compile("|".join(map(re.escape, sorted(spellings, key=len, reverse=True))) or "(?!)")


def _mapped(value: Any, pattern: re.Pattern[str], replaced: Any) -> Any:
    """The value with every text in it changed."""
    if isinstance(value, str):
        return pattern.sub(replaced, value)
    if isinstance(value, Mapping):
        return {_mapped(key, pattern, replaced): _mapped(part, pattern, replaced) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(part, pattern, replaced) for part in value]
    return value
