"""Write previewed rows as one HTML file that needs nothing else and asks for nothing elsewhere.

Rows go into the page as JSON, and its script makes text nodes of them: whatever a row holds stays text. A content
security policy with hashes lets nothing run but that script. Knows no terminal.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from llm_finetune.data.pieces import Piece, pieces_of
from llm_finetune.data.preview import PreviewRow
from llm_finetune.data.visible import hidden_places, on_one_line, pieces_between, spelled, visible_pieces
from llm_finetune.errors import Problem
from llm_finetune.files import write_text
from llm_finetune.messages import language, say

HOME = Path(__file__).resolve().parent / "page"
LANGUAGE_TAGS = {"en": "en", "zh-TW": "zh-Hant-TW"}
FLAGS = ("unusable", "problem", "cut", "split", "rejected", "plain", "hidden")
LABELS = (
    # Words of the page itself, written into its HTML.
    *("legend", "trained", "untrained", "special", "trained_special", "cut", "hidden", "search", "search_hint"),
    *("flag", "problem", "role", "any", "token_borders", "noscript"),
)
WORDS = (
    # Words that its script fills in.
    *(
        "shown",
        "none",
        "counts",
        "counts_unused",
        "trained_count",
        "template",
        "bar_title",
        "token_title",
        "tokens_title",
    ),
    *("trained_title", "untrained_title", "hidden_title", "cut_count", "unfold", "rejected", "as_read"),
)

Run = str | tuple[str, str]
"""A text as it is, or how a hidden character is spelled with the character."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What stands at the top of the page."""

    name: str
    """The project, or the files."""
    total: int
    """Rows there are; those shown may be fewer."""
    model: str
    limit: int
    """Longest row in tokens."""
    train_on: str


def write_page(path: Path, rows: Sequence[PreviewRow], facts: PageFacts) -> None:
    """Write the page; it appears whole or not at all.

    Raises: OSError
    """
    write_text(path, page_of(rows, facts))


def page_of(rows: Sequence[PreviewRow], facts: PageFacts) -> str:
    """The page as HTML."""
    script, style = (_file(name) for name in ("page.js", "page.css"))
    words: dict[str, Any] = {name: say(f"page.{name}") for name in WORDS}
    words["flags"] = {name: say(f"page.flag_{name}") for name in FLAGS}
    title = say("page.title", name=facts.name)
    summary = say(
        "page.facts",
        count=len({(row.path, row.line) for row in rows}),
        total=facts.total,
        model=facts.model,
        limit=facts.limit,
        train_on=say(f"page.train_on_{facts.train_on}"),
    )
    labels = {name: html.escape(say(f"page.{name}")) for name in LABELS}
    return Template(_file("page.html")).substitute(
        labels,
        language=LANGUAGE_TAGS[language()],
        title=html.escape(on_one_line(title)),
        facts=html.escape(on_one_line(summary)),
        script_hash=_hash_of(script),
        style_hash=_hash_of(style),
        script=script,
        style=style,
        data=json_for_html({"words": words, "rows": [_row(row) for row in rows]}),
    )


def _file(name: str) -> str:
    return (HOME / name).read_text(encoding="utf-8")


def _hash_of(text: str) -> str:
    """What a content security policy allows an inline text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def json_for_html(value: Any) -> str:
    """JSON that can end no element and open no comment, whatever its texts hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # Half a character cannot be written in UTF-8, and its escape means the same in JSON.
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)


def _row(row: PreviewRow) -> dict[str, Any]:
    """A row as the script takes it."""
    pieces = [_piece(piece) for piece in row.pieces]
    record = _runs(row.record)
    return {
        "place": on_one_line(row.place),
        "pieces": pieces,
        "cut": [_without_tokens(piece) for piece in pieces_of(row.cut)],
        "cutAtStart": row.cut_at_start,
        "rejected": [_piece(piece) for piece in pieces_of(row.rejected)],
        "record": record,
        "tokens": len(row.input_ids),
        "trained": row.trained_tokens,
        "cutTokens": row.cut_tokens,
        "template": row.template_tokens if row.turns and not row.is_plain else 0,
        "limit": row.limit,
        "turns": [
            {"role": on_one_line(turn.role), "tokens": turn.tokens, "trained": turn.trained} for turn in row.turns
        ],
        "problems": [{"code": problem.code, "runs": _runs(_sentence(problem))} for problem in row.problems],
        "unusable": not row.is_usable,
        "flags": list(_flags(row)),
        "flagNames": _flag_names(row),
    }


def _sentence(problem: Problem) -> str:
    return ": ".join(part for part in (problem.field, f"{problem.message} {problem.fix}".rstrip()) if part)


def _flags(row: PreviewRow) -> Iterable[str]:
    if not row.is_usable:
        yield "unusable"
    elif row.problems:
        yield "problem"
    if row.cut:
        yield "cut"
    if row.part is not None:
        yield "split"
    if row.rejected:
        yield "rejected"
    if row.is_plain:
        yield "plain"
    if hidden_places(row.text) or hidden_places(row.record):
        yield "hidden"


def _flag_names(row: PreviewRow) -> dict[str, str]:
    """Words for flags that differ from row to row."""
    return {} if row.part is None else {"split": say("page.flag_part", number=row.part[0], total=row.part[1])}


def _piece(piece: Piece) -> dict[str, Any]:
    """A piece with its segments; a joiner between two of them is judged by both."""
    text, start = piece.shown, 0
    hidden = hidden_places(text)
    segments = []
    for segment in piece.segments:
        stop = start + len(segment.text or segment.name)
        segments.append({"ids": segment.ids, "runs": _as_runs(pieces_between(text, hidden, start, stop))})
        start = stop
    return {"trained": piece.trained, "special": piece.special, "segments": segments}


def _without_tokens(piece: Piece) -> dict[str, Any]:
    """A piece of what is not read, which may be a book: its tokens would be ten times the text."""
    segments = [{"ids": (), "runs": _runs(piece.shown)}]
    return {"trained": piece.trained, "special": piece.special, "segments": segments}


def _runs(text: str) -> list[Run]:
    return _as_runs(visible_pieces(text))


def _as_runs(parts: Iterable[tuple[str, bool]]) -> list[Run]:
    return [part if is_plain else (spelled(part), part) for part, is_plain in parts]
