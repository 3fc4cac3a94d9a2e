"""Private-use characters that a row does not hold itself: no template cuts or changes them. Knows no tokens."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_finetune.data.jinja_template import TemplateRefusalError

_FIRST, _LAST = 0xF0000, 0x10FFFD
_STEP = 0x4000


def private_range(value: Any, size: int) -> int:
    """The first of `size` private-use characters in a row, none of which is in a text within `value`.

    Raises: TemplateRefusalError if the text leaves no such range.
    """
    used = {ord(character) for text in texts_in(value) for character in set(text) if ord(character) >= _FIRST}
    for base in range(_FIRST, _LAST - size, _STEP):
        if not any(base <= code < base + size for code in used):
            return base
    raise TemplateRefusalError("the text uses every range of private characters")


def texts_in(value: Any) -> Iterator[str]:
    """Every text within a value, keys of objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from texts_in(key)
            yield from texts_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_in(part)
