"""The methods floor: make a model trainable. One file a method, one line in the table."""

from llm_finetune.catalog import Catalog
from llm_finetune.config.read import Document
from llm_finetune.config.strict import Settings
from llm_finetune.methods.adalora import METHOD as ADALORA
from llm_finetune.methods.boft import METHOD as BOFT
from llm_finetune.methods.full import METHOD as FULL
from llm_finetune.methods.ia3 import METHOD as IA3
from llm_finetune.methods.ln_tuning import METHOD as LN_TUNING
from llm_finetune.methods.lora import METHOD as LORA
from llm_finetune.methods.method import Method
from llm_finetune.methods.oft import METHOD as OFT
from llm_finetune.methods.p_tuning import METHOD as P_TUNING
from llm_finetune.methods.prefix_tuning import METHOD as PREFIX_TUNING
from llm_finetune.methods.prompt_tuning import METHOD as PROMPT_TUNING
from llm_finetune.methods.read import read_from
from llm_finetune.methods.trainable import trainable_by_layer, trainable_parameters
from llm_finetune.methods.vera import METHOD as VERA

__all__ = ["METHODS", "read_method", "trainable_by_layer", "trainable_parameters"]

METHODS: Catalog[Method] = Catalog(
    "method",
    {
        "LORA": LORA,
        "ADALORA": ADALORA,
        "PROMPT_TUNING": PROMPT_TUNING,
        "P_TUNING": P_TUNING,
        "PREFIX_TUNING": PREFIX_TUNING,
        "IA3": IA3,
        "VERA": VERA,
        "OFT": OFT,
        "BOFT": BOFT,
        "LN_TUNING": LN_TUNING,
        "FULL": FULL,
    },
)
"""By `peft_type`; `FULL` is ours, for `method.adapter: none`."""


def read_method(document: Document) -> tuple[Method, Settings]:
    """The method that `peft_type` names, and its settings.

    Raises: ConfigError with every problem found.
    """
    return read_from(document, METHODS)
