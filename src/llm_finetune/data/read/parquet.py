"""The rows of a Parquet file, some hundred at a time. Knows no format of rows.

Nulls stay null; values that JSON does not have become texts.
"""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_finetune.data.read.faults import fault
from llm_finetune.data.rows import Note, Row
from llm_finetune.errors import Problem

_ROWS_AT_A_TIME = 512
_JSON_TYPES = (str, int, bool, type(None))


def parquet_rows(path: Path, shown: str) -> Iterator[Row | Problem | Note]:
    """The rows, numbered from 1."""
    import pyarrow  # type: ignore[import-untyped]
    import pyarrow.parquet  # type: ignore[import-untyped]

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            twice = [name for name, count in Counter(file.schema_arrow.names).items() if count > 1]
            if twice:
                yield fault("duplicate_column", shown, names=", ".join(twice))
                return
            yield Note(fault("row_numbers", shown))
            for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME):
                yield from _rows_of(batch, shown, number + 1)
                number += batch.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        yield fault("damaged_parquet", shown, at=number, what=_first_line(error))
        return
    if not number:
        yield fault("no_records", shown)


def _first_line(error: Exception) -> str:
    """What a library says, without its details."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _rows_of(batch: Any, shown: str, first: int) -> Iterator[Row | Problem]:
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        for index in range(batch.num_rows):
            yield _row_alone(batch.slice(index, 1), shown, first + index)
        return
    for number, values in enumerate(rows, first):
        yield Row({name: _plain(value) for name, value in values.items()}, shown, number)


def _row_alone(batch: Any, shown: str, number: int) -> Row | Problem:
    try:
        values = batch.to_pylist()[0]
    except UnicodeDecodeError:
        return fault("bad_text_in_row", shown, number)
    return Row({name: _plain(value) for name, value in values.items()}, shown, number)


def _plain(value: Any) -> Any:
    """The value as JSON has it; what is not a number there (NaN, infinity) is missing."""
    if isinstance(value, _JSON_TYPES):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)
