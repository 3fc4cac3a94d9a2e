"""Configurations of other tools: the table of those that can be taken over. Knows none of their keys."""

from llm_finetune.catalog import Catalog
from llm_finetune.scaffold.foreign import axolotl, llama_factory
from llm_finetune.scaffold.foreign.taking import Tool

TOOLS: Catalog[Tool] = Catalog(
    "tool",
    {
        "axolotl": axolotl.TOOL,
        "llama_factory": llama_factory.TOOL,
    },
)
