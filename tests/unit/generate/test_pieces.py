"""Text piece by piece: no half characters, nothing lost, nothing twice."""

import pytest

from llm_finetune.data.text_model import TextModel
from llm_finetune.generate.pieces import TextPieces

TEXTS = [
    "Hello, how are you?",
    "你好嗎？今天天氣很好。",
    "a 🙂 b 👩‍👩‍👧 c",
    "naïve café\n\n  two  spaces",
    "混合 mixed 文字",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_pieces_are_the_text(text_model: TextModel, text: str) -> None:
    pieces = TextPieces(text_model.decode)
    shown = [pieces.add([token]) for token in text_model.encode(text).ids]
    assert "".join(shown) + pieces.rest() == text
    assert pieces.text == text
    assert not any("\ufffd" in piece for piece in shown)


def test_a_character_is_held_back_until_it_is_whole(text_model: TextModel) -> None:
    tokens = text_model.encode("好").ids
    assert len(tokens) == 3
    pieces = TextPieces(text_model.decode)
    assert [pieces.add([token]) for token in tokens] == ["", "", "好"]


def test_what_was_never_completed_is_marked_at_the_end(text_model: TextModel) -> None:
    pieces = TextPieces(text_model.decode)
    shown = pieces.add(text_model.encode("a好").ids[:-1])
    rest = pieces.rest()
    assert (shown + rest).startswith("a")
    assert rest.endswith("\ufffd")
    assert pieces.rest() == ""


def test_bytes_that_are_no_character_do_not_hold_back_what_follows(text_model: TextModel) -> None:
    lone_byte = text_model.encode("好").ids[0]
    pieces = TextPieces(text_model.decode)
    assert pieces.add([lone_byte]) == ""
    assert pieces.add(text_model.encode("x").ids) == "\ufffdx"
