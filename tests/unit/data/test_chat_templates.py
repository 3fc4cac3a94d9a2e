"""Our own templates: each ends a turn with its token, takes a system prompt, and asks as it was trained."""

from collections.abc import Callable
from typing import Any

import pytest

from llm_finetune.data.chat_templates import CHAT_TEMPLATES, FALLBACK, fitting, made_for
from llm_finetune.data.render import render_conversation
from llm_finetune.data.rows import Conversation
from llm_finetune.data.text_model import default_bos, has_token

MakeTextModel = Callable[..., Any]
ROW = Conversation(
    (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "First."},
        {"role": "user", "content": "二？"},
        {"role": "assistant", "content": "第二。"},
    ),
    "data.jsonl",
    1,
)
LAYOUTS = {
    "chatml": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\nFirst."
    "<|im_end|>\n",
    "llama3": "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nOne?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nFirst.<|eot_id|>",
    "gemma": "<start_of_turn>user\nBe brief.\n\nOne?<end_of_turn>\n<start_of_turn>model\nFirst.<end_of_turn>\n",
    "phi3": "<|system|>\nBe brief.<|end|>\n<|user|>\nOne?<|end|>\n<|assistant|>\nFirst.<|end|>\n",
    "alpaca": "Be brief.\n\n### Instruction:\nOne?\n\n### Response:\nFirst.</s>\n\n",
    "llama2": "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nOne? [/INST] First. </s>",
    "mistral": "[INST] Be brief.\n\nOne? [/INST] First.</s>",
    "plain": "Be brief.\nOne?\nFirst.</s>\n",
    "vicuna": "Be brief. USER: One? ASSISTANT: First.</s>",
    "zephyr": "<|system|>\nBe brief.</s>\n<|user|>\nOne?</s>\n<|assistant|>\nFirst.</s>\n",
}


def test_every_template_is_looked_at() -> None:
    assert LAYOUTS.keys() == CHAT_TEMPLATES.keys()
    assert FALLBACK in CHAT_TEMPLATES


@pytest.mark.parametrize("name", list(LAYOUTS))
@pytest.mark.parametrize("bos", [None, "<s>"])
def test_a_template_writes_trains_and_asks(name: str, bos: str | None, make_text_model: MakeTextModel) -> None:
    template = CHAT_TEMPLATES[name]
    special = [*template.marks, *([template.end] if template.end else [])]
    model = make_text_model(template.text_for(begins=bos is not None), special, **({"bos": bos} if bos else {}))
    (rendered,) = render_conversation(ROW, model, "assistant")
    assert rendered.text.startswith((bos or "") + LAYOUTS[name])
    end = template.end or "</s>"
    answers = [rendered.text[start:stop] for start, stop in rendered.trained]
    assert [answer.strip().removesuffix(end).strip() for answer in answers] == ["First.", "第二。"]
    assert all(answer.endswith(end) for answer in answers)
    ids = model.encode(rendered.text).ids
    for turn in (2, 4):
        prompt = model.prompt_ids(rendered.messages[:turn])
        assert ids[: len(prompt)] == prompt
    assert default_bos(model.tokenizer) == (None if bos is None else ids[0])


@pytest.mark.parametrize("name", [name for name, template in CHAT_TEMPLATES.items() if template.end])
def test_a_vocabulary_tells_what_it_was_made_for(name: str, make_text_model: MakeTextModel) -> None:
    template = CHAT_TEMPLATES[name]
    assert template.end is not None
    tokenizer = make_text_model(template.text, [*template.marks, template.end]).tokenizer
    assert made_for(lambda token: has_token(tokenizer, token)) == template
    assert name in fitting(lambda token: has_token(tokenizer, token))
    partial = make_text_model(template.text, [template.end]).tokenizer
    assert made_for(lambda token: has_token(partial, token)) is None


def test_without_marks_only_templates_with_the_tokenizers_end_fit() -> None:
    assert made_for(lambda _: False) is None
    assert fitting(lambda _: False) == ["alpaca", "llama2", "mistral", "plain", "vicuna", "zephyr"]
