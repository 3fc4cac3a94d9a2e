"""Every character and every token is shown exactly once."""

from hypothesis import given
from hypothesis import strategies as st

from llm_finetune.data.pieces import Token, pieces_of, segments_of, texts_of_trained


def segmented(text: str, *tokens: Token) -> list[tuple[str, tuple[int, ...], bool]]:
    return [
        (segment.text or segment.name, segment.ids, segment.trained)
        for segment in segments_of(text, tokens, lambda token: f"<{token}>")
    ]


def token(number: int, start: int, stop: int, *, trained: bool = False, special: bool = False) -> Token:
    return Token(number, (start, stop), trained, special)


def test_bytes_of_one_character_share_a_segment() -> None:
    assert segmented("a😊b", token(1, 0, 1), token(2, 1, 2), token(3, 1, 2), token(4, 2, 3)) == [
        ("a", (1,), False),
        ("😊", (2, 3), False),
        ("b", (4,), False),
    ]


def test_a_token_without_characters_is_shown_by_its_name() -> None:
    assert segmented("ab", token(1, 0, 0, special=True), token(2, 0, 2)) == [("<1>", (1,), False), ("ab", (2,), False)]


def test_characters_that_no_token_holds_stay_with_their_neighbours() -> None:
    assert segmented("a b c", token(1, 0, 1), token(2, 2, 3, trained=True), token(3, 4, 5, trained=True)) == [
        ("a", (1,), False),
        (" ", (), False),
        ("b", (2,), True),
        (" ", (), True),
        ("c", (3,), True),
    ]


def test_trained_texts_are_whole() -> None:
    segments = segments_of("a b c", [token(1, 0, 1, trained=True), token(2, 2, 5, trained=True)], str)
    assert texts_of_trained(segments) == ["a b c"]


def test_special_tokens_stand_alone() -> None:
    tokens = [token(1, 0, 1, special=True), token(2, 1, 2, special=True), token(3, 2, 4)]
    assert [piece.text for piece in pieces_of(segments_of("xyzz", tokens, str))] == ["x", "y", "zz"]


SPANS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 4), st.booleans(), st.booleans()), min_size=0, max_size=12
)


@given(st.text(min_size=16, max_size=16), SPANS)
def test_text_and_tokens_are_kept_whatever_the_offsets(text: str, spans: list[tuple[int, int, bool, bool]]) -> None:
    ordered = sorted(spans, key=lambda span: span[0])
    tokens = [Token(i, (start, start + size), *flags) for i, (start, size, *flags) in enumerate(ordered)]
    segments = segments_of(text, tokens, str)
    assert "".join(segment.text for segment in segments) == text
    assert [number for segment in segments for number in segment.ids] == list(range(len(tokens)))
    trained = [number for segment in segments if segment.trained for number in segment.ids]
    assert trained == [number for number, entry in enumerate(tokens) if entry.trained]
    pieces = pieces_of(segments)
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.tokens for piece in pieces) == len(tokens)
