"""How text becomes tokens: the one renderer of training, evaluation, chat and export. Knows no weights.

The value is made from a tokenizer that another floor loads; here it is only called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llm_finetune.data.rows import Message


@dataclass(frozen=True, slots=True)
class Encoding:
    """Token ids of a text, and for each token the characters it stands for."""

    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class TextModel:
    """A tokenizer with its chat template, its end-of-turn tokens and the longest text the model reads."""

    tokenizer: Any
    """A fast tokenizer of transformers."""
    chat_template: str
    end_ids: frozenset[int]
    """Tokens at which an answer ends."""
    limit: int | None = None
    """Longest input in tokens, or None if the model states none."""
    system: str | None = None
    """System prompt for conversations that bring none."""

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = False) -> str:
        """The exact text of a conversation.

        Raises: jinja2.TemplateError or TypeError if the template refuses it.
        """
        text = self.tokenizer.apply_chat_template(
            list(messages),
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            chat_template=self.chat_template,
        )
        return str(text)

    def encode(self, text: str) -> Encoding:
        """Token ids with the beginning-of-sequence token exactly once, where the tokenizer has one by default."""
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids, offsets = list(encoded["input_ids"]), [tuple(pair) for pair in encoded["offset_mapping"]]
        first = self._default_bos()
        if first is not None and ids[:1] != [first]:
            ids, offsets = [first, *ids], [(0, 0), *offsets]
        return Encoding(ids, offsets)

    def _default_bos(self) -> int | None:
        """The token that the tokenizer itself puts in front of a plain text, if any."""
        bos = self.tokenizer.bos_token_id
        if bos is None:
            return None
        return int(bos) if self.tokenizer("a")["input_ids"][:1] == [bos] else None

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation that waits for the assistant's answer."""
        if self.system is not None and (not messages or messages[0]["role"] != "system"):
            messages = [{"role": "system", "content": self.system}, *messages]
        return self.encode(self.render(messages, add_generation_prompt=True)).ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))
