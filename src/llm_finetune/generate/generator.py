"""Answers to many conversations, batched. Knows no training, no files and no terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.text_model import TextModel
from llm_finetune.errors import DataError, Problem
from llm_finetune.generate.answer import Answer, Sampling
from llm_finetune.messages import say

Observer = Callable[[int, int], None]
"""Called with the number of answers done and the number asked for."""
OnTokens = Callable[[list[int]], None]
Asked = Sequence[Message] | Conversation
"""Turns that wait for an answer; of a whole conversation those before its last answer, with its tools."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt in tokens."""

    index: int
    ids: list[int]
    room: int
    """New tokens that may be generated for it."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A model that answers, and the texts it understands."""

    model: Any
    """A causal model of transformers, with or without a PEFT adapter."""
    text_model: TextModel
    batch_size: int = 8
    precision: str = "float32"
    """The number format of matrix products, as in training."""
    tuned: bool = True
    """Whether the adapter takes part; without it the base answers."""

    def answers(
        self,
        conversations: Sequence[Asked],
        *,
        max_new_tokens: int,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
        observer: Observer | None = None,
    ) -> list[Answer]:
        """One answer for each conversation, in their order. Greedy unless the temperature is above 0.

        Raises: DataError naming every prompt without room; UsageError for sampling values out of bounds.
        """
        sampling = Sampling(temperature, top_p, seed)
        prompts = self.prompts(conversations, max_new_tokens)
        found: dict[int, Answer] = {}
        for batch in self._batches(prompts, max_new_tokens):
            found.update(self._answer_batch(batch, sampling))
            if observer is not None:
                observer(len(found), len(prompts))
        return [found[index] for index in range(len(prompts))]

    def prompts(self, conversations: Sequence[Asked], max_new_tokens: int) -> list[Prompt]:
        """Token ids of every conversation, and the room each leaves for an answer.

        Raises: DataError naming every prompt that leaves none, or that the chat template refuses.
        """
        prompts: list[Prompt] = []
        problems: list[Problem] = []
        for index, asked in enumerate(conversations):
            try:
                prompts.append(self._prompt(index, asked, max_new_tokens))
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)
        return prompts

    def _prompt(self, index: int, asked: Asked, max_new_tokens: int) -> Prompt:
        messages, tools = (asked.prompt, asked.tools) if isinstance(asked, Conversation) else (asked, ())
        try:
            ids = self.text_model.prompt_ids(messages, tools)
        except TemplateRefusalError as error:
            raise DataError(_problem("template_refuses", index, what=error)) from error
        limit = self.text_model.limit
        room = max_new_tokens if limit is None else min(max_new_tokens, limit - len(ids))
        if room < 1:
            raise DataError(_problem("prompt_too_long", index, tokens=len(ids), limit=limit))
        return Prompt(index, ids, room)

    def _batches(self, prompts: Sequence[Prompt], max_new_tokens: int) -> Iterator[list[Prompt]]:
        """Prompts of similar length together, longest first; one with less room than asked for goes alone."""
        ordered = sorted(prompts, key=lambda prompt: len(prompt.ids), reverse=True)
        yield from ([prompt] for prompt in ordered if prompt.room < max_new_tokens)
        roomy = [prompt for prompt in ordered if prompt.room == max_new_tokens]
        for group in self._alike(roomy, max_new_tokens):
            for start in range(0, len(group), self.batch_size):
                yield group[start : start + self.batch_size]

    def _alike(self, prompts: list[Prompt], max_new_tokens: int) -> list[list[Prompt]]:
        """Prompts that may be padded to each other: all of them, or where padding would show those of one length."""
        from llm_finetune.generate import decode

        longest = max((len(prompt.ids) for prompt in prompts), default=0) + max_new_tokens
        if not (self.tuned and decode.padding_shows(self.model, longest)):
            return [prompts]
        return [list(group) for _, group in groupby(prompts, key=lambda prompt: len(prompt.ids))]

    def _answer_batch(self, batch: Sequence[Prompt], sampling: Sampling) -> dict[int, Answer]:
        from llm_finetune.generate.decode import cut_at_end

        new_rows = self._generate(batch, sampling)
        answers = {}
        for prompt, row in zip(batch, new_rows, strict=True):
            ids, ended = cut_at_end(row, self.text_model.end_ids, prompt.room)
            text = self.text_model.decode(ids)
            answers[prompt.index] = Answer(text, len(ids) + ended, "end" if ended else "length")
        return answers

    def stream(self, prompt: Prompt, sampling: Sampling, on_tokens: OnTokens) -> None:
        """Generate for one prompt, handing on new tokens as they come, the end token included."""
        from llm_finetune.generate.streaming import TokenStreamer

        self._generate([prompt], sampling, TokenStreamer(on_tokens))

    def _generate(self, batch: Sequence[Prompt], sampling: Sampling, streamer: Any = None) -> list[list[int]]:
        """New tokens of each prompt, up to the longest answer of the batch."""
        from llm_finetune.generate import decode

        pad_id = self._pad_id()
        stops = decode.Stops(self.text_model.end_ids, max(prompt.room for prompt in batch))
        config = decode.generation_config(stops, sampling, pad_id)
        ids_BT, mask_BT = decode.left_padded([prompt.ids for prompt in batch], pad_id)
        with (
            decode.tuned_or_base(self.model, self.tuned),
            decode.inference(self.model, self.precision) as device,
            # Every batch has its own stream, so that an answer does not hang on the batches before it.
            decode.seeded(None if sampling.seed is None else sampling.seed + batch[0].index, device),
        ):
            new_BN = decode.decode(
                self.model, ids_BT.to(device), mask_BT.to(device), config, streamer, tuned=self.tuned
            )
            rows: list[list[int]] = new_BN.tolist()
        return rows

    def _pad_id(self) -> int:
        """A token to fill with; it is masked, so that any token does."""
        pad_id: int | None = self.text_model.tokenizer.pad_token_id
        return min(self.text_model.end_ids, default=0) if pad_id is None else pad_id


def _problem(code: str, index: int, **values: object) -> Problem:
    key = f"generate.{code}"
    return Problem(code, say(key, number=index + 1, **values), say(f"{key}.fix", **values))
