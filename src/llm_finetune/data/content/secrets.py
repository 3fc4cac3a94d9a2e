"""Things that look like keys and passwords. Knows where in a text they stand; never gives the value away."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

SHOWN_CHARACTERS = 4
"""Of a secret with a known beginning at most this much of it is shown; of others nothing."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One shape of secrets."""

    name: str
    anchors: tuple[str, ...]
    """One of them is in every text that holds such a secret; finding a fixed text is 20 times as fast as a pattern."""
    pattern: re.Pattern[str]
    """Its group `value`, or all of it, is the secret."""
    irregular: bool = False
    """Whether the value must look random, because its shape alone says little."""


def _kind(name: str, anchors: str, pattern: str, irregular: bool = False) -> Kind:
    return Kind(name, tuple(anchors.split()), re.compile(pattern), irregular)


_EDGE, _END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
KINDS = (
    # Shapes as their issuers document them, or as the public rules of secret scanners describe them.
    _kind("AWS access key", "AKIA ASIA ABIA ACCA", rf"{_EDGE}A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{{16}}{_END}"),
    _kind("Google API key", "AIza", rf"{_EDGE}AIza[A-Za-z0-9_-]{{35}}"),
    _kind("Google OAuth token", "ya29. GOCSPX-", rf"{_EDGE}(?:ya29\.[A-Za-z0-9_-]{{20,}}|GOCSPX-[A-Za-z0-9_-]{{20,}})"),
    _kind("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", rf"{_EDGE}gh[pousr]_[A-Za-z0-9]{{30,}}"),
    _kind("GitHub token", "github_pat_", rf"{_EDGE}github_pat_[A-Za-z0-9_]{{40,}}"),
    _kind("GitLab token", "glpat-", rf"{_EDGE}glpat-[A-Za-z0-9_-]{{20,}}"),
    _kind("Hugging Face token", "hf_", rf"{_EDGE}hf_[A-Za-z0-9]{{30,}}", irregular=True),
    _kind("OpenAI or Anthropic key", "sk-", rf"{_EDGE}sk-(?:[a-z0-9]+-)*[A-Za-z0-9_-]{{20,}}", irregular=True),
    _kind("Slack token", "xoxb- xoxp- xoxa- xoxr- xoxs- xapp-", rf"{_EDGE}(?:xox[abprs]|xapp)-[A-Za-z0-9-]{{20,}}"),
    _kind("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/services/(?P<value>[A-Za-z0-9/]{20,})"),
    _kind("Stripe key", "sk_live_ rk_live_ sk_test_ rk_test_", rf"{_EDGE}[sr]k_(?:live|test)_[A-Za-z0-9]{{16,}}"),
    _kind("npm token", "npm_", rf"{_EDGE}npm_[A-Za-z0-9]{{36}}"),
    _kind("PyPI token", "pypi-", rf"{_EDGE}pypi-[A-Za-z0-9_-]{{50,}}"),
    _kind("SendGrid key", "SG.", rf"{_EDGE}SG\.[A-Za-z0-9_-]{{16,}}\.[A-Za-z0-9_-]{{16,}}"),
    _kind("DigitalOcean token", "dop_v1_", rf"{_EDGE}dop_v1_[a-f0-9]{{64}}"),
    _kind("Telegram bot token", ":AA", rf"{_EDGE}[0-9]{{8,10}}:AA[A-Za-z0-9_-]{{33}}"),
    _kind("Azure storage key", "AccountKey=", r"AccountKey=(?P<value>[A-Za-z0-9+/]{40,}={0,2})"),
    _kind("private key", "PRIVATE", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<value>[^-]{32,})"),
    _kind("JSON web token", "eyJ", rf"{_EDGE}eyJ[A-Za-z0-9_-]{{8,}}\.eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{16,}}"),
    _kind(
        "password in an address",
        "://",
        r"(?<![A-Za-z0-9])[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"<>]{0,64}:(?P<value>[^\s/@'\"<>{}$]{6,128})@[A-Za-z0-9.-]+",
    ),
)
_RARE = "_-/=:"
_GATES = {
    # One character is found ten times as fast as several, and most texts lack these.
    gate: tuple(
        anchor
        for kind in KINDS
        for anchor in kind.anchors
        if next((character for character in _RARE if character in anchor), "") == gate
    )
    for gate in ("", *_RARE)
}
_NAMED_ANCHORS = ("pass", "pwd", "secret", "token", "key", "credential", "authorization")
_NAMED = re.compile(
    r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret|token|credentials?|api[_ -]?key|access[_-]?key|private[_-]?key|"
    r"auth[_-]?key|authorization)[\w-]{0,20}[\"']?\s{0,3}(?:=>|:=|[:=：]|\bis\b|是)\s{0,3}(?:bearer\s+|basic\s+)?"
    r"[\"'`]?(?P<value>[A-Za-z0-9_+/=.~!@#%^&*$-]{8,200})"
)
_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|change_?me|your|insert|replace|dummy|sample|redacted|fake|xxxx|\*\*\*|\.\.\.|environ|getenv|"
    r"process\.env|12345|abc_?123|abcdef|(?:my|the|some|user|admin)?[_-]?(?:password|passwd|pass|secret|token)[0-9!]{0,3}$"
)
_WORDS = re.compile(r"[A-Za-z]+[0-9]{0,3}(?:[_./=-]+[A-Za-z]*[0-9]{0,3})*|[0-9.,:/TZ_+-]+")
LEAST_BITS = 2.5
"""A value that must look random has at least so many bits a character, counted over its own characters."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that looks like a secret."""

    kind: str
    masked: str
    """How it begins, where every secret of its kind begins so."""


def may_hold_secret(text: str) -> bool:
    """Whether a closer look is worth it."""
    for gate, anchors in _GATES.items():
        if gate in text:
            for anchor in anchors:
                if anchor in text:
                    return True
    if ":" in text or "=" in text or " is " in text or not text.isascii():
        lowered = text.lower()
        return any(anchor in lowered for anchor in _NAMED_ANCHORS) and _NAMED.search(text) is not None
    return False


def secrets_in(text: str) -> Iterator[Secret]:
    """What looks like a secret in a text, each without its value."""
    taken: list[tuple[int, int]] = []
    for kind in KINDS:
        if any(anchor in text for anchor in kind.anchors):
            for match in kind.pattern.finditer(text):
                value = match.groupdict().get("value") or match[0]
                if not _PLACEHOLDER.search(value) and (not kind.irregular or is_irregular(value)):
                    taken.append(match.span())
                    yield Secret(kind.name, _masked(match, kind))
    for match in _NAMED.finditer(text):
        begin, end = match.span()
        known = any(begin < other_end and other_begin < end for other_begin, other_end in taken)
        if not known and not _PLACEHOLDER.search(match["value"]) and is_irregular(match["value"]):
            yield Secret("password or key", "…")


def is_irregular(value: str) -> bool:
    """Whether a value looks random: letters and digits mixed, and no words, version or date."""
    if not re.search("[A-Za-z]", value) or not re.search("[0-9]", value) or _WORDS.fullmatch(value):
        return False
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts) >= LEAST_BITS


def _masked(match: re.Match[str], kind: Kind) -> str:
    if "value" in match.groupdict():
        return "…"
    anchor = next((anchor for anchor in kind.anchors if match[0].startswith(anchor)), "")
    return f"{anchor[:SHOWN_CHARACTERS]}…"
