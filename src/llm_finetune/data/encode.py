"""From conversations to token ids and labels. Knows no model weights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from jinja2 import TemplateError

from llm_finetune.data.mask import AnswerNotFoundError, Span, answer_spans
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings, TrainOn
from llm_finetune.data.text_model import Encoding, TextModel
from llm_finetune.errors import Problem
from llm_finetune.messages import say

NOT_TRAINED = -100
"""The label that PyTorch's cross entropy ignores (`ignore_index`)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row as the model reads it."""

    input_ids: list[int]
    labels: list[int]
    """The token to predict at each place, or NOT_TRAINED."""
    path: str
    line: int
    truncated: bool = False

    @property
    def length(self) -> int:
        """Tokens in the row."""
        return len(self.input_ids)

    @property
    def trained(self) -> int:
        """Tokens that are learned. The first token of a row has no place to be predicted from."""
        return sum(1 for label in self.labels[1:] if label != NOT_TRAINED)


@dataclass(frozen=True, slots=True)
class Rendered:
    """An example with the text it came from."""

    example: Example
    text: str
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Encoded:
    """The examples of some conversations, what stopped rows, and what was done to others."""

    examples: tuple[Example, ...]
    errors: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    kept: tuple[int, ...] = ()
    """For each example, the index of the conversation it was made of."""


class RowError(Exception):
    """This row cannot become an example; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _problem(code: str, conversation: Conversation, **values: object) -> Problem:
    return Problem(
        code,
        say(f"data.{code}", **values),
        say(f"data.{code}.fix", **values),
        conversation.path,
        conversation.line,
    )


def render_conversation(conversation: Conversation, text_model: TextModel, train_on: TrainOn) -> Rendered:
    """The text, tokens and mask of one conversation, however long.

    Raises: RowError
    """
    try:
        text = text_model.render(conversation.messages)
        spans = _trained_spans(conversation, text_model, text, train_on)
    except (TemplateError, TypeError) as error:
        raise RowError(_problem("template_refuses", conversation, what=error)) from error
    except AnswerNotFoundError as error:
        raise RowError(_problem("answer_not_rendered", conversation, turn=error.turn)) from error
    encoding = text_model.encode(text)
    labels = _labels(encoding, spans)
    return Rendered(Example(encoding.ids, labels, conversation.path, conversation.line), text, encoding)


def _trained_spans(conversation: Conversation, text_model: TextModel, text: str, train_on: TrainOn) -> Sequence[Span]:
    if train_on == "all":
        return [(0, len(text))]
    ends = text_model.tokenizer.convert_ids_to_tokens(sorted(text_model.end_ids))
    spans = answer_spans(partial(text_model.render), conversation.messages, text, ends)
    return spans[-1:] if train_on == "last_assistant" else spans


def _labels(encoding: Encoding, spans: Sequence[Span]) -> list[int]:
    """Every token that holds a character of a span is trained."""
    labels = [NOT_TRAINED] * len(encoding.ids)
    for index, (start, stop) in enumerate(encoding.offsets):
        if start < stop and any(start < last and stop > first for first, last in spans):
            labels[index] = encoding.ids[index]
    return labels


def effective_limit(settings: DataSettings, text_model: TextModel) -> int:
    """Longest row in tokens: the setting, or the model's own limit if that is smaller."""
    return min(settings.max_length, text_model.limit or settings.max_length)


def _fitted(rendered: Rendered, conversation: Conversation, limit: int, settings: DataSettings) -> Example | Problem:
    """The example within the limit, or why it is left out.

    Raises: RowError
    """
    example = rendered.example
    if example.length > limit:
        prompt = next((i for i, label in enumerate(example.labels) if label != NOT_TRAINED), example.length)
        if settings.overlong == "drop":
            return _problem("overlong_dropped", conversation, tokens=example.length, limit=limit)
        if prompt >= limit:
            raise RowError(_problem("overlong_prompt", conversation, prompt=prompt, limit=limit))
        if settings.overlong == "stop":
            raise RowError(_problem("overlong", conversation, tokens=example.length, limit=limit))
        cut = (example.input_ids[:limit], example.labels[:limit])
        example = Example(*cut, example.path, example.line, truncated=True)
    if example.trained == 0:
        raise RowError(_problem("no_trained_tokens", conversation))
    return example


def encode_conversations(
    conversations: Iterable[Conversation], text_model: TextModel, settings: DataSettings
) -> Encoded:
    """Examples of all conversations, with a problem for each that cannot be one."""
    limit = effective_limit(settings, text_model)
    examples: list[Example] = []
    errors: list[Problem] = []
    notes: list[Problem] = []
    kept: list[int] = []
    for index, conversation in enumerate(conversations):
        try:
            rendered = render_conversation(conversation, text_model, settings.train_on)
            fitted = _fitted(rendered, conversation, limit, settings)
        except RowError as error:
            errors.append(error.problem)
            continue
        if isinstance(fitted, Problem):
            notes.append(fitted)
            continue
        examples.append(fitted)
        kept.append(index)
        if fitted.truncated:
            notes.append(_problem("truncated", conversation, tokens=rendered.example.length, limit=limit))
    return Encoded(tuple(examples), tuple(errors), tuple(notes), tuple(kept))
