"""Characters that a reader does not see and a tokenizer does: zero-width, bidirectional, tags, variation selectors.

Left alone where a script or an emoji needs them. Sources: Unicode 16, chapters 9.2 and 23; UTS #51 for emoji sequences;
UTS #37 for ideographic variations.
"""

import re
from collections import Counter

REPLACEMENT = "\ufffd"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"
_RTL_MARKS = "\u200e\u200f\u061c"
_ALWAYS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_ANY = re.compile(f"[{_ALWAYS}{_JOINERS}{_RTL_MARKS}{_SELECTORS}{REPLACEMENT}]")

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u0605\u0608-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_MONGOLIAN = re.compile("[\u1800-\u180a\u1810-\u18aa][\u180b-\u180d\u180e]")
_JOINED_SCRIPTS = (
    "\u0600-\u08ff\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefc"
)
_JOINER_IN_SCRIPT = re.compile(f"(?<=[{_JOINED_SCRIPTS}])[{_JOINERS}]")
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINER_IN_EMOJI = re.compile(f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])")
_SELECTOR_OF_SYMBOL = re.compile(f"(?<=[{_EMOJI}0-9#*])[\ufe0e\ufe0f](?![{_SELECTORS}])")
_SELECTOR_OF_HAN = re.compile(
    f"(?<=[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\ufe00-\ufe02\U000e0100-\U000e01ef](?![{_SELECTORS}])"
)
_FLAG_OF_REGION = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_MEANT = (_JOINER_IN_SCRIPT, _JOINER_IN_EMOJI, _SELECTOR_OF_SYMBOL, _SELECTOR_OF_HAN, _FLAG_OF_REGION, _MONGOLIAN)


def hidden_characters(text: str) -> Counter[str]:
    """Hidden characters of a text by name (`U+200B`), with how often each is there; U+FFFD is among them."""
    if text.isascii() or not _ANY.search(text):
        return Counter()
    meant = {place for pattern in _MEANT for match in pattern.finditer(text) for place in range(*match.span())}
    if _RIGHT_TO_LEFT.search(text):
        meant.update(match.start() for match in re.finditer(f"[{_RTL_MARKS}]", text))
    return Counter(f"U+{ord(match[0]):04X}" for match in _ANY.finditer(text) if match.start() not in meant)
