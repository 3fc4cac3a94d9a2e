"""llm-finetune: from a file of examples to a tuned, evaluated language model.

The Python API is `llm_finetune.workflow`. Importing this package imports nothing heavy.
"""

__version__ = "0.1.0"
