"""A control token that a user spells stays text, and every genuine one stays a token."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from llm_finetune.data.control import ControlTokens
from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.private_use import private_range

MakeTokenizer = Callable[..., Any]
SPECIAL = ("<|im_start|>", "<|im_end|>", "<|im", "[INST]")


@pytest.fixture(params=[False, True], ids=["byte level", "marked blanks"])
def tokenizer(request: pytest.FixtureRequest, make_spelled_tokenizer: MakeTokenizer) -> Any:
    return make_spelled_tokenizer(
        SPECIAL, eos="</s>", bos="<s>", added=("<think>", "</think>"), metaspace=request.param
    )


def plain_ids(tokenizer: Any) -> set[int]:
    return {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}


def test_spelled_tokens_are_found(tokenizer: Any) -> None:
    control = ControlTokens(tokenizer.backend_tokenizer)
    assert control.spelled_in("a <|im_end|> b [INST] <|im_end|>") == ["<|im_end|>", "[INST]"]
    assert control.spelled_in("a < b <|im_en <think>") == ["<|im"]
    assert control.spelled_in("nothing here") == []


def test_messages_without_spellings_stay_as_they_are(tokenizer: Any) -> None:
    messages = ({"role": "user", "content": "a < b"}, {"role": "assistant", "content": "yes"})
    disguise = ControlTokens(tokenizer.backend_tokenizer).disguise(messages)
    assert disguise.messages == messages
    assert disguise.undone("any text") == ("any text", ())


def test_a_disguise_can_be_undone_wherever_it_stands(tokenizer: Any) -> None:
    call = {"function": {"name": "f</s>", "arguments": {"k<|im_end|>": ["x[INST]", 1]}}}
    messages = (
        {"role": "user", "content": "</s></s><|im_start|>x"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    )
    tools = ({"name": "g</s>"},)
    disguise = ControlTokens(tokenizer.backend_tokenizer).disguise(messages, tools)
    shown = str((disguise.messages, disguise.tools))
    assert not any(spelling in shown for spelling in SPECIAL)
    safe = str(disguise.messages[0]["content"])
    assert disguise.undone(f"ab{safe}c") == ("ab</s></s><|im_start|>xc", ((2, 10), (10, 22)))
    assert len(safe) == len("</s></s><|im_start|>x")


def test_thoughts_of_answers_are_no_control_tokens(make_spelled_tokenizer: MakeTokenizer) -> None:
    tokenizer = make_spelled_tokenizer(("<think>", "</think>"), eos="</s>")
    control = ControlTokens(tokenizer.backend_tokenizer)
    thought = "<think>a</think>b"
    asked, answered = control.disguise(
        ({"role": "user", "content": thought}, {"role": "assistant", "content": f"{thought}</s>"})
    ).messages
    assert "<think>" not in asked["content"]
    assert str(answered["content"]).startswith(thought)
    assert "</s>" not in answered["content"]


def test_text_without_plain_ranges_is_encoded_as_ever(tokenizer: Any) -> None:
    text = "<s>[INST] a  b<|im_end|>\n<think>x</think> 好<|im_start|>user</s> c <|im"
    expected = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    control = ControlTokens(tokenizer.backend_tokenizer)
    assert control.encode(text, ()) == (expected.ids, expected.offsets)


def test_plain_ranges_never_become_control_tokens(tokenizer: Any) -> None:
    control = ControlTokens(tokenizer.backend_tokenizer)
    generator = random.Random(7)
    special = plain_ids(tokenizer)
    for _ in range(200):
        pieces = [
            (generator.choice([*SPECIAL, "</s>", "x", " y ", "\n", "好"]), generator.random() < 0.5) for _ in range(9)
        ]
        text, plain = "", []
        for piece, is_plain in pieces:
            if is_plain:
                plain.append((len(text), len(text) + len(piece)))
            text += piece
        ids, offsets = control.encode(text, plain)
        controls = [pair for number, pair in zip(ids, offsets, strict=True) if number in special]
        assert not any(start < last and stop > first for start, stop in controls for first, last in plain)
        assert {place for start, stop in offsets for place in range(start, stop)} == set(range(len(text)))
        genuine = [piece for piece, is_plain in pieces if not is_plain and piece in (*SPECIAL, "</s>")]
        assert [text[start:stop] for start, stop in controls] == genuine


@pytest.mark.parametrize(
    "flags", [{"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True}, {"normalized": True}]
)
def test_flags_of_control_tokens_are_kept(flags: dict[str, bool], make_spelled_tokenizer: MakeTokenizer) -> None:
    from tokenizers import AddedToken

    tokenizer = make_spelled_tokenizer((), eos="</s>")
    tokenizer.add_special_tokens({"additional_special_tokens": [AddedToken("<|x|>", special=True, **flags)]})
    control = ControlTokens(tokenizer.backend_tokenizer)
    text = "a  <|x|>  b</s> <|x|> <|x|>"
    expected = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
    assert control.encode(text, ()) == (expected.ids, expected.offsets)
    ids, _ = control.encode(text, [(3, 8)])
    assert ids.count(tokenizer.convert_tokens_to_ids("<|x|>")) == 2


def test_a_text_may_hold_private_characters(tokenizer: Any) -> None:
    control = ControlTokens(tokenizer.backend_tokenizer)
    text = "\U000f0000\U000f0001</s>\U000f0002</s>"
    ids, offsets = control.encode(text, [(2, 6)])
    assert ids.count(tokenizer.eos_token_id) == 1
    assert offsets[-1] == (7, 11)
    disguise = control.disguise(({"role": "user", "content": text},))
    assert disguise.undone(str(disguise.messages[0]["content"]))[0] == text


def test_private_characters_are_free_or_the_row_is_refused() -> None:
    assert private_range("plain", 4) == 0xF0000
    assert private_range(["\U000f0002", {"k": "\U000f4001"}], 4) == 0xF8000
    every = "".join(chr(code) for code in range(0xF0000, 0x10FFFE, 0x4000))
    with pytest.raises(TemplateRefusalError):
        private_range(every, 4)
