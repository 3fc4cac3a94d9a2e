"""A conversation with a model: history, streamed answers, commands. Knows no terminal."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from llm_finetune.data.rows import Message
from llm_finetune.errors import DataError
from llm_finetune.generate.answer import Sampling
from llm_finetune.generate.generator import Generator, Prompt
from llm_finetune.generate.pieces import TextPieces
from llm_finetune.messages import say

OnPiece = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a conversation."""

    text: str
    stopped_by: Literal["end", "length", "limit", "interrupt"]
    """`length`: the longest answer asked for; `limit`: the model reads no further; `interrupt`: Ctrl-C."""


@dataclass(slots=True)
class ChatSession:
    """What was said so far, and who answers."""

    tuned: Generator | None
    """The tuned model; None if there is only a base."""
    base: Generator | None
    """The base; None if it is not at hand."""
    max_new_tokens: int = 512
    sampling: Sampling = field(default_factory=Sampling)
    uses_tuned: bool = True
    history: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.tuned is None and self.base is None:
            raise ValueError("a chat needs a model")
        self.uses_tuned = self.tuned is not None and (self.uses_tuned or self.base is None)

    @property
    def generator(self) -> Generator:
        """The model that answers now."""
        chosen = self.tuned if self.uses_tuned else self.base
        assert chosen is not None
        return chosen

    def ask(self, question: str, on_piece: OnPiece) -> Reply:
        """Answer a question, handing on the text as it comes. Ctrl-C stops it and keeps what was said.

        A question without any answer is not kept.

        Raises: DataError if the conversation no longer fits the model.
        """
        messages = [*self.history, {"role": "user", "content": question}]
        prompt = self._prompt(messages)
        pieces, stopped_by = self._stream(prompt, on_piece)
        reply = Reply(pieces.text, stopped_by)
        if reply.text.strip():
            self.history = [*messages, {"role": "assistant", "content": reply.text}]
        return reply

    def _prompt(self, messages: list[Message]) -> Prompt:
        try:
            return self.generator.prompts([messages], self.max_new_tokens)[0]
        except DataError as error:
            if self.history and any(problem.code == "prompt_too_long" for problem in error.problems):
                limit = self.generator.text_model.limit
                raise DataError(say("generate.chat_full", limit=limit)) from error
            raise

    def _stream(
        self, prompt: Prompt, on_piece: OnPiece
    ) -> tuple[TextPieces, Literal["end", "length", "limit", "interrupt"]]:
        end_ids = self.generator.text_model.end_ids
        pieces, ended = TextPieces(self.generator.text_model.decode), False

        def take(ids: list[int]) -> None:
            nonlocal ended
            ended = ended or ids[-1] in end_ids
            if not ended and (piece := pieces.add(ids)):
                on_piece(piece)

        try:
            self.generator.stream(prompt, self.sampling, take)
        except KeyboardInterrupt:
            return pieces, "interrupt"
        finally:
            if rest := pieces.rest():
                on_piece(rest)
        if ended:
            return pieces, "end"
        return pieces, "limit" if prompt.room < self.max_new_tokens else "length"

    def forget(self) -> None:
        """Start a new conversation."""
        self.history = []

    def save(self, path: Path) -> None:
        """Append the conversation to a JSON Lines file, as a row that training reads."""
        system = self.generator.text_model.system
        first = [{"role": "system", "content": system}] if system is not None else []
        row = json.dumps({"messages": [*first, *self.history]}, ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        starts_a_line = not path.is_file() or path.read_bytes()[-1:] in {b"", b"\n"}
        with path.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(row + "\n" if starts_a_line else "\n" + row + "\n")
