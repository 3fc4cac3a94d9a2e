"""How the rows of a text are laid out, by what it begins with. The file's name only settles what the text leaves open.

Knows no format of rows.
"""

import json
import re
from typing import Literal

from llm_finetune.data.read.delimited import Dialect, dialect_of
from llm_finetune.data.read.faults import fault, start_of
from llm_finetune.data.read.kinds import GIT_LFS, text_kind
from llm_finetune.data.read.parse import JSON_BLANKS
from llm_finetune.errors import Problem

Layout = Literal["array", "lines"] | Dialect

TABLE_SUFFIXES = frozenset({".csv", ".tsv"})
_LINES_LOOKED_AT = 1000
_AFTER_CARRIAGE_RETURN = re.compile(r"\}\s*\r\s*\{")
_JSON_START = re.compile(r"""\s*(?:\{\s*(?:["'}]|$)|\[\s*(?:[\[{\]"\d-]|$))""")


def layout_of(head: str, shown: str, suffix: str, *, is_whole: bool) -> Layout | Problem:
    """The layout of a text that begins so; `is_whole` says that nothing follows."""
    text = head.lstrip().lstrip("\ufeff")
    is_table = suffix in TABLE_SUFFIXES
    if not text:
        return "lines"
    if _has_only_carriage_returns(head):
        return fault("carriage_returns", shown)
    if text[0] in "{[" and (not is_table or _JSON_START.match(head)):
        return "lines" if text[0] == "{" or _is_array_a_line(text, is_whole=is_whole) else "array"
    if kind := text_kind(text):
        return fault("git_lfs_pointer", shown) if kind == GIT_LFS else fault("unsupported_kind", shown, kind=kind)
    dialect = dialect_of(head, is_whole=is_whole, is_table=is_table)
    if dialect:
        return dialect
    if is_table:
        return fault("no_header", shown, excerpt=start_of(text.split("\n", 1)[0]))
    if _is_json(text.split("\n", 1)[0]) or _holds_objects(text):
        return "lines"
    return fault("no_known_layout", shown, excerpt=start_of(text.split("\n", 1)[0]))


def _is_array_a_line(text: str, *, is_whole: bool) -> bool:
    """Whether each line is an array, rather than all lines together."""
    first, _, rest = text.partition("\n")
    if not rest.strip():
        return False
    return _is_json(first)


def _is_json(line: str) -> bool:
    """Whether a line is one value as far as brackets go; whether it is a good one, the reader says."""
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    except (ValueError, RecursionError):
        return line.rstrip().endswith(("]", "}"))
    return True


def _holds_objects(text: str) -> bool:
    """Whether objects follow a beginning that is none."""
    return any(
        line.lstrip(JSON_BLANKS).startswith('{"') for line in text.split("\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]
    )


def _has_only_carriage_returns(head: str) -> bool:
    """Whether lines end as on old Macs; one array may be written so."""
    if "\n" in head or "\r" not in head.strip():
        return False
    return _AFTER_CARRIAGE_RETURN.search(head) is not None if head.lstrip()[0] in "{[" else True
