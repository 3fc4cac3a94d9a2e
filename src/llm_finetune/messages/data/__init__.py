"""Texts about data, one module for each thing they are about."""

from llm_finetune.messages.data import content, reading, rows, tokens

TEXTS: dict[str, str | tuple[str, str]] = {**reading.TEXTS, **rows.TEXTS, **content.TEXTS, **tokens.TEXTS}
