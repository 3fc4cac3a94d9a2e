"""llm-finetune: from a file of examples to a tuned, evaluated language model.

Importing this package imports nothing heavy; the names below are looked up when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from llm_finetune.errors import FinetuneError
    from llm_finetune.workflow import (
        check,
        evaluate,
        generate,
        is_main_process,
        merge,
        open_project,
        preview,
        push,
        train,
    )

__all__ = [
    "FinetuneError",
    "__version__",
    "check",
    "evaluate",
    "generate",
    "is_main_process",
    "merge",
    "open_project",
    "preview",
    "push",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'llm_finetune' has no attribute {name!r}")
    home = "llm_finetune.errors" if name == "FinetuneError" else "llm_finetune.workflow"
    return getattr(import_module(home), name)
