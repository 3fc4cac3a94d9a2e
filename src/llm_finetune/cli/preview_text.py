"""How a previewed row is printed. Its marks also work without colour, and nothing in the data moves the cursor."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from llm_finetune.cli.output import print_line
from llm_finetune.cli.tables import can_show, console
from llm_finetune.data.pieces import Piece, Segment, pieces_of
from llm_finetune.data.visible import on_one_line, spelled, visible, visible_pieces
from llm_finetune.messages import say

if TYPE_CHECKING:
    from rich.text import Text

    from llm_finetune.data.preview import PreviewRow, Turn

TRAINED_MARKS, CUT_MARKS = ("⟦", "⟧"), ("⟪✂ ", "⟫")
PLAIN_TRAINED_MARKS, PLAIN_CUT_MARKS = ("[[", "]]"), ("<<", ">>")
"""For terminals that have no such brackets."""
READ, SPECIAL, TRAINED, TRAINED_SPECIAL = "", "cyan", "green", "bold green"
CUT_CHARACTERS = 200
"""Characters shown of each end of a part that is cut."""
MARK, CUT, HIDDEN = "bold green", "dim strike", "reverse yellow"


def print_row(row: "PreviewRow") -> None:
    """Print one row: where it stands, its counts, its problems, its text."""
    from rich.text import Text

    _print_head(row)
    text = Text()
    if row.cut and row.cut_at_start:
        _append_cut(text, row)
    _append_segments(text, row.segments)
    if row.cut and not row.cut_at_start:
        _append_cut(text, row)
    if text:
        _print_text(text)
    if row.rejected:
        console().print(Text(say("cli.preview.rejected"), style="bold"))
        rejected = Text()
        _append_segments(rejected, row.rejected)
        _print_text(rejected)
    if row.record:
        console().print(Text(say("cli.preview.as_read"), style="bold"))
        console().print(Text(visible(row.record), style="dim"))
    print_line()


def _print_text(text: "Text") -> None:
    """Print a text that may bring its last line break."""
    console().print(text, end="" if text.plain.endswith("\n") else "\n")


def _print_head(row: "PreviewRow") -> None:
    from rich.text import Text

    facts = []
    if row.segments and row.is_usable:
        facts.append(say("cli.preview.counts", tokens=len(row.input_ids), trained=row.trained_tokens))
    elif row.segments:
        facts.append(say("cli.preview.counts_unused", tokens=len(row.input_ids) + row.cut_tokens))
    if row.part is not None:
        facts.append(say("cli.preview.part", number=row.part[0], total=row.part[1]))
    if row.is_plain:
        facts.append(say("cli.preview.plain"))
    if not row.is_usable:
        facts.append(say("cli.preview.unusable"))
    head = Text(on_one_line(row.place), style="bold cyan")
    head.append("".join(f" · {fact}" for fact in facts), style="bold" if row.is_usable else "bold red")
    console().print(head)
    if row.turns and not row.is_plain:
        console().print(Text(_turns_line(row.turns, row.template_tokens), style="dim"))
    for problem in row.problems:
        parts = (problem.code, problem.field, f"{problem.message} {problem.fix}".rstrip())
        sentence = ": ".join(part for part in parts if part)
        console().print(Text(f"! {on_one_line(sentence)}", style="yellow" if row.is_usable else "red"))


def _turns_line(turns: "Sequence[Turn]", template_tokens: int) -> str:
    """`system 12 · user 34 · assistant 20 (21 trained)`."""
    parts = []
    for turn in turns:
        values = {"role": on_one_line(turn.role), "tokens": turn.tokens, "trained": turn.trained}
        counts = say("cli.preview.turn_trained" if turn.trained else "cli.preview.turn", **values)
        parts.append(counts)
    if template_tokens:
        parts.append(say("cli.preview.template", tokens=template_tokens))
    return " · ".join(parts)


def _append_segments(text: "Text", segments: Iterable[Segment]) -> None:
    """Add pieces; a trained run stands in one pair of brackets, whatever it is made of."""
    opening, closing = _marks(TRAINED_MARKS, PLAIN_TRAINED_MARKS)
    is_open = False
    for piece in pieces_of(segments):
        if piece.trained != is_open:
            text.append(closing if is_open else opening, style=MARK)
            is_open = piece.trained
        _append_visible(text, piece.shown, _style_of(piece))
    if is_open:
        text.append(closing, style=MARK)


def _style_of(piece: Piece) -> str:
    if piece.special:
        return TRAINED_SPECIAL if piece.trained else SPECIAL
    return TRAINED if piece.trained else READ


def _append_visible(text: "Text", shown: str, style: str) -> None:
    for part, is_plain in visible_pieces(shown):
        text.append(part if is_plain else spelled(part), style=style if is_plain else HIDDEN)


def _append_cut(text: "Text", row: "PreviewRow") -> None:
    opening, closing = _marks(CUT_MARKS, PLAIN_CUT_MARKS)
    key = "cli.preview.cut_turns" if row.cut_at_start else "cli.preview.cut"
    text.append(opening + say(key, tokens=row.cut_tokens, limit=row.limit), style="bold yellow")
    for part, is_plain in visible_pieces(_shortened("".join(segment.text or segment.name for segment in row.cut))):
        text.append(part if is_plain else spelled(part), style=CUT if is_plain else HIDDEN)
    text.append(closing + ("\n" if row.cut_at_start else ""), style="bold yellow")


def _shortened(cut: str) -> str:
    """The beginning and the end of a long part that is not read."""
    left_out = len(cut) - 2 * CUT_CHARACTERS
    if left_out <= 0:
        return cut
    return f"{cut[:CUT_CHARACTERS]} {say('cli.preview.left_out', count=left_out)} {cut[-CUT_CHARACTERS:]}"


def _marks(wanted: tuple[str, str], plain: tuple[str, str]) -> tuple[str, str]:
    return wanted if can_show("".join(wanted)) else plain
