"""The table of data formats. The order is the order of precedence when a row fits more than one."""

from llm_finetune.catalog import Catalog
from llm_finetune.data.formats import alpaca, completion, messages, preference, sharegpt, text
from llm_finetune.data.formats.format import Format

FORMATS: Catalog[Format] = Catalog(
    "data format",
    {
        "preference": preference.FORMAT,
        "messages": messages.FORMAT,
        "sharegpt": sharegpt.FORMAT,
        "alpaca": alpaca.FORMAT,
        "completion": completion.FORMAT,
        "text": text.FORMAT,
    },
)
