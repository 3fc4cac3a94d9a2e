"""Field cases T04, T07, T08 and the split of D11: rows too long, models too short, old tokens, rows on both sides."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import check_sources
from llm_finetune.data.encode import NOT_TRAINED, Encoded, encode_conversations
from llm_finetune.data.rows import Conversation, Source
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.split import hold_out
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.token_cache import TokenCache, fingerprint_of

Input = Callable[[str], Path]
GIANT_CHARACTERS = 2_000_000


def conversations(path: Path) -> tuple[Conversation, ...]:
    return check_sources([Source(path, path.name)], DataSettings()).conversations


def encoded(path: Path, text_model: TextModel, overlong: str, max_length: int = 64) -> Encoded:
    return encode_conversations(conversations(path), text_model, DataSettings(max_length=max_length, overlong=overlong))


def places(problems: Any) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in problems]


def with_giant_row(path: Path, target: Path) -> Path:
    """The file with a row of ordinary words behind it, far over any limit."""
    words = ("seven small boats went out to sea and came back in the evening " * 40_000)[:GIANT_CHARACTERS]
    row = json.dumps({"instruction": "Tell me more.", "output": words})
    target.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    return target


@pytest.mark.real
class TestT04:
    """Truncation that leaves nothing to learn is told before training, row by row."""

    def test_what_cannot_be_learned_and_what_is_cut(self, field_input: Input, real_text_model: Any) -> None:
        found = encoded(field_input("T04.jsonl"), real_text_model, "truncate")
        assert places(found.errors) == [("overlong_prompt", 2)]
        assert "the prompt alone is 1" in str(found.errors[0])
        assert "the limit is 64: 0 tokens left to learn" in str(found.errors[0])
        assert places(found.notes) == [("truncated", 3)]
        assert [example.line for example in found.examples] == [1, 3]
        for example in found.examples:
            assert example.trained > 0
            assert example.length <= 64

    @pytest.mark.parametrize(
        ("overlong", "errors", "notes"),
        [
            ("stop", [("overlong_prompt", 2), ("overlong", 3)], []),
            ("drop", [], [("overlong_dropped", 2), ("overlong_dropped", 3)]),
            ("truncate_left_turns", [("overlong_prompt", 2), ("overlong", 3)], []),
        ],
    )
    def test_the_other_settings(
        self, field_input: Input, real_text_model: Any, overlong: str, errors: list[Any], notes: list[Any]
    ) -> None:
        found = encoded(field_input("T04.jsonl"), real_text_model, overlong)
        assert (places(found.errors), places(found.notes)) == (errors, notes)
        assert [example.line for example in found.examples] == [1]

    @pytest.mark.parametrize("overlong", ["stop", "truncate"])
    def test_a_giant_row_is_named_with_its_size(
        self, field_input: Input, real_text_model: Any, tmp_path: Path, overlong: str
    ) -> None:
        path = with_giant_row(field_input("T04.jsonl"), tmp_path / "giant.jsonl")
        found = encoded(path, real_text_model, overlong)
        told = [problem for problem in (*found.errors, *found.notes) if problem.line == 4]
        assert len(told) == 1
        size = int(next(word for word in told[0].message.split() if word.isdigit() and len(word) > 4))
        assert GIANT_CHARACTERS / 10 < size < GIANT_CHARACTERS


def test_t04_nothing_but_long_rows_stops_before_the_model_loads(
    field_input: Input, make_project: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    def loads(*_: object, **__: object) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", loads)
    for overlong in ("stop", "drop", "truncate", "truncate_left_turns"):
        project = make_project(overlong, data__max_length=64, data__overlong=overlong, data__validation="none")
        shutil.copy(field_input("T04-only-long.jsonl"), project / "data" / "train.jsonl")
        outcome = cli("train", "--project", project)
        assert outcome.code == 2
        assert "data/train.jsonl:1" in outcome.err
        assert "64" in outcome.err
        assert not (project / "checkpoints").exists()


def test_t07_a_model_with_fewer_positions_lowers_the_limit_and_says_so(
    make_project: Any, cli: Any, write_model: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "short"
    write_model(folder, "gpt2")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("wpe.weight"))
    weights[name] = weights[name][:128].clone()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({**config, "n_positions": 128}), encoding="utf-8")
    project = make_project(
        model=folder,
        data__max_length=512,
        data__overlong="truncate",
        data__validation="none",
        training__max_steps=1,
        training__num_train_epochs=1,
    )
    rows = [{"instruction": "Hi", "output": "Hello"}, {"instruction": "Hi", "output": "good morning " * 60}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (project / "data" / "train.jsonl").write_text(text, encoding="utf-8")
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "`data.max_length` is 512, but the model reads 128 tokens at most: 128 counts." in outcome.err
    assert "to 128 tokens" in outcome.err


def answers(path: Path, text_model: TextModel, folder: Path) -> tuple[list[str], int]:
    """The trained texts of a file, by way of a cache, and how many rows came from it."""
    with TokenCache(folder, fingerprint_of(text_model)) as cache:
        found = encode_conversations(conversations(path), text_model, DataSettings(), cache=cache)
    texts = [[label for label in example.labels if label != NOT_TRAINED] for example in found.examples]
    return [text_model.tokenizer.decode(text) for text in texts], found.from_cache


@pytest.mark.real
def test_t08_an_edit_of_the_same_size_and_time_is_seen(
    field_input: Input, real_text_model: Any, tiny_model_folder: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(field_input("T01.jsonl"), tmp_path / "T01.jsonl"))
    before, known = answers(path, real_text_model, tmp_path / "cache")
    assert (before[0], known) == ("pong<|im_end|>", 0)
    stat, content = path.stat(), path.read_bytes()
    path.write_bytes(content.replace(b'"pong"', b'"gnop"'))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    after, known = answers(path, real_text_model, tmp_path / "cache")
    assert after == ["gnop<|im_end|>", *before[1:]]
    assert known == len(after) - 1
    assert answers(path, real_text_model, tmp_path / "cache") == (after, len(after))

    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder)
    other = TextModel(tokenizer, tokenizer.chat_template, frozenset({2}), 512)
    with TokenCache(tmp_path / "cache", fingerprint_of(other)) as cache:
        found = encode_conversations(conversations(path), other, DataSettings(), cache=cache)
    assert found.from_cache == 0
    assert found == encode_conversations(conversations(path), other, DataSettings())


def test_d11_no_row_and_no_prompt_is_on_both_sides(field_input: Input) -> None:
    rows = conversations(field_input("D11.jsonl"))
    assert len(rows) == 10
    sizes = set()
    for seed in range(20):
        split = hold_out(rows, 0.2, seed)
        train, validation = ({conversation.line for conversation in side} for side in (split.train, split.validation))
        assert train | validation == set(range(1, 11))
        assert train
        assert validation
        for pair in ({2, 7}, {3, 9}, {5, 10}):
            assert pair <= train or pair <= validation
        sizes.add(len(validation))
    assert len(sizes) > 1
