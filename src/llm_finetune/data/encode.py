"""From conversations to token ids and labels, in a stream. Knows no model weights and no files.

While the tokenizer, which is Rust and uses all cores, works on one batch, the next one is rendered here.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from llm_finetune.data.encoding import Encoding
from llm_finetune.data.fit import effective_limit, fitted
from llm_finetune.data.garbage import seldom_collected
from llm_finetune.data.render import Rendered, render_conversation
from llm_finetune.data.row_error import RowError, row_problem
from llm_finetune.data.rows import Conversation
from llm_finetune.data.settings import DataSettings, TrainOn
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.token_cache import TokenCache, row_key
from llm_finetune.data.tokens import NOT_TRAINED, TOKEN_TYPE, WHOLE, Span, Tokens
from llm_finetune.errors import Problem

__all__ = [
    "NOT_TRAINED",
    "Encoded",
    "EncodedRow",
    "Example",
    "Progress",
    "cuts_of",
    "effective_limit",
    "encode_conversations",
    "encoded_batches",
]

BATCH_ROWS = 1000
BATCH_CHARACTERS = 2_000_000
"""A batch ends at so many characters, so that long rows do not add up in memory."""

Progress = Callable[[int, int], None]
"""Told the rows done and the rows in all."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row as the model reads it."""

    input_ids: Sequence[int]
    """Of `array`, which takes a fourth of a list's memory or less."""
    labels: Sequence[int]
    """The token to predict at each place, or NOT_TRAINED."""
    path: str
    line: int
    truncated: bool = False
    """Whether its end was cut off."""

    @property
    def length(self) -> int:
        """Tokens in the row."""
        return len(self.input_ids)

    @property
    def trained(self) -> int:
        """Tokens that are learned. The first token of a row has no place to be predicted from."""
        return sum(1 for label in self.labels[1:] if label != NOT_TRAINED)


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """What one conversation became: examples, or the reason why there are none."""

    index: int
    examples: tuple[Example, ...] = ()
    errors: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    """What was done to the row to make it fit, or that it is left out."""
    whole: tuple[Example, ...] = ()
    """The examples before any limit; the same objects where nothing was done."""
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Encoded:
    """The examples of some conversations, what stopped rows, and what was done to others."""

    examples: tuple[Example, ...]
    errors: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    kept: tuple[int, ...] = ()
    """For each example, the index of the conversation it was made of; a split row has several examples."""
    from_cache: int = 0
    """Rows whose tokens were known; the others were tokenised."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text to tokenise, and where its prompts end."""

    rendered: Rendered
    cuts: Sequence[int]


@dataclass(slots=True)
class _Batch:
    """Rows on their way: what each became so far, and the texts that are being tokenised."""

    conversations: Sequence[Conversation]
    keys: Sequence[bytes]
    first: int
    tokens: list[Sequence[Tokens] | Problem]
    cached: set[int] = field(default_factory=set)
    rendered: "list[tuple[int, Sequence[_Text]]]" = field(default_factory=list)
    pending: "Future[list[list[Tokens]]] | None" = None


@seldom_collected()
def encode_conversations(
    conversations: Sequence[Conversation],
    text_model: TextModel,
    settings: DataSettings,
    *,
    cache: TokenCache | None = None,
    progress: Progress | None = None,
) -> Encoded:
    """Examples of all conversations, with a problem for each that cannot be one."""
    examples: list[Example] = []
    errors: list[Problem] = []
    notes: list[Problem] = []
    kept: list[int] = []
    from_cache = 0
    for row in encoded_batches(conversations, text_model, settings, cache=cache):
        examples += row.examples
        errors += row.errors
        notes += row.notes
        kept += [row.index] * len(row.examples)
        from_cache += row.from_cache
        done = row.index + 1
        if progress and (done % BATCH_ROWS == 0 or done == len(conversations)):
            progress(done, len(conversations))
    return Encoded(tuple(examples), tuple(errors), tuple(notes), tuple(kept), from_cache)


def encoded_batches(
    conversations: Iterable[Conversation],
    text_model: TextModel,
    settings: DataSettings,
    *,
    cache: TokenCache | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[EncodedRow]:
    """What each conversation becomes, in order, with two batches in memory at most."""
    encoder = _Encoder(text_model, settings, cache)
    waiting: deque[_Batch] = deque()
    with ThreadPoolExecutor(1) as executor:
        for batch in _batches(conversations, batch_rows):
            encoder.prepare(batch)
            if batch.rendered:
                batch.pending = executor.submit(encoder.tokenised, batch.rendered)
            waiting.append(batch)
            if len(waiting) == 2:
                yield from encoder.finished(waiting.popleft())
        while waiting:
            yield from encoder.finished(waiting.popleft())


def _batches(conversations: Iterable[Conversation], batch_rows: int) -> Iterator[_Batch]:
    batch: list[Conversation] = []
    characters = first = 0
    for conversation in conversations:
        batch.append(conversation)
        characters += sum(len(message.get("content") or "") for message in conversation.messages)
        if len(batch) == batch_rows or characters > BATCH_CHARACTERS:
            yield _Batch(batch, (), first, [()] * len(batch))
            first += len(batch)
            batch, characters = [], 0
    if batch:
        yield _Batch(batch, (), first, [()] * len(batch))


class _Encoder:
    """The steps of a batch. `tokenised` runs beside the others, in a thread of its own."""

    def __init__(self, text_model: TextModel, settings: DataSettings, cache: TokenCache | None) -> None:
        self._text_model, self._settings, self._cache = text_model, settings, cache
        self._limit = effective_limit(settings, text_model)

    def prepare(self, batch: _Batch) -> None:
        """Look the rows up, and render those that are not known."""
        if self._cache is not None:
            batch.keys = [row_key(row, self._settings.train_on) for row in batch.conversations]
            known = self._cache.lookup(batch.keys)
            for index, key in enumerate(batch.keys):
                if key in known:
                    batch.tokens[index] = known[key]
                    batch.cached.add(index)
        for index, conversation in enumerate(batch.conversations):
            if index not in batch.cached:
                try:
                    rendered = self._rendered(conversation, self._settings.train_on)
                except RowError as error:
                    batch.tokens[index] = error.problem
                else:
                    batch.rendered.append((index, rendered))

    def tokenised(self, rendered: Sequence[tuple[int, Sequence[_Text]]]) -> list[list[Tokens]]:
        """The tokens of each row's texts."""
        texts = [(text.rendered.text, text.rendered.plain) for _, row in rendered for text in row]
        cuts = [text.cuts for _, row in rendered for text in row]
        encodings = iter(self._text_model.encode_all(texts, cuts))
        return [[_tokens_of(text.rendered, next(encodings)) for text in row] for _, row in rendered]

    def _collect(self, batch: _Batch) -> None:
        """Wait for the tokens, and remember them."""
        if batch.pending is None:
            return
        new = dict(zip((index for index, _ in batch.rendered), batch.pending.result(), strict=True))
        for index, tokens in new.items():
            batch.tokens[index] = tokens
        if self._cache is not None:
            self._cache.store({batch.keys[index]: tokens for index, tokens in new.items()})
        batch.rendered, batch.pending = [], None

    def finished(self, batch: _Batch) -> Iterator[EncodedRow]:
        """What each row became, within the limit."""
        self._collect(batch)
        for place, (conversation, tokens) in enumerate(zip(batch.conversations, batch.tokens, strict=True)):
            index = batch.first + place
            if isinstance(tokens, Problem):
                yield EncodedRow(index, errors=(tokens,))
            else:
                yield self._row(index, conversation, tokens, from_cache=place in batch.cached)

    def _row(self, index: int, conversation: Conversation, tokens: Sequence[Tokens], *, from_cache: bool) -> EncodedRow:
        if not tokens:
            return EncodedRow(index, errors=(row_problem("no_trained_tokens", conversation),))
        whole = tuple(_example(part, conversation) for part in tokens)
        examples: list[Example] = []
        notes: list[Problem] = []
        try:
            for part, example in zip(tokens, whole, strict=True):
                fit = fitted(part, conversation, self._limit, self._settings, self._encode)
                notes += [fit.note] if fit.note else []
                examples += [
                    example if kept is part else _example(kept, conversation, truncated=fit.truncated)
                    for kept in fit.parts
                ]
        except RowError as error:
            return EncodedRow(index, errors=(error.problem,), whole=whole, from_cache=from_cache)
        return EncodedRow(index, tuple(examples), (), tuple(notes), whole, from_cache)

    def _encode(self, conversation: Conversation, train_on: TrainOn) -> list[Tokens]:
        """The tokens of one conversation. Raises: RowError"""
        return self.tokenised([(0, self._rendered(conversation, train_on))])[0]

    def _rendered(self, conversation: Conversation, train_on: TrainOn) -> Sequence[_Text]:
        """The texts of a conversation; `answer` counts turns as the conversation does. Raises: RowError"""
        rendered = render_conversation(conversation, self._text_model, train_on)
        moved = len(conversation.messages) - len(self._text_model.arranged(conversation.messages))
        all_cuts = cuts_of(rendered, conversation, self._text_model, train_on)
        return [
            _Text(text if text.answer is None else replace(text, answer=text.answer + moved), cuts)
            for text, cuts in zip(rendered, all_cuts, strict=True)
        ]


def cuts_of(
    rendered: Sequence[Rendered], conversation: Conversation, text_model: TextModel, train_on: TrainOn
) -> list[list[int]]:
    """Where the prompts of answers end in each text, of those too that are not learned: a chat reads the same tokens.

    The texts are those of one conversation, so that each prompt is rendered once, however many of them begin with it.
    """
    if conversation.plain:
        return [[] for _ in rendered]
    learned = [() if train_on == "all" else text.trained for text in rendered]
    others = [_unlearned(text, spans, text_model) for text, spans in zip(rendered, learned, strict=True)]
    if not any(others):
        return [[start for start, _ in spans] for spans in learned]
    longest = max((text.messages for text in rendered), key=len, default=())
    prompts = text_model.prompts_before(
        longest, conversation.tools, sorted({turn for turns in others for turn in turns})
    )
    return [
        [*(start for start, _ in spans), *text_model.answer_starts(text.text, [prompts[turn] for turn in turns])]
        for text, spans, turns in zip(rendered, learned, others, strict=True)
    ]


def _unlearned(rendered: Rendered, learned: Sequence[Span], text_model: TextModel) -> list[int]:
    """The answers that are not learned, and whose prompts may end within a token."""
    return [
        turn
        for turn, (message, (place, _)) in enumerate(zip(rendered.messages, rendered.turns, strict=True))
        if message["role"] == "assistant"
        and not any(start <= place < stop for start, stop in learned)
        and (text_model.splits_prompts or not str(message.get("content") or "")[:1].isalnum())
    ]


def _tokens_of(rendered: Rendered, encoding: Encoding) -> Tokens:
    runs = encoding.runs(rendered.trained)
    return Tokens(array(TOKEN_TYPE, encoding.ids), runs, WHOLE if rendered.answer is None else rendered.answer)


def _example(tokens: Tokens, conversation: Conversation, *, truncated: bool = False) -> Example:
    return Example(tokens.ids, tokens.labels, conversation.path, conversation.line, truncated)
