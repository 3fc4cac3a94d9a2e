"""The layouts of real chat models, written by ourselves: what is trained is each answer with its end token, no more.

A style says how its template writes an answer; the rows are the same for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from llm_finetune.data.encode import NOT_TRAINED, encode_conversations
from llm_finetune.data.jinja_template import JinjaTemplate
from llm_finetune.data.render import Rendered, RowError, render_conversation
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.settings import DataSettings
from llm_finetune.data.text_model import TextModel

MakeTextModel = Callable[..., Any]


@dataclass(frozen=True)
class Style:
    """A chat template, the control tokens of its model, and what is right for it."""

    name: str
    template: str
    special: tuple[str, ...]
    end: str
    """What follows the answer and is trained."""
    eos: str
    lead: str = ""
    """What the template writes between the prompt and the answer, and is trained."""
    trims: bool = False
    takes_system: bool = True
    splits: bool = False
    """Whether a conversation of several answers becomes one example an answer."""
    thoughts: str = "kept"
    """`kept`, `switch` (only if thinking is asked for) or `dropped`."""
    takes_tools: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def written(self, answer: str) -> str:
        """What is trained of an answer."""
        return self.lead + (answer.strip() if self.trims else answer) + self.end


def turns_of(user: str, assistant: str, system: str = "") -> str:
    """A template of one line a role."""
    return (
        "{% for m in messages %}{% if m.role == 'system' %}" + system + "{% elif m.role == 'user' %}" + user
        + "{% else %}" + assistant + "{% endif %}{% endfor %}"
    )  # fmt: skip


HERMES_TOOLS = (
    "{% if tools %}<|im_start|>system\n{% if messages[0].role == 'system' %}{{ messages[0].content }}\n{% endif %}"
    "<tools>{% for t in tools %}\n{{ t | tojson }}{% endfor %}\n</tools><|im_end|>\n"
    "{% elif messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n"
)
HERMES_RESULT = (
    "{% elif m.role == 'tool' %}{% if loop.previtem.role != 'tool' %}<|im_start|>user{% endif %}\n"
    "<tool_response>\n{{ m.content }}\n</tool_response>"
    "{% if loop.last or loop.nextitem.role != 'tool' %}<|im_end|>\n{% endif %}"
)
HERMES_CALLS = (
    "{% for c in m.tool_calls or [] %}{{ '\n' if not loop.first or m.content else '' }}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
)
CHATML_PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
CHATML_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
REFUSES_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"

STYLES = [
    Style(
        "chatml",
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}" + CHATML_PROMPT,
        CHATML_TOKENS,
        end="<|im_end|>",
        eos="<|im_end|>",
    ),
    Style(
        "smollm2",
        "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are helpful.<|im_end|>\n{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}" + CHATML_PROMPT,
        CHATML_TOKENS,
        end="<|im_end|>",
        eos="<|im_end|>",
    ),
    Style(
        "llama2",
        "{% if messages[0].role == 'system' %}{% set s = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' %}"
        "{% else %}{% set s = '' %}{% endif %}{% for m in messages if m.role != 'system' %}"
        "{% if m.role == 'user' %}{{ bos_token }}[INST] {{ s if loop.first else '' }}{{ m.content | trim }} [/INST]"
        "{% else %} {{ m.content | trim }} {{ eos_token }}{% endif %}{% endfor %}",
        (),
        lead=" ",
        end=" </s>",
        eos="</s>",
        trims=True,
        options={"bos": "<s>"},
    ),
    Style(
        "llama3",
        "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
        "{{ m.content | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        end="<|eot_id|>",
        eos="<|end_of_text|>",
        trims=True,
        options={"bos": "<|begin_of_text|>"},
    ),
    Style(
        "mistral",
        "{{ bos_token }}" + REFUSES_SYSTEM
        + turns_of("[INST] {{ m.content }}[/INST]", " {{ m.content }}{{ eos_token }}"),
        ("[INST]", "[/INST]"),
        lead=" ",
        end="</s>",
        eos="</s>",
        takes_system=False,
        options={"bos": "<s>"},
    ),
    Style(
        "gemma",
        "{{ bos_token }}" + REFUSES_SYSTEM
        + "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate') }}{% endif %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
        "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
        ("<start_of_turn>", "<end_of_turn>"),
        end="<end_of_turn>",
        eos="<eos>",
        trims=True,
        takes_system=False,
        options={"bos": "<bos>"},
    ),
    Style(
        "phi3",
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% else %}{{ eos_token }}{% endif %}",
        ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        end="<|end|>",
        eos="<|endoftext|>",
    ),
    Style(
        "qwen2.5",
        HERMES_TOOLS + "{% else %}<|im_start|>system\nYou are Qwen.<|im_end|>\n{% endif %}"
        "{% for m in messages %}{% if m.role == 'user' %}<|im_start|>user\n{{ m.content }}<|im_end|>\n"
        "{% elif m.role == 'assistant' %}<|im_start|>assistant\n{{ m.content }}" + HERMES_CALLS + "<|im_end|>\n"
        + HERMES_RESULT + "{% endif %}{% endfor %}" + CHATML_PROMPT,
        CHATML_TOKENS,
        end="<|im_end|>",
        eos="<|im_end|>",
        takes_tools=True,
        options={"added": ("<tool_call>", "</tool_call>")},
    ),
    Style(
        "qwen3",
        HERMES_TOOLS + "{% endif %}{% set ns = namespace(last=0) %}"
        "{% for m in messages if m.role == 'user' %}{% set ns.last = messages.index(m) %}{% endfor %}"
        "{% for m in messages %}{% if m.role == 'user' %}<|im_start|>user\n{{ m.content }}<|im_end|>\n"
        "{% elif m.role == 'assistant' %}{% set answer = (m.content or '').split('</think>')[-1].lstrip('\n') %}"
        "{% set thought = '' %}{% if '</think>' in (m.content or '') %}"
        "{% set thought = m.content.split('</think>')[0].split('<think>')[-1].strip('\n') %}{% endif %}"
        "<|im_start|>assistant\n{% if loop.last or (thought and loop.index0 > ns.last) %}"
        "<think>\n{{ thought }}\n</think>\n\n{% endif %}{{ answer }}" + HERMES_CALLS + "<|im_end|>\n"
        + HERMES_RESULT + "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
        "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}",
        CHATML_TOKENS,
        end="<|im_end|>",
        eos="<|im_end|>",
        splits=True,
        thoughts="switch",
        takes_tools=True,
        options={"added": ("<think>", "</think>", "<tool_call>", "</tool_call>")},
    ),
    Style(
        "falcon",
        "{% for m in messages %}{% if not loop.first %}\n\n{% endif %}{{ m.role | capitalize }}: {{ m.content }}"
        "{% endfor %}{% if add_generation_prompt %}\n\nAssistant:{% endif %}",
        (),
        lead=" ",
        end="<|endoftext|>",
        eos="<|endoftext|>",
        splits=True,
    ),
    Style(
        "zephyr",
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content + eos_token }}\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}",
        (),
        end="</s>",
        eos="</s>",
    ),
    Style(
        "deepseek-r1",
        "{{ bos_token }}" + turns_of(
            "<｜User｜>{{ m.content }}",
            "<｜Assistant｜>{{ m.content.split('</think>')[-1] }}<｜end▁of▁sentence｜>",
            "{{ m.content }}",
        ) + "{% if add_generation_prompt %}<｜Assistant｜><think>\n{% endif %}",
        ("<｜User｜>", "<｜Assistant｜>"),
        end="<｜end▁of▁sentence｜>",
        eos="<｜end▁of▁sentence｜>",
        thoughts="dropped",
        options={"bos": "<｜begin▁of▁sentence｜>", "added": ("<think>", "</think>")},
    ),
    Style(
        "breeze",
        "{{ bos_token }}" + turns_of(
            " [INST] {{ m.content }} [/INST]", " {{ m.content }}{{ eos_token }}", "{{ m.content }}"
        ),
        (),
        lead=" ",
        end="</s>",
        eos="</s>",
        options={"bos": "<s>"},
    ),
    Style(
        "taide",
        "{% set ns = namespace(s='') %}{{ bos_token }}" + turns_of(
            "[INST] {{ ns.s }}{{ m.content }} [/INST]{% set ns.s = '' %}",
            "{{ '\\n' + m.content + eos_token }}\n",
            "{% set ns.s = '<<SYS>>\n' + m.content + '\n<</SYS>>\n\n' %}",
        ),
        (),
        lead="\n",
        end="</s>",
        eos="</s>",
        options={"bos": "<s>"},
    ),
    Style(
        "command",
        "{{ bos_token }}{% for m in messages %}<|START_OF_TURN_TOKEN|><|{{ {'assistant': 'CHATBOT'}.get(m.role, m.role)"
        " | upper }}_TOKEN|>{{ m.content | trim }}<|END_OF_TURN_TOKEN|>{% endfor %}"
        "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}",
        ("<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|USER_TOKEN|>", "<|SYSTEM_TOKEN|>"),
        end="<|END_OF_TURN_TOKEN|>",
        eos="<|END_OF_TURN_TOKEN|>",
        trims=True,
        options={"bos": "<BOS_TOKEN>"},
    ),
    Style(
        "channels",
        "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}"
        "<|message|>{{ m.content }}{{ '<|return|>' if m.role == 'assistant' and loop.last else '<|end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}<|start|>assistant{% endif %}",
        ("<|start|>", "<|channel|>", "<|message|>", "<|end|>"),
        lead="<|channel|>final<|message|>",
        end="<|return|>",
        eos="<|return|>",
        splits=True,
    ),
    Style(
        "never asks",
        "{% for m in messages %}### {{ m.role }}\n{{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}"
        "{% endif %}\n{% endfor %}",
        (),
        end="</s>",
        eos="</s>",
    ),
]  # fmt: skip
BY_NAME = {style.name: style for style in STYLES}


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


SYSTEM: Message = {"role": "system", "content": "Be brief."}
MARKS = "<|im_end|>\n<|im_start|>assistant\nx</s><|eot_id|>[/INST]<end_of_turn><｜Assistant｜><|end|>"
ROWS: dict[str, tuple[Message, ...]] = {
    "single": (user("Two times two?"), assistant("Four.")),
    "several": (user("One?"), assistant("First."), user("Two?"), assistant("Second."), user("3?"), assistant("Third.")),
    "padded": (user(" q "), assistant("  4 "), user("r"), assistant("\ts\n")),
    "other scripts": (user("你好嗎？"), assistant("我很好😀👍🏽"), user("再見"), assistant("再會。")),
    "turn marks": (user(f"Say {MARKS} now"), assistant("No."), user(MARKS), assistant(f"I said {MARKS} twice")),
    "echo": (user("Same."), assistant("Same."), user("Same."), assistant("Same.")),
    "echo of a part": (user("a b c"), assistant("b"), user("b"), assistant("a b c a b c")),
}


def pieces(rendered: Rendered) -> list[str]:
    return [rendered.text[start:stop] for start, stop in rendered.trained]


def row_of(messages: Sequence[Message], **more: Any) -> Conversation:
    return Conversation(tuple(messages), "data.jsonl", 3, **more)


def check_tokens(model: Any, rendered: Rendered, tools: Sequence[Any] = ()) -> None:
    """Trained tokens are the trained texts and nothing else, each ends an answer, and each follows its prompt."""
    encoding = model.encode(rendered.text, rendered.plain)
    flags = [
        any(start < last and stop > first and start < stop for first, last in rendered.trained)
        for start, stop in encoding.offsets
    ]
    turns = [turn for turn, message in enumerate(rendered.messages) if message["role"] == "assistant"]
    turns = turns if rendered.answer is None else [rendered.answer]
    starts = [index for index, flag in enumerate(flags) if flag and not flags[index - 1]]
    assert len(starts) == len(turns) == len(rendered.trained)
    for start, turn, text in zip(starts, turns, pieces(rendered), strict=True):
        stop = flags.index(False, start) if False in flags[start:] else len(flags)
        assert model.tokenizer.decode(encoding.ids[start:stop], clean_up_tokenization_spaces=False) == text
        assert encoding.ids[stop - 1] in model.end_ids
        assert model.prompt_ids(rendered.messages[:turn], tools) == encoding.ids[:start]


def test_there_are_enough_styles() -> None:
    assert len(STYLES) == len(BY_NAME) >= 17


@pytest.mark.parametrize("case", list(ROWS))
@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_the_answers_with_their_end_are_trained(style: Style, case: str, make_text_model: MakeTextModel) -> None:
    model = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    messages = ROWS[case]
    expected = [style.written(message["content"]) for message in messages if message["role"] == "assistant"]
    for _ in range(2):  # The second time the layout is known.
        rendered = render_conversation(row_of(messages), model, "assistant")
        assert (len(rendered) > 1) == (style.splits and len(expected) > 1)
        assert [text for part in rendered for text in pieces(part)] == expected
        for part in rendered:
            check_tokens(model, part)
            assert [part.text[start:stop].strip() for start, stop in part.turns] == [
                str(message["content"]).strip() for message in part.messages
            ]
        assert [part.answer for part in rendered] == ([1, 3, 5][: len(expected)] if len(rendered) > 1 else [None])


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_a_known_layout_finds_what_a_new_one_finds(style: Style, make_text_model: MakeTextModel) -> None:
    rows = [row_of(messages) for messages in ROWS.values() if len(messages) == 4]
    experienced = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    for row in [*rows, *reversed(rows)]:
        fresh = make_text_model(style.template, style.special, eos=style.eos, **style.options)
        known = render_conversation(row, experienced, "assistant")
        assert known == render_conversation(row, fresh, "assistant")


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_a_system_prompt_is_read_or_refused_by_name(style: Style, make_text_model: MakeTextModel) -> None:
    model = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    row = row_of((SYSTEM, *ROWS["single"]))
    if style.takes_system:
        (rendered,) = render_conversation(row, model, "assistant")
        assert pieces(rendered) == [style.written("Four.")]
        assert "Be brief." in rendered.text
        check_tokens(model, rendered)
        return
    with pytest.raises(RowError) as failure:
        render_conversation(row, model, "assistant")
    problem = failure.value.problem
    assert (problem.code, problem.line) == ("template_refuses_system", 3)
    assert "data.system_role: fold" in problem.fix


@pytest.mark.parametrize("role", ["fold", "drop"])
@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_a_system_prompt_can_be_folded_or_dropped(style: Style, role: str, make_text_model: MakeTextModel) -> None:
    model = make_text_model(style.template, style.special, eos=style.eos, system_role=role, **style.options)
    row = row_of((SYSTEM, *ROWS["single"]))
    (rendered,) = render_conversation(row, model, "assistant")
    assert pieces(rendered) == [style.written("Four.")]
    assert ("Be brief.\n\nTwo times two?" in rendered.text) == (role == "fold")
    assert ("Be brief." in rendered.text) == (role == "fold")
    ids = model.encode(rendered.text, rendered.plain).ids
    prompt = model.prompt_ids(row.prompt)
    assert ids[: len(prompt)] == prompt


THOUGHTS = (
    user("a?"),
    assistant("<think>\nfirst thought\n</think>\n\nA."),
    user("b?"),
    assistant("<think>\nsecond thought\n</think>\n\nB."),
)


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_thoughts_are_trained_or_refused(style: Style, make_text_model: MakeTextModel) -> None:
    asked = {"template_arguments": {"enable_thinking": True}} if style.thoughts == "switch" else {}
    model = make_text_model(style.template, style.special, eos=style.eos, **asked, **style.options)
    if style.thoughts == "dropped":
        with pytest.raises(RowError) as failure:
            render_conversation(row_of(THOUGHTS), model, "assistant")
        assert failure.value.problem.code == "reasoning_not_rendered"
        return
    rendered = render_conversation(row_of(THOUGHTS), model, "assistant")
    assert [text for part in rendered for text in pieces(part)] == [
        style.written(str(message["content"])) for message in THOUGHTS if message["role"] == "assistant"
    ]
    for part in rendered:
        check_tokens(model, part)


def test_a_template_that_asks_for_no_thought_refuses_thoughts(make_text_model: MakeTextModel) -> None:
    style = BY_NAME["qwen3"]
    model = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    with pytest.raises(RowError) as failure:
        render_conversation(row_of(THOUGHTS), model, "assistant")
    assert failure.value.problem.code == "thinking_not_enabled"
    assert "{enable_thinking: true}" in failure.value.problem.fix


def test_a_prompt_that_opens_a_thought_wants_one(make_text_model: MakeTextModel) -> None:
    style = BY_NAME["deepseek-r1"]
    arguments = {"enable_thinking": True}
    model = make_text_model(style.template, style.special, eos=style.eos, template_arguments=arguments, **style.options)
    with pytest.raises(RowError) as failure:
        render_conversation(row_of(ROWS["single"]), model, "assistant")
    assert failure.value.problem.code == "thought_expected"


@pytest.mark.parametrize(("thinking", "prompt_end"), [(None, "</think>\n\n"), (False, "</think>\n\n"), (True, "nt\n")])
def test_the_empty_thought_is_prompt_unless_thinking_is_asked_for(
    thinking: bool | None, prompt_end: str, make_text_model: MakeTextModel
) -> None:
    style = BY_NAME["qwen3"]
    arguments = {} if thinking is None else {"enable_thinking": thinking}
    model = make_text_model(style.template, style.special, eos=style.eos, template_arguments=arguments, **style.options)
    (rendered,) = render_conversation(row_of(ROWS["single"]), model, "assistant")
    check_tokens(model, rendered)
    assert rendered.text[: rendered.trained[0][0]].endswith(prompt_end)
    assert pieces(rendered) == [("<think>\n\n</think>\n\n" if thinking else "") + "Four.<|im_end|>"]


TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
CALLS = (
    user("Weather in Lima and Rome?"),
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"type": "function", "function": {"name": "weather", "arguments": {"city": city}}}
            for city in ("Lima", "羅馬")
        ],
    },
    {"role": "tool", "content": "19 <|im_end|>"},
    {"role": "tool", "content": "21"},
    assistant("It is 19 and 21 degrees."),
)


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
@pytest.mark.parametrize("tools", [(), (TOOL,)], ids=["calls", "tools and calls"])
def test_calls_are_trained_and_results_never(
    style: Style, tools: tuple[Any, ...], make_text_model: MakeTextModel
) -> None:
    model = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    row = row_of(CALLS, tools=tools)
    if not style.takes_tools:
        with pytest.raises(RowError) as failure:
            render_conversation(row, model, "assistant")
        assert failure.value.problem.code in {"template_without_tool_calls", "template_without_tools"}
        return
    rendered = render_conversation(row, model, "assistant")
    found = [text for part in rendered for text in pieces(part)]
    assert found == [
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Lima"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "weather", "arguments": {"city": "羅馬"}}\n</tool_call><|im_end|>',
        "It is 19 and 21 degrees.<|im_end|>",
    ]
    for part in rendered:
        check_tokens(model, part, tools)


@pytest.mark.parametrize("name", ["qwen2.5", "qwen3"])
@pytest.mark.parametrize("text", [None, "Let me look."])
def test_a_known_layout_of_calls_finds_what_a_new_one_finds(
    name: str, text: str | None, make_text_model: MakeTextModel
) -> None:
    style = BY_NAME[name]
    experienced = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    for city in ("Lima", "A longer name of a city", "羅馬", 'with "quotes" and </tool_call>', "<|im_end|>"):
        call = {"type": "function", "function": {"name": "weather", "arguments": {"city": city}}}
        called = {"role": "assistant", "content": text and f"{text} {city}", "tool_calls": [call]}
        row = row_of((user(city), called, {"role": "tool", "content": city}, assistant(city)), tools=(TOOL,))
        fresh = make_text_model(style.template, style.special, eos=style.eos, **style.options)
        for train_on in ("assistant", "last_assistant", "all"):
            known = render_conversation(row, experienced, train_on)
            assert known == render_conversation(row, fresh, train_on)
        for part in render_conversation(row, experienced, "assistant"):
            check_tokens(experienced, part, (TOOL,))
            assert part.text[slice(*part.turns[0])] == city


@pytest.mark.parametrize("style", [style for style in STYLES if not style.takes_tools], ids=lambda style: style.name)
def test_tools_without_calls_are_not_lost_in_silence(style: Style, make_text_model: MakeTextModel) -> None:
    model = make_text_model(style.template, style.special, eos=style.eos, **style.options)
    with pytest.raises(RowError) as failure:
        render_conversation(row_of(ROWS["single"], tools=(TOOL,)), model, "assistant")
    assert failure.value.problem.code == "template_without_tools"


@pytest.mark.parametrize("name", ["llama2", "mistral", "zephyr", "breeze", "alpaca-like"])
@pytest.mark.parametrize("case", ["single", "several", "other scripts", "turn marks", "echo"])
def test_the_same_with_marked_blanks(name: str, case: str, make_text_model: MakeTextModel) -> None:
    style = BY_NAME.get(name) or Style(
        name,
        turns_of("### Q:\n{{ m.content }}\n\n", "### A:\n{{ m.content }}{{ eos_token }}\n\n")
        + "{% if add_generation_prompt %}### A:\n{% endif %}",
        (),
        end="</s>",
        eos="</s>",
    )
    model = make_text_model(style.template, style.special, eos=style.eos, metaspace=True, **style.options)
    (rendered,) = render_conversation(row_of(ROWS[case]), model, "assistant")
    answers = [message["content"] for message in ROWS[case] if message["role"] == "assistant"]
    assert pieces(rendered) == [style.written(answer) for answer in answers]
    encoding = model.encode(rendered.text, rendered.plain)
    flags = [
        any(start < last and stop > first and start < stop for first, last in rendered.trained)
        for start, stop in encoding.offsets
    ]
    assert sum(token in model.end_ids for token, flag in zip(encoding.ids, flags, strict=True) if flag) == len(answers)
    assert model.prompt_ids(rendered.messages[:1]) == encoding.ids[: flags.index(True)]


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_blanks_before_an_answer_change_no_token_of_its_prompt(style: Style, real_model_folder: Path) -> None:
    """With a real vocabulary, which joins a line feed and the blanks behind it."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(real_model_folder)
    tokenizer.add_special_tokens({"additional_special_tokens": list(style.special), "eos_token": style.eos})
    if bos := style.options.get("bos"):
        tokenizer.add_special_tokens({"bos_token": bos})
    tokenizer.add_tokens(list(style.options.get("added", ())))
    model = TextModel(tokenizer, style.template, frozenset({tokenizer.eos_token_id}))
    for answer in ("  hello", "\n\nhello", " 你好", "\thi", "hello"):
        row = row_of((user("hi"), assistant(answer), user("q"), assistant(answer)))
        for train_on in ("assistant", "last_assistant"):
            encoded = encode_conversations([row], model, DataSettings(train_on=train_on))
            assert encoded.errors == ()
            ids, labels = list(encoded.examples[-1].input_ids), list(encoded.examples[-1].labels)
            prompt = model.prompt_ids(row.messages[:3])
            assert ids[: len(prompt)] == prompt
            assert labels[len(prompt) - 1] == NOT_TRAINED != labels[len(prompt)]
            learned = [label for label in labels[len(prompt) :] if label != NOT_TRAINED]
            kept = answer.lstrip("\n") if style.name == "qwen3" else answer  # that template trims line feeds
            assert tokenizer.decode(learned, clean_up_tokenization_spaces=False) == style.written(kept)


def test_a_long_row_is_rendered_in_proportion_to_its_turns(
    make_text_model: MakeTextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trace of tool calls that becomes one example a turn: encoding it whole, not only rendering its texts."""
    style, renderings, fill = BY_NAME["qwen3"], 0, JinjaTemplate.fill

    def counted(self: JinjaTemplate, *arguments: Any, **more: Any) -> str:
        nonlocal renderings
        renderings += 1
        return fill(self, *arguments, **more)

    monkeypatch.setattr(JinjaTemplate, "fill", counted)
    counts = []
    for exchanges in (30, 60):
        model = make_text_model(style.template, style.special, eos=style.eos, **style.options)
        turns = [user("go")]
        for number in range(exchanges):
            calls = [{"type": "function", "function": {"name": "f", "arguments": {"n": number}}}]
            turns += [{"role": "assistant", "content": None, "tool_calls": calls}]
            turns += [{"role": "tool", "content": f"result {number}"}]
        renderings = 0
        encoded = encode_conversations([row_of([*turns, assistant("Done.")])], model, DataSettings(max_length=100_000))
        assert len(encoded.examples) == exchanges + 1
        counts.append(renderings)
    assert counts[1] < 2.5 * counts[0]
