"""Turns are found in any template, whatever it trims, glues or treats apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm_finetune.data.jinja_template import TemplateRefusalError
from llm_finetune.data.mask import constants_around, spans_between, thought_span, turn_spans
from llm_finetune.data.rows import Message

TEMPLATES = {
    "chatml": "{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>\n{% endfor %}",
    "trims": "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</s>{% endfor %}",
    "last turn apart": "{% for m in messages %}{{ m.role }}:{% if loop.last %} (last){% endif %}{{ m.content }}</s>"
    "{% endfor %}",
    "says each question twice": "{% for m in messages %}{% if m.role == 'user' %}Q: {{ m.content }}\n"
    "(again: {{ m.content }})\n{% else %}A: {{ m.content }}\n{% endif %}{% endfor %}",
    "looks at the beginning": "{% for m in messages %}{{ 'T' if m.content.startswith('T') else 'O' }}"
    "{{ m.content }}|{% endfor %}",
    "answers first": "{% for m in messages if m.role == 'assistant' %}{{ m.content }}|{% endfor %}"
    "{% for m in messages if m.role != 'assistant' %}{{ m.content }}|{% endfor %}",
}
TURNS: list[Message] = [
    {"role": "user", "content": "One"},
    {"role": "assistant", "content": "One"},
    {"role": "user", "content": "Two </s> Two"},
    {"role": "assistant", "content": "Two"},
]


@dataclass(frozen=True)
class Renderer:
    template: str

    def __call__(self, messages: Any) -> str:
        try:
            return ImmutableSandboxedEnvironment().from_string(self.template).render(messages=messages)
        except TemplateError as error:
            raise TemplateRefusalError(str(error)) from error


def found(template: str, turns: Sequence[Message] = TURNS) -> list[str | None]:
    render = Renderer(template)
    text = render(turns)
    return [None if span is None else text[slice(*span)] for span in turn_spans(render, turns, text)]


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_every_turn_is_found(name: str) -> None:
    assert found(TEMPLATES[name]) == ["One", "One", "Two </s> Two", "Two"]


@pytest.mark.parametrize("name", ["chatml", "last turn apart", "looks at the beginning"])
def test_blanks_that_the_template_keeps_belong_to_the_turn(name: str) -> None:
    padded = [{**turn, "content": f"  {turn['content']}\n"} for turn in TURNS]
    assert found(TEMPLATES[name], padded) == [turn["content"] for turn in padded]


def test_blanks_that_the_template_cuts_do_not() -> None:
    padded = [{**turn, "content": f"  {turn['content']}\n"} for turn in TURNS]
    assert found(TEMPLATES["trims"], padded) == [turn["content"] for turn in TURNS]


def test_an_answer_that_also_stands_in_the_question_is_the_answer() -> None:
    render = Renderer(TEMPLATES["chatml"])
    text = render(TURNS)
    for span, turn in zip(turn_spans(render, TURNS, text), TURNS, strict=True):
        assert span is not None
        assert text[: span[0]].endswith(f"<s>{turn['role']}\n")


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_dropped_turn_is_not_found(role: str) -> None:
    template = f"{{% for m in messages if m.role != '{role}' %}}{{{{ m.content }}}}|{{% endfor %}}"
    assert [span is None for span in turn_spans_of(template)] == [turn["role"] == role for turn in TURNS]


def turn_spans_of(template: str) -> list[Any]:
    render = Renderer(template)
    return turn_spans(render, TURNS, render(TURNS))


def test_an_answer_that_is_written_twice_is_not_guessed() -> None:
    template = "{% for m in messages %}{{ m.content }}|{{ m.content }}|{% endfor %}"
    assert [span is None for span in turn_spans_of(template)] == [turn["role"] == "assistant" for turn in TURNS]


def test_private_characters_in_the_text_do_no_harm() -> None:
    odd = [{**turn, "content": f"\U000f0000{turn['content']}\U000f0003\ue000"} for turn in TURNS]
    assert found(TEMPLATES["chatml"], odd) == [turn["content"] for turn in odd]


THINKS: list[Message] = [
    {"role": "user", "content": "a"},
    {"role": "assistant", "content": "<think>\nb\n</think>\n\nc"},
]
CUTS = "{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1] | trim }}</s>{% endfor %}"
KEEPS = (
    "{% for m in messages %}<{{ m.role }}>{% if '</think>' in m.content %}[{{ m.content.split('</think>')[0]"
    ".split('<think>')[-1] | trim }}]{% endif %}{{ m.content.split('</think>')[-1] | trim }}</s>{% endfor %}"
)


@pytest.mark.parametrize(("template", "thought"), [(CUTS, None), (KEEPS, "b")])
def test_a_thought_is_found_or_not(template: str, thought: str | None) -> None:
    render = Renderer(template)
    text = render(THINKS)
    assert found(template, THINKS) == ["a", "c"]
    span = thought_span(render, THINKS, 1, text)
    assert (None if span is None else text[slice(*span)]) == thought


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("<a>x<b>y<c>", [(3, 4), (7, 8)]),
        ("<a>x<b>y<c>!", None),
        ("<a>x<b><c>", None),
        ("<a>z<b>y<c>", None),
        ("", None),
    ],
)
def test_constants_and_parts_have_to_be_the_whole_text(text: str, spans: Any) -> None:
    assert spans_between(["<a>", "<b>", "<c>"], ["x", "y"], text) == spans


def test_parts_may_have_lost_their_blanks_and_one_may_be_unknown() -> None:
    assert spans_between(["<", "|", ">"], [" x\n", None], "<x|anything>") == [(1, 2), (3, 11)]
    assert spans_between(["<", "|", ">"], [" x\n", None], "< x\n|anything>") == [(1, 4), (5, 13)]
    assert spans_between(["<", ""], [None], "<anything") is None


def test_constants_are_what_is_around_the_spans() -> None:
    text = "<a>x<b>y<c>"
    assert constants_around([(3, 4), (7, 8)], text) == ["<a>", "<b>", "<c>"]
