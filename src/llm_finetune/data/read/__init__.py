"""Read data files into rows, with the physical line of each: JSON Lines, JSON arrays, CSV and TSV, Parquet, and gzip or
zstd of them. Content decides, not the extension. Knows no format of rows.
"""

from llm_finetune.data.read.parse import Number, json_type
from llm_finetune.data.read.reading import read_rows

__all__ = ["Number", "json_type", "read_rows"]
