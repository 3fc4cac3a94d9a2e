"""Shapes of personal data: e-mail addresses, telephone numbers, identity and card numbers. Knows no names of people."""

import re
from collections import Counter

_MAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])")
_NOBODYS = re.compile(
    # Reserved for examples (RFC 2606), and local parts that stand for anyone.
    r"(?i)@(?:[a-z0-9-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost|domain\.com|email\.com)$|^(?:your|user(?:name)?|name)@|noreply|no-reply"
)
_DIGITS = re.compile(r"[0-9][0-9 ().-]{6,}[0-9]")
_PHONES = (
    # Taiwan: mobile 09xx-xxx-xxx, landline with area code 02 to 089, toll-free 0800, +886 in front of all.
    re.compile(r"(?<![\d.+-])09\d{2}[ -]?\d{3}[ -]?\d{3}(?![\d.-]?\d)"),
    re.compile(r"(?<![\d.+-])(?:\(0[2-8]\d{0,2}\)[ -]?|0[2-8]\d{0,2}-)\d{3,4}[ -]?\d{4}(?![\d.-]?\d)"),
    re.compile(r"(?<![\d.+-])08\d0-?\d{3}-?\d{3}(?![\d.-]?\d)"),
    # International with its plus sign (ITU-T E.164: up to 15 digits); North America with its three groups.
    re.compile(r"(?<![\w+])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?!\d)"),
    re.compile(r"(?<![\d.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}(?![\d.-]?\d)"),
    # Mainland China: mobile 1[3-9]x xxxx xxxx.
    re.compile(r"(?<![\d.+-])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d.-]?\d)"),
)
_IDENTITY = re.compile(r"(?<![A-Za-z0-9])[A-Z][1289][0-9]{8}(?![A-Za-z0-9])")
_CARD = re.compile(
    r"(?<![\d.-])(?:[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?![\d.-]?\d)"
)
_LETTER_VALUES = {letter: number for number, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}
"""Two digits for the first letter of an identity number of Taiwan, as its Ministry of the Interior assigns them."""


def personal_data(text: str) -> Counter[str]:
    """How many of each kind are in a text: `email`, `phone`, `national_id`, `card_number`."""
    found: Counter[str] = Counter()
    if not _DIGITS.search(text) and "@" not in text:
        return found
    if "@" in text:
        found["email"] = sum(not _NOBODYS.search(match[0]) for match in _MAIL.finditer(text))
    if numbers := _numbers(text):
        rest, cards = _without(_CARD, numbers)
        found["card_number"] = sum(_luhn(card) for card in cards)
        for pattern in _PHONES:
            rest, phones = _without(pattern, rest)
            found["phone"] += len(phones)
        found["national_id"] = sum(_is_identity(match[0]) for match in _IDENTITY.finditer(numbers))
    return +found


def _numbers(text: str) -> str:
    """The long numbers of a text with the characters that touch them, one a line."""
    parts, end = [], 0
    for match in _DIGITS.finditer(text):
        parts.append(text[max(end, match.start() - 2) : match.end() + 1])
        end = match.end() + 1
    return "\n".join(parts)


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, list[str]]:
    """A text without what a pattern finds, so that nothing counts twice, and what was found."""
    found = [match[0] for match in pattern.finditer(text)]
    return (pattern.sub(" ", text), found) if found else (text, found)


def _luhn(card: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1, annex B)."""
    digits = [int(character) for character in reversed(card) if character.isdigit()]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_identity(number: str) -> bool:
    """The check digit of identity and resident numbers of Taiwan."""
    tens, ones = divmod(_LETTER_VALUES[number[0]], 10)
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    digits = (tens, ones, *map(int, number[1:]))
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0
