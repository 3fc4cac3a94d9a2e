"""Which tokens hold characters of a span, and their form in the cache."""

import random
from array import array
from itertools import pairwise

import pytest

from llm_finetune.data.tokens import NOT_TRAINED, TOKEN_TYPE, Span, Tokens, pack, trained_runs, unpack


def plainly(offsets: list[Span], spans: list[Span]) -> list[bool]:
    """The definition: a token that holds a character of a span is trained."""
    return [any(set(range(*offset)) & set(range(*span)) for span in spans) for offset in offsets]


def as_bools(runs: tuple[Span, ...], count: int) -> list[bool]:
    trained = [False] * count
    for start, stop in runs:
        assert 0 <= start < stop <= count
        trained[start:stop] = [True] * (stop - start)
    return trained


def random_offsets(generator: random.Random, length: int) -> list[Span]:
    """Tokens of one to four characters; among them gaps, tokens of no character, and characters of several tokens."""
    offsets: list[Span] = [(0, 0)] * generator.randrange(2)
    place = 0
    while place < length:
        stop = min(place + generator.randrange(1, 5), length)
        kind = generator.random()
        if kind < 0.1:
            offsets += [(place, stop)] * generator.randrange(2, 5)
        elif kind < 0.15:
            offsets += [(place, place), (place, stop)]
        elif kind > 0.1:
            offsets.append((place, stop))
        place = stop
    return offsets


def random_spans(generator: random.Random, length: int) -> list[Span]:
    bounds = sorted(generator.sample(range(length + 1), 2 * generator.randrange(min(4, length // 2) + 1)))
    return list(zip(bounds[::2], bounds[1::2], strict=True))


def test_runs_are_what_the_definition_says() -> None:
    generator = random.Random(5)
    for _ in range(2000):
        length = generator.randrange(4, 40)
        offsets, spans = random_offsets(generator, length), random_spans(generator, length)
        runs = trained_runs(offsets, spans)
        assert as_bools(runs, len(offsets)) == plainly(offsets, spans)
        assert all(stop < start for (_, stop), (start, _) in pairwise(runs))


def test_offsets_that_do_not_ascend_are_taken_one_by_one() -> None:
    generator = random.Random(6)
    for _ in range(500):
        offsets, spans = random_offsets(generator, 30), random_spans(generator, 30)
        generator.shuffle(offsets)
        assert as_bools(trained_runs(offsets, spans), len(offsets)) == plainly(offsets, spans)
    nested = [(0, 9), (1, 3), (4, 6)]
    assert as_bools(trained_runs(nested, [(7, 8)]), 3) == [True, False, False]


def test_touching_and_overlapping_spans_are_one_run() -> None:
    offsets = [(0, 2), (2, 4), (4, 6)]
    assert trained_runs(offsets, [(0, 1), (1, 3)]) == ((0, 2),)
    assert trained_runs(offsets, [(3, 3)]) == ()
    assert trained_runs(offsets, [(6, 9)]) == ()
    assert trained_runs([], [(0, 1)]) == ()


def test_labels_and_cut() -> None:
    tokens = Tokens(array(TOKEN_TYPE, [5, 6, 7, 8, 9]), ((1, 3), (4, 5)))
    assert list(tokens.labels) == [NOT_TRAINED, 6, 7, NOT_TRAINED, 9]
    assert tokens.prompt_tokens == 1
    for limit in range(6):
        cut = tokens.cut(limit)
        assert list(cut.ids) == [5, 6, 7, 8, 9][:limit]
        assert cut.labels == tokens.labels[:limit]
    assert tokens.cut(1).runs == ()
    assert tokens.cut(1).prompt_tokens == 1


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [Tokens(array(TOKEN_TYPE), ())],
        [Tokens(array(TOKEN_TYPE, [1, 2**31 - 1, 0]), ((0, 1), (2, 3)))],
        [Tokens(array(TOKEN_TYPE, [4, 5]), ((1, 2),), 1), Tokens(array(TOKEN_TYPE, [4, 5, 6]), ((2, 3),), 3)],
    ],
)
def test_packing_loses_nothing(parts: list[Tokens]) -> None:
    assert unpack(pack(parts)) == parts
