"""From rendered texts to tokens, on all cores. Knows no templates, no messages and no masks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from llm_finetune.data.boundaries import Boundaries, Raw, inside
from llm_finetune.data.control import ControlTokens
from llm_finetune.data.encoding import Encoding, OffsetEncoding, Piece, PieceEncoding, filled
from llm_finetune.data.tokens import Span

Text = tuple[str, Sequence[Span]]
"""A text, and its plain ranges, in which no spelling becomes a control token."""

_LOCAL_NORMALIZERS = frozenset({"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Replace", "Sequence"})
_LOCAL_PRE_TOKENIZERS = frozenset({"ByteLevel", "Digits", "Punctuation", "Split", "Sequence"})


class TextEncoder:
    """A tokenizer that puts a token boundary at each cut: what stands before it has the tokens it has by itself."""

    def __init__(self, backend: Any, control: ControlTokens, first: int | None) -> None:
        self._tokenizer, self._control, self._first = backend, control, first
        self._boundaries = Boundaries(backend, control)
        self._is_local = is_local(backend)

    def encode_all(self, texts: Sequence[Text], cuts: Sequence[Sequence[int]]) -> list[Encoding]:
        """Token ids of many texts, with the tokenizer's beginning-of-sequence token exactly once, if it has one."""
        alone = [self._is_local and not plain for _, plain in texts]
        rows = list(zip(texts, cuts, alone, strict=True))
        pieced = iter(self._pieced([(text, at) for (text, _), at, apart in rows if apart]))
        others = iter(
            self._mended([text for text, _, apart in rows if not apart], [at for _, at, apart in rows if not apart])
        )
        return [next(pieced if apart else others) for apart in alone]

    def _pieced(self, texts: Sequence[tuple[str, Sequence[int]]]) -> Iterator[Encoding]:
        """Each text in the pieces between its cuts, for a tokenizer that makes the same of them."""
        starts = [(0, *inside(at, text)) for text, at in texts]
        pieces = [
            text[begin:end]
            for (text, _), own in zip(texts, starts, strict=True)
            for begin, end in pairwise((*own, len(text)))
        ]
        encoded = iter(self._backend().encode_batch(pieces, add_special_tokens=False))
        for (text, _), own in zip(texts, starts, strict=True):
            yield self._joined(text, own, [next(encoded) for _ in own])

    def _joined(self, text: str, starts: Sequence[int], encoded: Sequence[Any]) -> Encoding:
        ids = [] if self._first is None or encoded[0].ids[:1] == [self._first] else [self._first]
        pieces = []
        for start, one in zip(starts, encoded, strict=True):
            pieces.append(Piece(start, len(ids), one))
            ids += one.ids
        joined = PieceEncoding(ids, tuple(pieces), len(text))
        if self._first is not None and ids[1:2] == [self._first]:
            return _begun(ids, joined.offsets, self._first)
        return joined

    def _mended(self, texts: Sequence[Text], cuts: Sequence[Sequence[int]]) -> Iterator[Encoding]:
        """Each text as a whole, tokenised again around the cuts where that makes a difference."""
        backend = self._backend()
        quick = iter(backend.encode_batch([text for text, plain in texts if not plain], add_special_tokens=False))
        raws: list[Raw] = []
        for text, plain in texts:
            if plain:
                ids, offsets = self._control.encode(text, plain)
            else:
                encoded = next(quick)
                ids, offsets = encoded.ids, encoded.offsets
            raws.append((ids, filled(offsets)))
        rows = list(zip(texts, raws, cuts, strict=True))
        known = self._known(
            {part: None for (text, _), raw, at in rows for part in self._boundaries.before(text, raw, at)}
        )
        for (text, plain), raw, at in rows:
            yield _begun(*self._boundaries.put(text, plain, raw, at, known), self._first)

    def _known(self, parts: Mapping[str, None]) -> dict[str, list[int]]:
        encoded = self._backend().encode_batch(list(parts), add_special_tokens=False)
        return {part: one.ids for part, one in zip(parts, encoded, strict=True)}

    def _backend(self) -> Any:
        """The tokenizer in Rust, without the padding and cutting that an earlier caller may have asked for."""
        if self._tokenizer.padding is not None:
            self._tokenizer.no_padding()
        if self._tokenizer.truncation is not None:
            self._tokenizer.no_truncation()
        return self._tokenizer


def is_local(backend: Any) -> bool:
    """Whether the tokens of a text are those of its pieces, wherever a token ends with a piece.

    So it is where nothing is put in front of a text, and merges know no beginning and no end of a word.
    """
    model = backend.model
    merges = type(model).__name__ == "BPE" and not (model.continuing_subword_prefix or model.end_of_word_suffix)
    return (
        merges
        and not model.dropout
        and _are_local(backend.normalizer, _LOCAL_NORMALIZERS)
        and _are_local(backend.pre_tokenizer, _LOCAL_PRE_TOKENIZERS)
    )


def _are_local(step: Any, known: frozenset[str]) -> bool:
    return step is None or all(
        kind["type"] in known and not kind.get("add_prefix_space") for kind in _steps(json.loads(step.__getstate__()))
    )


def _steps(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A step of a tokenizer, and those in it."""
    yield step
    for inner in (*step.get("normalizers", ()), *step.get("pretokenizers", ())):
        yield from _steps(inner)


def _begun(ids: list[int], offsets: list[Span], first: int | None) -> OffsetEncoding:
    """The tokens, begun by the beginning-of-sequence token exactly once."""
    if first is not None:
        while ids[:2] == [first, first]:
            ids, offsets = ids[1:], offsets[1:]
        if ids[:1] != [first]:
            ids, offsets = [first, *ids], [(0, 0), *offsets]
    return OffsetEncoding(ids, offsets)
