"""The problem codes of the data floor, found in its source: for its README, and for the test that compares both."""

import ast
import re
import string
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "llm_finetune"
PLACES = ("data", "workflow")
"""Where rows are told about."""
MAKER = re.compile(r"(?:^|_)(?:problem|fault|note|warning|refusal)$|^(?:Problem|Note)$")
"""Names of functions and classes that make a problem of a code, their first argument."""
TOLD = re.compile(r"note|notice|warn|told", re.IGNORECASE)
"""Names around a code that say that it is only told."""
TOLD_PLACES = frozenset({"content"})
"""Folders whose findings are all only told."""
WORDING = "wording"
"""A name for a key of the catalogue that is no code of its own, but another sentence for one."""
CODE = re.compile(r"^[a-z][a-z0-9_]*$")
ERROR, WARNING = "error", "warning"
KINDS = {"overlong_dropped": WARNING, "byte_order_mark": WARNING}
"""Kinds that the names around the code do not show."""

HEAD = """\
# Problem codes

Made by `make docs` from the message catalogue and the source; do not edit.

`data/` reads rows, checks them, and turns them into tokens. Whatever is wrong with a file or a row is told with a code
that stays the same from version to version; `llm-finetune check --json` gives it as `code`, beside `path`, `line` and
`field`. Where OpenAI's checker of fine-tuning files has a name for a fault, the code is that name. A `…` stands for
what was found.

An **error** stops training with exit code 2. One that belongs to a row only leaves the row out where
`data.on_bad_rows` is `drop`, or `data.overlong` for rows that are too long; it is counted either way. A **warning** is
told and changes nothing.

| Code | Kind | What it says | What to do |
|---|---|---|---|
"""


def _name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _names_at(node: ast.AST) -> list[str]:
    """What a piece of source is called: the function, the variable, or what is called and on what."""
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [_name_of(target) for target in node.targets]
    if isinstance(node, ast.Call):
        return [_name_of(node.func), *([_name_of(node.func.value)] if isinstance(node.func, ast.Attribute) else [])]
    return []


def _candidates(node: ast.AST) -> list[ast.expr | None]:
    """Where a code may stand: a call's first argument, a variable's value, a result."""
    if isinstance(node, ast.Call):
        return list(node.args[:1])
    return [node.value] if isinstance(node, ast.Assign | ast.Return) else []


def _codes_in(node: ast.expr | None) -> list[str]:
    """A constant, or both of a choice."""
    options = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    texts = [option.value for option in options if isinstance(option, ast.Constant) and isinstance(option.value, str)]
    return [text for text in texts if CODE.match(text)]


def _met(node: ast.AST, around: tuple[str, ...] = ()) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every possible code below a node, with the name of what it is handed to, and all names around it."""
    names = _names_at(node)
    around = (*around, *names)
    for candidate in _candidates(node):
        for code in _codes_in(candidate):
            yield code, names[0] if names else "", around
    for child in ast.iter_child_nodes(node):
        yield from _met(child, around)


def modules() -> list[Path]:
    """The source files that are searched."""
    return [path for place in PLACES for path in sorted((SOURCE / place).rglob("*.py"))]


def used_codes(documented: Collection[str] = ()) -> dict[str, set[str]]:
    """Every code that the source makes a problem of, or that is documented and stands there, with its kinds."""
    used: dict[str, set[str]] = defaultdict(set)
    for path in modules():
        is_told_place = not TOLD_PLACES.isdisjoint(path.parts) or TOLD.search(path.stem) is not None
        for code, handed_to, around in _met(ast.parse(path.read_text(encoding="utf-8"))):
            is_made = MAKER.search(handed_to) is not None and path.parent.name != "workflow"
            if handed_to != WORDING and (code in documented or is_made):
                is_told = is_told_place or any(TOLD.search(name) for name in around)
                used[code].add(WARNING if is_told else ERROR)
    return used


def documented_codes(texts: Mapping[str, object]) -> list[str]:
    """Codes of the catalogue: keys `data.<code>` that say what to do beside them."""
    keys = {key.split(".")[1] for key in texts if key.count(".") >= 2 and key.split(".")[2] in {"fix", "hint"}}
    return sorted(key for key in keys if f"data.{key}" in texts)


def _sentence(text: object) -> str:
    """The English text with a mark where values stand."""
    english = text[0] if isinstance(text, tuple) else str(text)
    parts = [literal + ("…" if name is not None else "") for literal, name, _, _ in string.Formatter().parse(english)]
    return "".join(parts).replace("|", "\\|").replace("\n", " ")


def readme_text() -> str:
    """A table of all codes."""
    from llm_finetune.messages import texts_of

    texts = texts_of("data")
    documented = documented_codes(texts)
    used = used_codes(documented)
    lines = []
    for code in documented:
        if code not in used:
            continue
        fixes = [texts[key] for key in texts if key == f"data.{code}.fix" or key.startswith(f"data.{code}.hint.")]
        advice = " · ".join(sentence for text in fixes if (sentence := _sentence(text)))
        kind = KINDS.get(code) or ", ".join(sorted(used[code]))
        lines.append(f"| `{code}` | {kind} | {_sentence(texts[f'data.{code}'])} | {advice} |\n")
    return HEAD + "".join(lines)
