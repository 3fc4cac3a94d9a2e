"""The methods floor: make a model trainable. One file a method, one line in the table."""

from llm_finetune.catalog import Catalog
from llm_finetune.config.read import Document
from llm_finetune.config.strict import Settings
from llm_finetune.methods.full import METHOD as FULL
from llm_finetune.methods.lora import METHOD as LORA
from llm_finetune.methods.method import Method
from llm_finetune.methods.read import read_from
from llm_finetune.methods.trainable import trainable_by_layer, trainable_parameters

__all__ = ["METHODS", "read_method", "trainable_by_layer", "trainable_parameters"]

METHODS: Catalog[Method] = Catalog(
    "method",
    {
        "LORA": LORA,
        "FULL": FULL,
    },
)
"""By `peft_type`; `FULL` is ours, for `method.adapter: none`."""


def read_method(document: Document) -> tuple[Method, Settings]:
    """The method that `peft_type` names, and its settings.

    Raises: ConfigError with every problem found.
    """
    return read_from(document, METHODS)
