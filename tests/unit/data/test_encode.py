"""From conversations to examples: the same whatever the batch, the cache and the limit before."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data import encode
from llm_finetune.data.encode import (
    NOT_TRAINED,
    Encoded,
    EncodedRow,
    Example,
    encode_conversations,
    encoded_batches,
)
from llm_finetune.data.render import Rendered, render_conversation
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.token_cache import TokenCache, fingerprint_of

SETTINGS = DataSettings(max_length=60)


@pytest.fixture(scope="module")
def text_model(tiny_model_folder: Path) -> TextModel:
    """ChatML over a byte-level tokenizer."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder)
    return TextModel(tokenizer, tokenizer.chat_template, frozenset({2}), 512)


def talk(*texts: str, system: str | None = None, line: int = 1, **more: Any) -> Conversation:
    """User and assistant in turn."""
    head = [{"role": "system", "content": system}] if system else []
    turns = [{"role": role, "content": text} for role, text in zip(itertools.cycle(("user", "assistant")), texts)]
    return Conversation((*head, *turns), "a.jsonl", line, **more)


def some(count: int, seed: int = 1) -> list[Conversation]:
    """Rows of all lengths: short, long, of several turns, with bytes that no single token stands for."""
    generator = random.Random(seed)
    words = ["hello", "good", "morning", "早安", "🙂", "é", "item", "value", "  ", "\n"]

    def text() -> str:
        return " ".join(generator.choices(words, k=generator.randrange(1, 12))) + "."

    rows = []
    for line in range(1, count + 1):
        turns = [text() for _ in range(2 * generator.choice((1, 1, 1, 2, 3)))]
        rows.append(talk(*turns, line=line, system=text() if line % 5 == 0 else None))
    return rows


def plainly(conversation: Conversation, text_model: TextModel) -> list[Example]:
    """The definition: every token that holds a character of a trained span is trained."""
    examples = []
    for rendered in render_conversation(conversation, text_model, "assistant"):
        encoding = text_model.encode(rendered.text, rendered.plain)
        labels = [
            token if any(start < last and stop > first and start < stop for first, last in rendered.trained) else -100
            for token, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True)
        ]
        examples.append(Example(list(encoding.ids), labels, conversation.path, conversation.line))
    return examples


def as_lists(examples: Sequence[Example]) -> list[tuple[Any, ...]]:
    return [(list(one.input_ids), list(one.labels), one.path, one.line, one.truncated) for one in examples]


def codes(encoded: Encoded | EncodedRow) -> tuple[list[str], list[str]]:
    return [problem.code for problem in encoded.errors], [problem.code for problem in encoded.notes]


def text_of(example: Example, text_model: TextModel) -> str:
    return str(text_model.tokenizer.decode(list(example.input_ids)))


def test_examples_are_what_the_definition_says(text_model: TextModel) -> None:
    rows = some(120)
    encoded = encode_conversations(rows, text_model, DataSettings(max_length=500))
    expected = [example for row in rows for example in plainly(row, text_model)]
    assert as_lists(encoded.examples) == as_lists(expected)
    assert encoded.kept == tuple(range(120))
    assert any(text_model.tokenizer.eos_token_id in example.labels for example in encoded.examples)


@pytest.mark.parametrize("overlong", ["stop", "drop", "truncate", "truncate_left_turns"])
def test_the_size_of_a_batch_changes_nothing(text_model: TextModel, overlong: str) -> None:
    settings = DataSettings(max_length=60, overlong=overlong)
    rows = some(50)
    whole = list(encoded_batches(rows, text_model, settings, batch_rows=1000))
    assert [row.index for row in whole] == list(range(50))
    for batch_rows in (1, 7, 50):
        assert list(encoded_batches(rows, text_model, settings, batch_rows=batch_rows)) == whole


def test_long_rows_end_a_batch(text_model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(encoded_batches(some(20), text_model, SETTINGS))
    monkeypatch.setattr(encode, "BATCH_CHARACTERS", 100)
    assert list(encoded_batches(some(20), text_model, SETTINGS)) == whole


def test_no_rows(text_model: TextModel) -> None:
    assert encode_conversations([], text_model, SETTINGS) == Encoded(())


def test_rows_are_taken_as_they_are_needed(text_model: TextModel) -> None:
    taken = 0

    def endless() -> Iterator[Conversation]:
        nonlocal taken
        while True:
            taken += 1
            yield talk("Hi", "Hello", line=taken)

    rows = encoded_batches(endless(), text_model, SETTINGS, batch_rows=10)
    assert [next(rows).index for _ in range(15)] == list(range(15))
    assert taken <= 30
    rows.close()


@pytest.mark.parametrize(("count", "expected"), [(3, [3]), (1000, [1000]), (2001, [1000, 2000, 2001])])
def test_progress_is_told_to_the_end(text_model: TextModel, count: int, expected: list[int]) -> None:
    told: list[tuple[int, int]] = []
    encode_conversations([talk("Hi", "Ho")] * count, text_model, SETTINGS, progress=lambda *at: told.append(at))
    assert told == [(done, count) for done in expected]


def test_a_fault_of_the_tokenizer_is_not_swallowed(text_model: TextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("tokenizer")

    monkeypatch.setattr(TextModel, "encode_all", fails)
    with pytest.raises(RuntimeError, match="tokenizer"):
        encode_conversations(some(3), text_model, SETTINGS)


def test_a_row_that_cannot_be_rendered_is_named_and_shifts_no_other(text_model: TextModel) -> None:
    template = (
        "{% if messages[0]['content'] == 'bad' %}{{ raise_exception('no') }}{% endif %}" + text_model.chat_template
    )
    strict = replace(text_model, chat_template=template)
    rows = [talk("Hi", "one", line=1), talk("bad", "two", line=2), talk("Hi", "three", line=3)]
    encoded = encode_conversations(rows, strict, SETTINGS)
    assert [(problem.code, problem.line) for problem in encoded.errors] == [("template_refuses", 2)]
    assert (encoded.kept, [example.line for example in encoded.examples]) == ((0, 2), [1, 3])


class TestCache:
    """A row that was seen before is the same row."""

    def test_with_and_without_are_the_same_to_the_bit(self, text_model: TextModel, tmp_path: Path) -> None:
        rows = some(60)
        for overlong in ("stop", "drop", "truncate", "truncate_left_turns"):
            for max_length in (40, 60, 500):
                settings = DataSettings(max_length=max_length, overlong=overlong)
                without = encode_conversations(rows, text_model, settings)
                for _ in range(2):
                    with TokenCache(tmp_path, fingerprint_of(text_model)) as cache:
                        found = encode_conversations(rows, text_model, settings, cache=cache)
                    assert replace(found, from_cache=0) == without
                assert found.from_cache == 60

    def test_limits_do_not_tokenise_again(self, text_model: TextModel, tmp_path: Path) -> None:
        with TokenCache(tmp_path, "f" * 32) as cache:
            encode_conversations(some(30), text_model, DataSettings(max_length=20), cache=cache)
            assert (cache.stored, cache.found) == (30, 0)
            encode_conversations(some(30), text_model, DataSettings(max_length=500, overlong="truncate"), cache=cache)
            assert (cache.stored, cache.found) == (30, 30)

    def test_ten_edited_rows_are_ten_rows(self, text_model: TextModel, tmp_path: Path) -> None:
        rows = [talk(f"item {n}", f"value {n}", line=n) for n in range(3000)]
        with TokenCache(tmp_path, "f" * 32) as cache:
            assert encode_conversations(rows, text_model, SETTINGS, cache=cache).from_cache == 0
        for n in range(0, 3000, 300):
            rows[n] = talk(f"item {n}", f"eulav {n}", line=n)
        with TokenCache(tmp_path, "f" * 32) as cache:
            encoded = encode_conversations(rows, text_model, SETTINGS, cache=cache)
            assert (cache.stored, cache.found, encoded.from_cache) == (10, 2990, 2990)
        assert "eulav 300" in text_of(encoded.examples[300], text_model)

    def test_what_is_trained_is_in_the_key(self, text_model: TextModel, tmp_path: Path) -> None:
        rows = [talk("a", "b", "c", "d")]
        with TokenCache(tmp_path, "f" * 32) as cache:
            for train_on in ("assistant", "last_assistant", "all"):
                settings = DataSettings(train_on=train_on)
                found = encode_conversations(rows, text_model, settings, cache=cache)
                assert found == encode_conversations(rows, text_model, settings)

    def test_rows_that_fail_are_asked_again(self, text_model: TextModel, tmp_path: Path) -> None:
        strict = replace(text_model, chat_template="{{ raise_exception('no') }}")
        with TokenCache(tmp_path, "f" * 32) as cache:
            for _ in range(2):
                encoded = encode_conversations(some(3), strict, SETTINGS, cache=cache)
                assert codes(encoded) == (["template_refuses"] * 3, [])
            assert (cache.stored, cache.found) == (0, 0)

    def test_a_cache_that_cannot_be_used_changes_nothing(self, text_model: TextModel, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        with TokenCache(tmp_path / "file" / "tokens", "f" * 32) as cache:
            found = encode_conversations(some(5), text_model, SETTINGS, cache=cache)
        assert found == encode_conversations(some(5), text_model, SETTINGS)
        assert [note.code for note in cache.notes] == ["token_cache_off"]


LONG = "good morning " * 80


class TestOverlong:
    """Each setting, on a row that fits, one whose answer is too long, and one whose prompt is."""

    ROWS = (talk("Hi", "Hello", line=1), talk("Hi", LONG, line=2), talk(LONG, "Hello", line=3))

    @pytest.mark.parametrize(
        ("overlong", "errors", "notes", "kept"),
        [
            ("stop", ["overlong", "overlong_prompt"], [], (0,)),
            ("drop", [], ["overlong_dropped", "overlong_dropped"], (0,)),
            ("truncate", ["overlong_prompt"], ["truncated"], (0, 1)),
            ("truncate_left_turns", ["overlong", "overlong_prompt"], [], (0,)),
        ],
    )
    def test_codes(
        self, text_model: TextModel, overlong: str, errors: list[str], notes: list[str], kept: tuple[int, ...]
    ) -> None:
        settings = DataSettings(max_length=60, overlong=overlong)
        encoded = encode_conversations(self.ROWS, text_model, settings)
        assert (codes(encoded), encoded.kept) == ((errors, notes), kept)
        assert all(example.length <= 60 for example in encoded.examples)

    def test_the_prompt_is_told_with_its_tokens(self, text_model: TextModel) -> None:
        (whole,) = plainly(self.ROWS[2], text_model)
        prompt = next(place for place, label in enumerate(whole.labels) if label != NOT_TRAINED)
        encoded = encode_conversations(self.ROWS[2:], text_model, SETTINGS)
        assert f"the prompt alone is {prompt} tokens, the limit is 60: 0 tokens left" in str(encoded.errors[0])

    def test_a_cut_row_is_the_start_of_the_whole_one(self, text_model: TextModel) -> None:
        settings = DataSettings(max_length=60, overlong="truncate")
        (row,) = encoded_batches(self.ROWS[1:2], text_model, settings)
        (whole,), (cut,) = row.whole, row.examples
        assert (cut.truncated, whole.truncated) == (True, False)
        assert as_lists([whole]) == as_lists(plainly(self.ROWS[1], text_model))
        assert (list(cut.input_ids), list(cut.labels)) == (list(whole.input_ids[:60]), list(whole.labels[:60]))
        assert f"cut from {whole.length} to 60 tokens" in str(row.notes[0])

    def test_exactly_the_limit_fits(self, text_model: TextModel) -> None:
        (example,) = plainly(talk("Hi", "Hello there"), text_model)
        for limit, errors in ((example.length, []), (example.length - 1, ["overlong"])):
            settings = DataSettings(max_length=limit)
            assert codes(encode_conversations([talk("Hi", "Hello there")], text_model, settings)) == (errors, [])

    def test_the_models_own_limit_counts(self, text_model: TextModel) -> None:
        short = replace(text_model, limit=60)
        assert encode_conversations(self.ROWS, short, DataSettings()) == encode_conversations(
            self.ROWS, text_model, SETTINGS
        )

    def test_plain_text_is_cut_and_has_no_turns_to_remove(self, text_model: TextModel) -> None:
        row = Conversation(({"role": "assistant", "content": LONG},), "a.jsonl", 1, plain=True)
        for overlong, expected in (
            ("stop", (["overlong"], [])),
            ("drop", ([], ["overlong_dropped"])),
            ("truncate", ([], ["truncated"])),
            ("truncate_left_turns", (["overlong"], [])),
        ):
            encoded = encode_conversations([row], text_model, DataSettings(max_length=60, overlong=overlong))
            assert codes(encoded) == expected
            assert [example.length for example in encoded.examples] == [60] * (overlong == "truncate")

    def test_nothing_trained_is_told_before_any_limit(self, text_model: TextModel) -> None:
        rows = [talk("Hi", "Hello", untrained=frozenset({1})), talk("Hi", LONG, untrained=frozenset({1}))]
        for overlong in ("stop", "drop", "truncate", "truncate_left_turns"):
            encoded = encode_conversations(rows, text_model, DataSettings(max_length=60, overlong=overlong))
            assert codes(encoded) == (["no_trained_tokens", "no_trained_tokens"], [])


class TestOldestTurns:
    """`truncate_left_turns` against rendering what should be left."""

    SETTINGS = DataSettings(max_length=100, overlong="truncate_left_turns")

    def result(self, row: Conversation, text_model: TextModel) -> EncodedRow:
        (encoded,) = encoded_batches([row], text_model, self.SETTINGS)
        return encoded

    def expect(self, row: Conversation, left: Conversation, text_model: TextModel) -> None:
        encoded = self.result(row, text_model)
        assert codes(encoded) == ([], ["turns_removed"])
        assert as_lists(encoded.examples) == as_lists(plainly(left, text_model))
        removed = len(row.messages) - len(left.messages)
        assert f"the oldest {removed} turns are left out: the row is {encoded.whole[0].length}" in str(encoded.notes[0])

    @pytest.mark.parametrize("system", [None, "Be brief."])
    def test_as_few_as_needed_and_never_the_system_prompt(self, text_model: TextModel, system: str | None) -> None:
        turns = [word for n in range(9) for word in (f"item {n}", f"value {n}")]
        row = talk(*turns, system=system)
        lengths = [plainly(talk(*turns[2 * n :], system=system), text_model)[0].length for n in range(9)]
        first = next(n for n, length in enumerate(lengths) if length <= 100)
        assert 0 < first < 8
        self.expect(row, talk(*turns[2 * first :], system=system), text_model)

    def test_rows_that_fit_are_left_alone(self, text_model: TextModel) -> None:
        row = talk("a", "b", "c", "d")
        assert codes(self.result(row, text_model)) == ([], [])
        assert as_lists(self.result(row, text_model).examples) == as_lists(plainly(row, text_model))

    def test_untrained_turns_stay_untrained(self, text_model: TextModel) -> None:
        row = talk(LONG, "a", "item", "b", "value", "c", untrained=frozenset({1, 3}))
        self.expect(row, talk("item", "b", "value", "c", untrained=frozenset({1})), text_model)
        assert [label for label in self.result(row, text_model).examples[0].labels if label != NOT_TRAINED] != []

    def test_a_call_stays_with_its_result(self, text_model: TextModel) -> None:
        call = {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
        template = (
            "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] or '' }}"
            "{% for c in m['tool_calls'] or [] %}CALL {{ c['function']['name'] }}{{ c['function']['arguments'] }}"
            "{% endfor %}<|im_end|>\n{% endfor %}"
        )
        group: list[Message] = [
            {"role": "user", "content": "item"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "1"},
            {"role": "assistant", "content": "one"},
        ]
        long: Message = {"role": "tool", "content": LONG}
        row = Conversation((*group[:2], long, group[3], *group), "a.jsonl", 1)
        left = replace(row, messages=tuple(group))
        self.expect(row, left, replace(text_model, chat_template=template))

    def test_user_turns_in_a_row_are_one_exchange(self, text_model: TextModel) -> None:
        turns = [
            {"role": role, "content": text}
            for role, text in (("user", LONG), ("assistant", "a"), ("user", "b"), ("user", "c"), ("assistant", "d"))
        ]
        row = Conversation(tuple(turns), "a.jsonl", 1)
        self.expect(row, replace(row, messages=tuple(turns[2:])), text_model)

    def test_a_last_exchange_that_is_too_long_is_told(self, text_model: TextModel) -> None:
        for row, code in ((talk("a", "b", "c", LONG), "overlong"), (talk("a", "b", LONG, "d"), "overlong_prompt")):
            encoded = self.result(row, text_model)
            assert codes(encoded) == ([code], [])
            assert encoded.examples == ()
            assert encoded.whole[0].length > 100

    def test_what_is_left_must_hold_something_to_learn(self, text_model: TextModel) -> None:
        row = talk(LONG, "a", "b", "c", untrained=frozenset({3}))
        assert codes(self.result(row, text_model)) == (["no_trained_tokens"], [])


class TestSplitRows:
    """A row of which no single rendering is right: an example for each turn."""

    @pytest.fixture
    def by_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Render every conversation once for each of its answers."""

        def split(conversation: Conversation, text_model: TextModel, train_on: Any) -> list[Rendered]:
            parts = []
            answers = [n for n, turn in enumerate(conversation.messages) if turn["role"] == "assistant"]
            for answer in answers[-1:] if train_on == "last_assistant" else answers:
                upto = replace(conversation, messages=conversation.messages[: answer + 1])
                (rendered,) = render_conversation(upto, text_model, "last_assistant")
                parts.append(replace(rendered, answer=answer if train_on == "assistant" else None))
            return parts

        monkeypatch.setattr(encode, "render_conversation", split)

    @pytest.mark.usefixtures("by_turn")
    def test_they_share_an_index_and_survive_the_cache(self, text_model: TextModel, tmp_path: Path) -> None:
        rows = [talk("a", "b", "c", "d", line=1), talk("e", "f", line=2)]
        encoded = encode_conversations(rows, text_model, SETTINGS)
        assert encoded.kept == (0, 0, 1)
        assert [example.line for example in encoded.examples] == [1, 1, 2]
        assert text_of(encoded.examples[0], text_model).count("<|im_start|>") == 2
        for _ in range(2):
            with TokenCache(tmp_path, "f" * 32) as cache:
                again = encode_conversations(rows, text_model, SETTINGS, cache=cache)
            assert replace(again, from_cache=0) == encoded
        assert again.from_cache == 2

    @pytest.mark.usefixtures("by_turn")
    def test_each_is_measured_by_itself(self, text_model: TextModel) -> None:
        row = talk("hello", "good", LONG, "morning", "item", "value")
        expected = {
            "stop": (["overlong_prompt"], [], 0),
            "drop": ([], ["overlong_dropped"] * 2, 1),
            "truncate": (["overlong_prompt"], [], 0),
            "truncate_left_turns": (["overlong_prompt"], [], 0),
        }
        for overlong, (errors, notes, count) in expected.items():
            encoded = encode_conversations([row], text_model, DataSettings(max_length=60, overlong=overlong))
            assert (codes(encoded), len(encoded.examples)) == ((errors, notes), count)
            assert encoded.kept == (0,) * count

    @pytest.mark.usefixtures("by_turn")
    def test_the_oldest_turns_of_one_are_removed(self, text_model: TextModel) -> None:
        medium = "good morning " * 15
        row = talk(medium, "hello", medium, "item", system="Be brief.")
        whole = [
            plainly(talk(*turns, system="Be brief."), text_model)[0] for turns in ((medium, "hello"), (medium, "item"))
        ]
        settings = DataSettings(max_length=max(one.length for one in whole), overlong="truncate_left_turns")
        encoded = encode_conversations([row], text_model, settings)
        assert codes(encoded) == ([], ["turns_removed"])
        assert as_lists(encoded.examples) == as_lists(whole)
        assert encoded.kept == (0, 0)
        assert "the oldest 2 turns" in str(encoded.notes[0])


BLANKS = ["  hello", "\n\nhello", " 你好", "\thi", "\n", "   ", "hello", "  <|im_end|> x", "\n\n  <|im_end|>"]
ENDS_WITH_BLANKS = {
    "chatml": "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n|<|im_start|>assistant\n",
    "two lines": "<|im_start|>{{ m.role }}\n\n{{ m.content }}<|im_end|>\n|<|im_start|>assistant\n\n",
    "no marks": "{{ m.role }}:\n{{ m.content }}{% if m.role == 'assistant' %}<|im_end|>{% endif %}\n|assistant:\n",
    "a blank": "{{ m.role }}: {{ m.content }}{% if m.role == 'assistant' %}<|im_end|>{% endif %}\n|assistant: ",
}


def joining_text_model(shape: str, prefix: str | None) -> TextModel:
    """A tokenizer that joins blanks across lines, byte-level or with SentencePiece's mark of blanks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    if prefix is None:
        made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    else:
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prefix, split=False)
        made.decoder = decoders.Metaspace(prepend_scheme=prefix)
    alphabet = [*pre_tokenizers.ByteLevel.alphabet(), "\n", "\t", "▁", "你", "好"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<unk>", "<|im_start|>", "<|im_end|>"], initial_alphabet=alphabet
    )
    made.train_from_iterator(["t\n  hello t\n\n\nhello :\n \n\n  \n\n\n:\n\thi \n 你好"] * 50, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", unk_token="<unk>")
    turn, prompt = ENDS_WITH_BLANKS[shape].split("|assistant" if shape in ("no marks", "a blank") else "|<|im_start|>a")
    prompt = ("assistant" if shape in ("no marks", "a blank") else "<|im_start|>a") + prompt
    template = f"{{% for m in messages %}}{turn}{{% endfor %}}{{% if add_generation_prompt %}}{prompt}{{% endif %}}"
    return TextModel(tokenizer, template, frozenset({2}))


@pytest.mark.parametrize("train_on", ["assistant", "last_assistant", "all"])
@pytest.mark.parametrize("prefix", [None, "first", "always", "never"])
@pytest.mark.parametrize("shape", list(ENDS_WITH_BLANKS))
def test_answers_that_begin_with_blanks_follow_the_prompt_of_a_chat(
    shape: str, prefix: str | None, train_on: Any
) -> None:
    model = joining_text_model(shape, prefix)
    lead = " " if shape == "a blank" else ""
    mixed = 0
    for first, second in zip(BLANKS, [*BLANKS[4:], *BLANKS[:4]], strict=True):
        row = talk("hi", first, "<|im_end|>b", second)
        (rendered,) = render_conversation(row, model, train_on)
        (example,) = encode_conversations([row], model, DataSettings(train_on=train_on)).examples
        ids, labels = list(example.input_ids), list(example.labels)
        mixed += ids != model.encode(rendered.text, rendered.plain).ids
        prompts = [model.prompt_ids(row.messages[:1]), model.prompt_ids(row.messages[:3])]
        assert [ids[: len(prompt)] for prompt in prompts] == prompts
        assert ids.count(2) == (2 if shape in ("no marks", "a blank") else 4)
        if train_on == "all":
            assert NOT_TRAINED not in labels
            continue
        starts = [len(prompt) for prompt in prompts][-1 if train_on == "last_assistant" else 0 :]
        assert [n for n, label in enumerate(labels) if label != NOT_TRAINED and labels[n - 1] == NOT_TRAINED] == starts
        if prefix is None:
            trained = model.tokenizer.decode([label for label in labels if label != NOT_TRAINED])
            answers = [second] if train_on == "last_assistant" else [first, second]
            assert trained == "".join(f"{lead}{answer}<|im_end|>" for answer in answers)
        else:
            names = model.tokenizer.convert_ids_to_tokens(labels[starts[-1] :][: labels[starts[-1] :].index(2)])
            assert "".join(names).replace("▁", " ") == f"{lead}{second}"
    assert mixed or shape == "a blank"
