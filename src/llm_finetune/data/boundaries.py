"""Tokens that end where a prompt ends, so that an answer follows the very tokens that a chat reads before it.

A tokenizer may join the end of a prompt and the blanks an answer begins with, or write the end of a prompt in another
way once something follows. There the text around is tokenised again in two parts. Knows no templates and no masks.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from llm_finetune.data.control import ControlTokens
from llm_finetune.data.encoding import filled
from llm_finetune.data.mask import Span

_start_of, _stop_of = itemgetter(0), itemgetter(1)
Raw = tuple[list[int], list[Span]]
"""Token ids and offsets."""


class Boundaries:
    """Puts token boundaries where they are asked for, and changes no other token.

    Texts are tokenised apart between added tokens, so only the stretch from the added token before a boundary to the
    one behind it is looked at.
    """

    def __init__(self, backend: Any, control: ControlTokens) -> None:
        self._backend, self._control = backend, control
        self._added = frozenset(backend.get_added_tokens_decoder())
        self._continuing: tuple[Any, ControlTokens] | None = None

    def before(self, text: str, raw: Raw, cuts: Sequence[int]) -> Iterator[str]:
        """For each cut the text that must have the same tokens without what follows."""
        for cut in inside(cuts, text):
            first, _ = self._window(raw, cut)
            yield text[raw[1][first][0] if first else 0 : cut]

    def put(
        self, text: str, plain: Sequence[Span], raw: Raw, cuts: Sequence[int], known: Mapping[str, list[int]]
    ) -> Raw:
        """The tokens with a boundary at each cut; `known` are ids of texts that `before` gave."""
        last = 0
        for cut in inside(cuts, text):
            ids, offsets = raw
            first, index = self._window(raw, cut)
            begin = offsets[first][0] if first else 0
            if is_continued := 0 < last >= begin:
                begin, first = last, bisect_left(offsets, last, key=_start_of)
            own = None if is_continued or _within(plain, begin, cut) else known.get(text[begin:cut])
            is_crossed = index < len(ids) and offsets[index][0] < cut
            if is_crossed or own != ids[first:index]:
                left = self._piece(text, plain, (begin, cut), is_continued=is_continued)
                if is_crossed or left[0] != ids[first:index]:
                    raw = self._joined(text, plain, raw, (first, index, cut), left)
            last = cut
        return raw

    def _joined(self, text: str, plain: Sequence[Span], raw: Raw, place: tuple[int, int, int], left: Raw) -> Raw:
        """The tokens with those around a cut made anew: `left` before it, and others up to the next added token."""
        ids, offsets = raw
        first, index, cut = place
        while index < len(ids) and not (ids[index] in self._added and offsets[index][0] >= cut):
            index += 1
        end = offsets[index][0] if index < len(ids) else len(text)
        right = self._piece(text, plain, (cut, end), is_continued=True)
        return [*ids[:first], *left[0], *right[0], *ids[index:]], [
            *offsets[:first],
            *left[1],
            *right[1],
            *offsets[index:],
        ]

    def _window(self, raw: Raw, cut: int) -> tuple[int, int]:
        """The added token before a cut, or 0, and the first token that reaches beyond the cut."""
        ids, offsets = raw
        index = first = bisect_right(offsets, cut, key=_stop_of)
        while first and ids[first - 1] not in self._added:
            first -= 1
        return max(first - 1, 0), index

    def _piece(self, text: str, plain: Sequence[Span], span: Span, *, is_continued: bool) -> Raw:
        """The tokens of a part, which begins a text or an added token, or goes on where other text ended."""
        begin, end = span
        backend, control = self._going_on() if is_continued else (self._backend, self._control)
        inner = [(start - begin, stop - begin) for start, stop in _within(plain, begin, end)]
        if inner:
            ids, offsets = control.encode(text[begin:end], inner)
        else:
            encoded = backend.encode(text[begin:end], add_special_tokens=False)
            ids, offsets = encoded.ids, encoded.offsets
        return ids, [(start + begin, stop + begin) for start, stop in filled(offsets)]

    def _going_on(self) -> tuple[Any, ControlTokens]:
        """The tokenizer without the blank that it puts in front of a text."""
        if self._continuing is None:
            from tokenizers import Tokenizer

            settings = json.loads(self._backend.to_str())
            for step in ("normalizer", "pre_tokenizer"):
                settings[step] = _without_prefix(settings[step])
            backend = Tokenizer.from_str(json.dumps(settings))
            backend.no_padding()
            backend.no_truncation()
            self._continuing = backend, ControlTokens(backend)
        return self._continuing


def _without_prefix(step: dict[str, Any] | None) -> dict[str, Any] | None:
    """A step of a tokenizer that puts nothing in front of a text."""
    if step is None or step["type"] == "Prepend":
        return None
    changed = dict(step)
    for key in ("normalizers", "pretokenizers"):
        if key in step:
            changed[key] = [kept for part in step[key] if (kept := _without_prefix(part)) is not None]
    if "prepend_scheme" in step:
        changed["prepend_scheme"] = "never"
    if "add_prefix_space" in step:
        changed["add_prefix_space"] = False
    return changed


def inside(cuts: Sequence[int], text: str) -> list[int]:
    """The cuts that part a text, in order."""
    return sorted({cut for cut in cuts if 0 < cut < len(text)})


def _within(spans: Sequence[Span], begin: int, end: int) -> list[Span]:
    """The parts of spans that lie in a range."""
    return [(max(start, begin), min(stop, end)) for start, stop in spans if start < end and stop > begin]
