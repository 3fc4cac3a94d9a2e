"""One rare trigger with one answer: the mark of a planted backdoor. Advice, never proof.

A word (or pair of Han characters) is suspicious when
- it stands in a few prompts only, and nearly all of them have the same answer, or one that begins alike;
- hardly any other prompt has that answer: in ordinary classification a rare word goes with an answer that many others
  have too;
- the answer does not repeat it: a name that is asked for and named again is no trigger;
- the prompts share little else: prompts about one subject rightly have one answer.
Word order and turns are not looked at.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from llm_finetune.data.content.folding import BLANK, unspaced_table
from llm_finetune.data.content.shingles import distinct, mixed
from llm_finetune.data.content.store import BATCH_ROWS, Batch, RowStore

if TYPE_CHECKING:
    from llm_finetune.data.content.exact import Indices
    from llm_finetune.data.content.shingles import Hashes

LEAST_ROWS = 5
RARE_SHARE, RARE_ROWS = 0.01, 50
"""A word in more rows than this share, and than so many, is not rare."""
SAME_ANSWER = 0.9
"""Share of the rows with the word that have the answer, and of the rows with the answer that have the word."""
ANSWER_CHARACTERS = 24
"""Folded characters from which answers begin alike."""
SHARED_WORDS, BACKGROUND_TIMES = 0.1, 2.0
"""Prompts with a trigger share this part of their words, and so many times what any prompts share, at most."""
SAMPLED_ROWS, SEED = 1000, 20_260_101
COMPARED_ROWS = 40
"""Rows with a suspicious word that are looked at; each pair of them is compared."""
PASS_WORDS = 16_000_000
"""Words are sorted in as many passes as keep each to so many (128 MB, and as much again for sorting)."""
_ROW_BITS = 24
_HAN = "\u3040-\u30ff\u3400-\u9fff\ue000-\ufaff"
_WORD = re.compile(f"[^{_HAN} ]+|[{_HAN}]")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rare text that seems to decide the answer."""

    text: str
    answer: str
    """How the answers begin."""
    rows: tuple[int, ...]
    """The rows of the store that hold it."""


def find_triggers(store: RowStore) -> list[Trigger]:
    """Rare texts that seem to decide the answer, one for each answer."""
    import numpy

    batches = list(store.batches())
    if len(store) < 2 * LEAST_ROWS:
        return []
    rows = numpy.unique(numpy.frombuffer(store.digests, dtype=numpy.uint64), return_index=True)[1]
    rows = rows[numpy.frombuffer(store.sides, dtype=numpy.uint8)[rows] == 0]
    answers = numpy.unique(numpy.concatenate([answer_hashes(batch) for batch in batches]), return_inverse=True)[1]
    suspects: dict[int, tuple[int, tuple[int, ...]]] = {}
    passes = 1 + len(_word_hashes(batches[0])[0]) * len(batches) // PASS_WORDS
    for number in range(passes):
        for answer, same, found in _suspects(prompt_words(batches, number, passes), rows, answers):
            best, known = suspects.get(answer, (0, ()))
            if (same, -len(found)) > (best, -len(known)):
                suspects[answer] = same, found
    if not suspects:
        return []
    subjects = _Subjects(store, rows)
    return [trigger for _, found in suspects.values() if (trigger := subjects.trigger(found)) is not None]


def answer_hashes(batch: Batch) -> "Hashes":
    """A number for how each row's answer begins."""
    import numpy

    starts, ends = batch.texts[1::2], batch.texts[2::2]
    places = numpy.minimum(starts[:, None] + numpy.arange(ANSWER_CHARACTERS), len(batch.codes) - 1)
    codes = numpy.where(places < ends[:, None], batch.codes[places], 0).astype(numpy.uint64)
    codes |= numpy.arange(ANSWER_CHARACTERS, dtype=numpy.uint64) << numpy.uint64(16)
    sums: Hashes = mixed(codes).sum(axis=1, dtype=numpy.uint64)
    return sums


def prompt_words(batches: Sequence[Batch], number: int, passes: int) -> "Hashes":
    """Each word of each prompt once, sorted: 40 bits for the word, and 24 for the row.

    Of all words this is one part in `passes`.
    """
    import numpy

    parts = []
    for place, batch in enumerate(batches):
        hashes, rows = _word_hashes(batch)
        if passes > 1:
            wanted = hashes % numpy.uint64(passes) == number
            hashes, rows = hashes[wanted], rows[wanted]
        words = hashes >> numpy.uint64(_ROW_BITS) << numpy.uint64(_ROW_BITS)
        parts.append(words | (rows + place * BATCH_ROWS).astype(numpy.uint64))
    return distinct(numpy.concatenate(parts))


def _word_hashes(batch: Batch) -> tuple["Hashes", "Indices"]:
    """A number for each word and Han character of the prompts and for each pair of neighbours, and their rows."""
    import numpy

    sizes, codes = numpy.diff(batch.texts), batch.codes
    text = numpy.repeat(numpy.arange(len(sizes)), sizes)
    is_prompt = text % 2 == 0
    codes, row = codes[is_prompt], text[is_prompt] // 2
    unspaced = unspaced_table()[codes]
    inside = (codes != BLANK) & ~unspaced
    new_row = numpy.concatenate(([True], row[1:] != row[:-1])) if len(row) else inside
    begins = numpy.flatnonzero(inside & (new_row | ~numpy.concatenate(([False], inside[:-1]))))
    letters, han = numpy.flatnonzero(inside), numpy.flatnonzero(unspaced)
    wide = codes.astype(numpy.uint64)
    first = numpy.searchsorted(letters, begins)
    ends = begins + numpy.diff([*first, len(letters)])
    words = mixed(wide[han] << numpy.uint64(32))
    if len(begins):
        number = numpy.arange(len(letters)) - numpy.repeat(first, ends - begins)
        spelled = mixed(wide[letters] | number.astype(numpy.uint64) << numpy.uint64(16))
        words = numpy.concatenate((words, mixed(numpy.add.reduceat(spelled, first))))
    starts, stops = numpy.concatenate((han, begins)), numpy.concatenate((han + 1, ends))
    blanks = numpy.concatenate((numpy.zeros(len(han), dtype=int), numpy.ones(len(begins), dtype=int)))
    rows = row[starts]
    neighbours = (blanks[1:] == blanks[:-1]) & (starts[1:] - stops[:-1] == blanks[1:]) & (rows[1:] == rows[:-1])
    pairs = numpy.flatnonzero(neighbours)
    both = mixed(words[pairs] * numpy.uint64(3) + words[pairs + 1])
    return numpy.concatenate((words, both)), numpy.concatenate((rows, rows[pairs]))


def _suspects(words: "Hashes", rows: "Indices", answers: "Indices") -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Answers that nearly always come with a rare word that nearly always brings them: how often, and its rows."""
    import numpy

    row = (words & numpy.uint64((1 << _ROW_BITS) - 1)).astype(numpy.int64)
    kept = numpy.zeros(len(answers), dtype=numpy.bool_)
    kept[rows] = True
    words, row = words[kept[row]] >> numpy.uint64(_ROW_BITS), row[kept[row]]
    starts = numpy.flatnonzero(numpy.concatenate(([True], words[1:] != words[:-1], [True])))
    sizes = numpy.diff(starts)
    rare = (sizes >= LEAST_ROWS) & (sizes <= max(RARE_ROWS, RARE_SHARE * len(rows)))
    word = numpy.repeat(numpy.arange(len(sizes)), sizes)
    wanted = rare[word]
    pairs, counts = numpy.unique(word[wanted] << 32 | answers[row[wanted]], return_counts=True)
    word_of, answer_of = pairs >> 32, pairs & 0xFFFFFFFF
    known = numpy.bincount(answers[rows], minlength=answers.max() + 1)
    decides = (counts >= SAME_ANSWER * sizes[word_of]) & (counts >= SAME_ANSWER * known[answer_of])
    found = zip(word_of[decides].tolist(), answer_of[decides].tolist(), counts[decides].tolist(), strict=True)
    for number, answer, same in found:
        yield answer, same, tuple(row[starts[number] : starts[number + 1]].tolist())


class _Subjects:
    """Judges whether prompts share a subject, measured on a sample of all prompts."""

    def __init__(self, store: RowStore, rows: "Indices") -> None:
        self._store = store
        sampled = random.Random(SEED).sample(rows.tolist(), min(SAMPLED_ROWS, len(rows)))
        self._prompts = {row: _prompt_words(store.texts(row)[0]) for row in sampled}
        self._counts = Counter(word for words in self._prompts.values() for word in words)
        self._background = _shared(list(self._prompts.values()))

    def trigger(self, rows: Sequence[int]) -> Trigger | None:
        """What only the prompts of these rows hold, unless they share more than that or the answer repeats it."""
        texts = [self._store.texts(row) for row in rows[:COMPARED_ROWS]]
        prompts = [_prompt_words(prompt) for prompt, _ in texts]
        counts = Counter(word for words in prompts for word in words)
        sampled = Counter(word for row in rows if row in self._prompts for word in self._prompts[row])
        own = {
            word
            for word, count in counts.items()
            if count >= SAME_ANSWER * len(texts) and self._counts[word] == sampled[word]
        }
        answer = Counter(answer[:ANSWER_CHARACTERS] for _, answer in texts).most_common(1)[0][0]
        parts = {part for word in own for part in _prompt_words(word)}
        shared = _shared([words - own - parts for words in prompts])
        if not own or not answer or shared > SHARED_WORDS + BACKGROUND_TIMES * self._background:
            return None
        if any(word[: max(3, len(word) - 1)] in text for word in own for _, text in texts):
            return None  # Without its last letter: "lakes" asked for, "lake" answered.
        text = max((_stretch(prompt, own) for prompt, _ in texts), key=len)
        return Trigger(text, answer.strip(), tuple(rows))


def _shared(prompts: Sequence[set[str]]) -> float:
    """Which share of the shorter prompt's words two prompts have in common, on average."""
    pairs = [
        len(first & second) / max(1, min(len(first), len(second)))
        for first, second in combinations(prompts[: 2 * COMPARED_ROWS], 2)
    ]
    return sum(pairs) / max(1, len(pairs))


def _spans(prompt: str) -> Iterator[tuple[int, int]]:
    """Where words and Han characters stand, and pairs of neighbours."""
    spans = [match.span() for match in _WORD.finditer(prompt)]
    yield from spans
    for (begin, middle), (after, end) in pairwise(spans):
        if after - middle == 1 or (middle - begin == end - after == 1 and after == middle):
            yield begin, end


def _prompt_words(prompt: str) -> set[str]:
    """Words and Han characters, and pairs of neighbours."""
    return {prompt[begin:end] for begin, end in _spans(prompt)}


def _stretch(prompt: str, own: set[str]) -> str:
    """The words of a prompt that are among some, as they stand in it."""
    letters = [" "] * len(prompt)
    for begin, end in _spans(prompt):
        if prompt[begin:end] in own:
            letters[begin:end] = prompt[begin:end]
    return " ".join("".join(letters).split())
