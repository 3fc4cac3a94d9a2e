"""Answers are found in any template, whatever it trims, glues or treats apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm_finetune.data.mask import AnswerNotFoundError, answer_spans

TEMPLATES = {
    "chatml": ("{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>\n{% endfor %}", ["One</s>", "Two</s>"]),
    "trims": ("{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</s>{% endfor %}", ["One</s>", "Two</s>"]),
    "last turn apart": (
        "{% for m in messages %}{{ m.role }}:{% if loop.last %} (last){% endif %}{{ m.content }}</s>{% endfor %}",
        ["One</s>", "Two</s>"],
    ),
    "no end token": ("{% for m in messages %}\n## {{ m.role }}\n{{ m.content }}{% endfor %}", ["One", "Two"]),
    "end behind a blank": (
        "{% for m in messages %}[{{ m.role }}] {{ m.content }} </s>{% endfor %}",
        ["One </s>", "Two </s>"],
    ),
}
TURNS = [
    {"role": "user", "content": "One"},
    {"role": "assistant", "content": "One"},
    {"role": "user", "content": "Two </s> Two"},
    {"role": "assistant", "content": "Two"},
]


@dataclass(frozen=True)
class Renderer:
    template: str

    def __call__(self, messages: Any) -> str:
        return ImmutableSandboxedEnvironment().from_string(self.template).render(messages=messages)


def found(render: Callable[[Any], str], turns: Any = TURNS) -> list[str]:
    text = render(turns)
    return [text[start:stop] for start, stop in answer_spans(render, turns, text, ["</s>"])]


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_found(name: str) -> None:
    template, answers = TEMPLATES[name]
    assert found(Renderer(template)) == answers


def test_an_answer_that_also_stands_in_the_question_is_the_answer() -> None:
    render = Renderer(TEMPLATES["chatml"][0])
    text = render(TURNS)
    spans = answer_spans(render, TURNS, text, ["</s>"])
    assert all(text[:start].endswith("assistant\n") for start, _ in spans)


def test_a_dropped_answer_is_told() -> None:
    render = Renderer("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}")
    with pytest.raises(AnswerNotFoundError) as failure:
        found(render)
    assert failure.value.turn == 1


def test_thinking_in_front_of_the_answer_is_kept_out_of_the_way() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>b</think>\n\nc"}]
    render = Renderer(
        "{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1] | trim }}</s>{% endfor %}"
    )
    assert found(render, turns) == ["c</s>"]
