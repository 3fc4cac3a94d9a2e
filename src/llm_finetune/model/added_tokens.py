"""Tokens that a base does not have: given to its tokenizer, and rows to them in its embedding and head.

They are plain tokens, not special ones: a text that spells one gets it, and an answer shows it. A special token would
be hidden from answers, and would not be taken from texts that users write. Knows no method and loads nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import ConfigError, Problem
from llm_finetune.messages import say

if TYPE_CHECKING:
    import torch

FIELD = "model.added_tokens"


@dataclass(frozen=True, slots=True)
class AddedToken:
    """A token to add."""

    text: str
    description: str = ""
    """Words whose mean is the start of its row; without any it is the mean of all rows."""


@dataclass(frozen=True, slots=True)
class NewRows:
    """Which rows of embedding and head the new tokens take, and where they start."""

    ids: Mapping[str, int]
    """Spelling → token id."""
    starts: Mapping[int, tuple[int, ...]]
    """Token id → tokens whose mean it starts at; none: all tokens of the base."""
    known: int
    """Tokens of the base: the rows after them, if there are any, were never trained."""

    @property
    def needed(self) -> int:
        """Rows that embedding and head must have."""
        return max(self.ids.values()) + 1


def as_added(tokens: Sequence[str] | Mapping[str, str]) -> tuple[AddedToken, ...]:
    """The tokens as they are configured: a list of spellings, or a mapping from spelling to description."""
    if isinstance(tokens, Mapping):
        return tuple(AddedToken(text, description) for text, description in tokens.items())
    return tuple(AddedToken(text) for text in tokens)


def extend_tokenizer(tokenizer: Any, tokens: Sequence[AddedToken]) -> NewRows | None:
    """Add the tokens that a tokenizer does not have; None if it has them all."""
    from tokenizers import AddedToken as LibraryToken

    if not tokens:
        return None
    known, vocabulary = len(tokenizer), tokenizer.get_vocab()
    new = [token for token in tokens if token.text not in vocabulary]
    if not new:
        return None
    described = {
        token.text: tuple(tokenizer.encode(token.description, add_special_tokens=False)) if token.description else ()
        for token in new
    }
    # Not normalized: the spelling in the text counts, not what the tokenizer makes of it first.
    tokenizer.add_tokens([LibraryToken(token.text, special=False, normalized=False) for token in new])
    ids = {token.text: int(tokenizer.convert_tokens_to_ids(token.text)) for token in new}
    return NewRows(ids, {ids[text]: found for text, found in described.items()}, known)


def require_addable(tokenizer: Any, tokens: Sequence[AddedToken]) -> None:
    """Check tokens against a base's tokenizer, which is not changed.

    Raises: ConfigError with every token that the base has already, or that could not be read back.
    """
    from copy import deepcopy

    vocabulary = tokenizer.get_vocab()
    problems = [
        _problem("token_known", token, id=vocabulary[token.text]) for token in tokens if token.text in vocabulary
    ]
    trial = deepcopy(tokenizer)
    rows = extend_tokenizer(trial, tokens)
    for token in tokens:
        if rows is None or token.text not in rows.ids:
            continue
        if trial.decode([rows.ids[token.text]], clean_up_tokenization_spaces=False) != token.text:
            problems.append(_problem("token_unreadable", token))
        elif trial.encode(f"a{token.text}b", add_special_tokens=False).count(rows.ids[token.text]) != 1:
            problems.append(_problem("token_hidden", token))
    if problems:
        raise ConfigError(problems)


def _problem(code: str, token: AddedToken, **values: Any) -> Problem:
    message, fix = say(f"model.{code}", token=token.text, **values), say(f"model.{code}.fix", token=token.text)
    return Problem(code, message, fix, field=FIELD)


def give_rows(model: Any, rows: NewRows) -> None:
    """Make room for the new tokens where there is none, and set their rows to their start.

    A model with rows to spare keeps its size. Nothing is drawn at random, so the same base always gives the same rows.
    """
    import torch

    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    if embedding.weight.shape[0] < rows.needed:
        model.resize_token_embeddings(rows.needed, mean_resizing=False)
        embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    with torch.no_grad():
        for weight in {id(end.weight): end.weight for end in (embedding, head) if end is not None}.values():
            _start(weight, rows)


def _start(weight: "torch.Tensor", rows: NewRows) -> None:
    everything = weight[: rows.known].float().mean(0)
    starts = {
        number: weight[list(described)].float().mean(0) if described else everything
        for number, described in rows.starts.items()
    }
    for number, value in starts.items():
        weight[number] = value.to(weight.dtype)


def told(rows: NewRows, present: int) -> list[str]:
    """What becomes of the tokens of a base whose embedding has so many rows, with the reason."""
    names = ", ".join(f"{text} ({number})" for text, number in rows.ids.items())
    fits = present >= rows.needed
    lines = [say("model.tokens_added", names=names, count=len(rows.ids))]
    lines.append(say("model.rows_spare" if fits else "model.rows_grow", rows=present, needed=rows.needed))
    described = any(rows.starts.values())
    lines.append(say("model.rows_start_described" if described else "model.rows_start", known=rows.known))
    return lines
