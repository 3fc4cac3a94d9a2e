"""Texts become the same tokens in pieces and as a whole, and tokens are known to stand where they stand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from llm_finetune.data.text_encoder import TextEncoder, is_local
from llm_finetune.data.text_model import TextModel
from llm_finetune.data.tokens import trained_runs

WORDS = ["user", "hello", " good morning", "it's", "value", "é", "e\u0301", "今天", "😀", "👩\u200d💻", "1", "234"]
BLANKS = ["\n", "\n\n", " ", "  ", "\t", "\u00a0", "."]
PARTS = st.sampled_from(["<|im_start|>", "<|im_end|>", "<s>", *WORDS, *BLANKS])
TEXTS = st.lists(PARTS, max_size=12).map("".join)


@pytest.fixture(scope="module")
def text_models(make_spelled_tokenizer: Any, real_model_folder: Any, tiny_model_folder: Any) -> dict[str, TextModel]:
    from transformers import AutoTokenizer

    special = ["<|im_start|>", "<|im_end|>"]
    tokenizers = {
        "real": AutoTokenizer.from_pretrained(real_model_folder),
        "tiny": AutoTokenizer.from_pretrained(tiny_model_folder),
        "with a beginning": make_spelled_tokenizer(special, eos="<|im_end|>", bos="<s>"),
        "with blank marks": make_spelled_tokenizer(special, eos="<|im_end|>", bos="<s>", metaspace=True),
    }
    return {name: TextModel(one, "", frozenset({one.eos_token_id})) for name, one in tokenizers.items()}


@pytest.fixture(scope="module")
def wholes(text_models: dict[str, TextModel]) -> dict[str, TextEncoder]:
    """Encoders that take no text in pieces."""
    encoders = {
        name: TextEncoder(model.tokenizer.backend_tokenizer, model.control, model.default_bos)
        for name, model in text_models.items()
    }
    for encoder in encoders.values():
        encoder._is_local = False
    return encoders


@pytest.mark.parametrize("name", ["real", "tiny", "with a beginning", "with blank marks"])
def test_which_tokenizers_may_work_in_pieces(name: str, text_models: dict[str, TextModel]) -> None:
    assert is_local(text_models[name].tokenizer.backend_tokenizer) == (name != "with blank marks")


@pytest.mark.parametrize(
    ("pre_tokenizer", "normalizer", "expected"),
    [
        (pre_tokenizers.ByteLevel(add_prefix_space=False), None, True),
        (pre_tokenizers.ByteLevel(add_prefix_space=True), None, False),
        (
            pre_tokenizers.Sequence([pre_tokenizers.Digits(), pre_tokenizers.ByteLevel(add_prefix_space=True)]),
            None,
            False,
        ),
        (pre_tokenizers.Metaspace(), None, False),
        (None, normalizers.Replace(" ", "▁"), True),
        (None, normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), False),
        (None, normalizers.Strip(), False),
    ],
)
def test_what_stands_in_front_of_a_text_is_no_part_of_a_piece(
    pre_tokenizer: Any, normalizer: Any, expected: bool
) -> None:
    backend = Tokenizer(models.BPE())
    if pre_tokenizer is not None:
        backend.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        backend.normalizer = normalizer
    assert is_local(backend) is expected


@pytest.mark.parametrize("model", [models.WordPiece(), models.BPE(end_of_word_suffix="</w>"), models.BPE(dropout=0.1)])
def test_words_that_know_their_ends_are_not_parted(model: Any) -> None:
    assert not is_local(Tokenizer(model))


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, data=st.data())
def test_pieces_and_wholes_are_the_same_tokens(
    text: str, data: st.DataObject, text_models: dict[str, TextModel], wholes: dict[str, TextEncoder]
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=3))
    edges = sorted(data.draw(st.lists(st.sampled_from([0, len(text), *cuts]), max_size=4)))
    spans = [span for span in zip(edges[::2], edges[1::2], strict=False) if span[0] < span[1]]
    for name in ("real", "tiny", "with a beginning"):
        model = text_models[name]
        in_pieces = model.encode(text, (), cuts)
        (whole,) = wholes[name].encode_all([(text, ())], [cuts])
        assert in_pieces.ids == whole.ids, name
        assert in_pieces.offsets == whole.offsets, name
        assert in_pieces.runs(spans) == trained_runs(whole.offsets, spans), name


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, data=st.data())
def test_runs_are_those_of_the_offsets_wherever_spans_are(
    text: str, data: st.DataObject, text_models: dict[str, TextModel]
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=3))
    edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    for name, model in text_models.items():
        encoding = model.encode(text, (), cuts)
        assert encoding.runs(spans) == trained_runs(encoding.offsets, spans), name
        assert len(encoding.ids) == len(encoding.offsets), name
