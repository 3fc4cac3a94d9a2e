"""Nothing in shown text moves the cursor, hides, or turns a line around."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_finetune.data.visible import hidden_places, pieces_between, quoted, visible, visible_pieces


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ASCII", "plain ASCII"),
        ("中文，「好」\n第二行\t完", "中文，「好」\n第二行\t完"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x00b\x07c\x7fd\x08e", "a␀b␇c␡d␈e"),
        ("line\r\nnext", "line␍\nnext"),
        ("\x9b31m", "‹U+009B›31m"),
        ("x\u202eevil\u202c", "x‹U+202E›evil‹U+202C›"),
        ("\u2066iso\u2069", "‹U+2066›iso‹U+2069›"),
        ("zero\u200bwidth \ufeffmark so\u00adft", "zero‹U+200B›width ‹U+FEFF›mark so‹U+00AD›ft"),
        ("tag \U000e0041", "tag ‹U+E0041›"),
        ("\u2028sep", "‹U+2028›sep"),
        ("half \ud83d", "half ‹U+D83D›"),
        ("filler \u3164", "filler ‹U+3164›"),
        ("👩‍👩‍👧 ❤️ 🙏🏽", "👩‍👩‍👧 ❤️ 🙏🏽"),
        ("نامه‌ای", "نامه‌ای"),
        ("क्‍ष", "क्‍ष"),
        ("a\u200db", "a‹U+200D›b"),
        ("中\u200c文", "中‹U+200C›文"),
    ],
)
def test_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_hidden_is_left_and_nothing_is_lost(text: str) -> None:
    shown = visible(text)
    left = {c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
    assert left <= {"\n", "\t"}
    assert not {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0xFEFF)} & set(shown)
    assert "".join(part for part, _ in visible_pieces(text)) == text


@given(st.text(), st.integers(0, 20), st.integers(0, 20))
def test_parts_of_a_text_are_judged_by_the_whole(text: str, first: int, second: int) -> None:
    start, stop = sorted((min(first, len(text)), min(second, len(text))))
    hidden = hidden_places(text)
    parts = [pieces_between(text, hidden, *bounds) for bounds in ((0, start), (start, stop), (stop, len(text)))]
    assert "".join(part for part, _ in parts[1]) == text[start:stop]
    assert [part for run in parts for part, is_plain in run if not is_plain] == [text[index] for index in hidden]


def test_quoted_is_short_and_on_one_line() -> None:
    assert quoted("two\nlines\tand\x1b") == "two␊lines␉and␛"
    long = quoted("字" * 1000)
    assert len(long) == 80
    assert long.endswith("…")
    assert quoted("a" * 80) == "a" * 80
    assert len(quoted("\u202e" * 80)) == 80
