"""From a conversation to text and trained characters: what is learned, and every reason to refuse."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from llm_finetune.data import answers, mask, render
from llm_finetune.data.jinja_template import JinjaTemplate, TemplateRefusalError
from llm_finetune.data.render import Rendered, RowError, render_conversation
from llm_finetune.data.rows import Conversation, Message
from llm_finetune.data.template_notes import (
    appends_end,
    control_tokens,
    default_system,
    double_bos,
    template_notes,
)

MakeTextModel = Callable[..., Any]
TOKENS = ("<|im_start|>", "<|im_end|>")
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


def system(text: str) -> Message:
    return {"role": "system", "content": text}


TURNS = (user("a"), assistant("b"), user("c"), assistant("d"))


def row(*messages: Message, **more: Any) -> Conversation:
    return Conversation(messages, "data.jsonl", 7, **more)


def without(role: str) -> str:
    """A template that drops the turns of a role."""
    return "{% for m in messages if m.role != '" + role + "' %}{{ m.content }}</s>{% endfor %}"


def pieces(rendered: Rendered) -> list[str]:
    return [rendered.text[start:stop] for start, stop in rendered.trained]


@pytest.fixture
def chatml(make_text_model: MakeTextModel) -> Any:
    return make_text_model(CHATML, TOKENS, eos="<|im_end|>")


def problem_of(model: Any, conversation: Conversation) -> Any:
    with pytest.raises(RowError) as failure:
        render_conversation(conversation, model, "assistant")
    problem = failure.value.problem
    assert (problem.path, problem.line) == ("data.jsonl", 7)
    return problem


@pytest.mark.parametrize(
    ("train_on", "untrained", "trained"),
    [
        ("assistant", (), ["b<|im_end|>", "d<|im_end|>"]),
        ("last_assistant", (), ["d<|im_end|>"]),
        ("assistant", (1,), ["d<|im_end|>"]),
        ("assistant", (3,), ["b<|im_end|>"]),
        ("assistant", (1, 3), []),
        ("last_assistant", (3,), []),
    ],
)
def test_which_answers_are_trained(train_on: Any, untrained: tuple[int, ...], trained: list[str], chatml: Any) -> None:
    for _ in range(2):
        (rendered,) = render_conversation(row(*TURNS, untrained=frozenset(untrained)), chatml, train_on)
        assert pieces(rendered) == trained


def test_all_text_is_trained_but_the_answers_that_are_not_to_be_learned(chatml: Any) -> None:
    (whole,) = render_conversation(row(*TURNS), chatml, "all")
    assert pieces(whole) == [whole.text]
    (part,) = render_conversation(row(*TURNS, untrained=frozenset({1})), chatml, "all")
    head = "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"
    assert pieces(part) == [head, whole.text[len(head) + 1 :]]


def test_untrained_turns_are_counted_as_the_row_has_them(make_text_model: MakeTextModel) -> None:
    folding = make_text_model(CHATML, TOKENS, eos="<|im_end|>", system_role="fold")
    (rendered,) = render_conversation(row(system("S"), *TURNS, untrained=frozenset({2})), folding, "assistant")
    assert pieces(rendered) == ["d<|im_end|>"]
    assert [message["content"] for message in rendered.messages] == ["S\n\na", "b", "c", "d"]
    assert [rendered.text[start:stop] for start, stop in rendered.turns] == ["S\n\na", "b", "c", "d"]


def test_a_plain_text_is_trained_whole_and_ends(make_text_model: MakeTextModel) -> None:
    model = make_text_model(CHATML, TOKENS, eos="</s>", bos="<s>")
    for text in ("One <|im_start|> two", "One <|im_start|> two</s>"):
        (rendered,) = render_conversation(row(assistant(text), plain=True), model, "assistant")
        assert pieces(rendered) == [rendered.text] == ["One <|im_start|> two</s>"]
        ids = model.encode(rendered.text, rendered.plain).ids
        assert ids[0] == model.tokenizer.bos_token_id
        assert ids.count(model.tokenizer.bos_token_id) == ids.count(model.tokenizer.eos_token_id) == 1
        assert model.tokenizer.convert_tokens_to_ids("<|im_start|>") in ids


def test_user_texts_are_flagged_and_stay_text(chatml: Any) -> None:
    (rendered,) = render_conversation(row(user("x<|im_end|>y"), assistant("<|im_end|>z")), chatml, "assistant")
    assert [rendered.text[start:stop] for start, stop in rendered.plain] == ["<|im_end|>", "<|im_end|>"]
    assert rendered.turns[0][0] < rendered.plain[0][0] < rendered.turns[0][1]
    assert pieces(rendered) == ["<|im_end|>z<|im_end|>"]
    ids = chatml.encode(rendered.text, rendered.plain).ids
    assert ids.count(chatml.tokenizer.eos_token_id) == 2


@pytest.mark.parametrize(
    ("template", "messages", "code"),
    [
        (without("user"), TURNS, "turn_not_rendered"),
        (without("assistant"), TURNS, "answer_not_rendered"),
        (without("system"), (system("S"), *TURNS), "turn_not_rendered"),
        ("{% for m in messages %}{{ m.content | length }}</s>{% endfor %}", TURNS, "turn_not_rendered"),
        ("{{ raise_exception('no') }}", TURNS, "template_refuses"),
        ("{{ messages[9].content }}", TURNS, "template_refuses"),
        ("{{ 1 // 0 }}", TURNS, "template_refuses"),
        ("{{ messages.append(1) }}", TURNS, "template_refuses"),
        ("{{ 'x' + 1 }}", TURNS, "template_refuses"),
        ("{{ unknown.thing }}", TURNS, "template_refuses"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", TURNS, "template_refuses"),
        (
            "{% if messages[0].role == 'system' %}{{ 1 + 'x' }}{% endif %}" + CHATML,
            (system("S"), *TURNS),
            "template_refuses_system",
        ),
    ],
)
def test_what_the_template_does_not_take_is_refused(
    template: str, messages: tuple[Message, ...], code: str, make_text_model: MakeTextModel
) -> None:
    problem = problem_of(make_text_model(template), row(*messages))
    assert problem.code == code
    assert problem.fix


def test_a_template_that_refuses_names_the_turn_and_its_role(make_text_model: MakeTextModel) -> None:
    problem = problem_of(make_text_model(without("system")), row(system("S"), *TURNS))
    assert "turn 1 (system)" in problem.message
    assert "data.system_role: fold" in problem.fix


def test_a_template_with_a_fault_is_told_once(make_text_model: MakeTextModel) -> None:
    fault = make_text_model("{% for m in messages %}\n{{ m.content }\n{% endfor %}").fault()
    assert fault is not None
    assert fault.code == "template_syntax"
    assert "line 2" in fault.message
    assert make_text_model(CHATML, TOKENS).fault() is None


CALL: Message = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}],
}
TOOLS = ({"type": "function", "function": {"name": "f", "description": "does f"}},)
NAMES_ONLY = (
    "{{ tools }}{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}"
    "{% endfor %}</s>{% endfor %}"
)


@pytest.mark.parametrize(
    ("template", "code"),
    [
        (CHATML, "template_without_tool_calls"),
        ("{% for m in messages %}{{ m.role + m.content }}</s>{% endfor %}", "template_without_tool_calls"),
        (NAMES_ONLY, "template_without_tool_calls"),
        ("{% for m in messages %}{{ m.content }}{{ m.tool_calls }}</s>{% endfor %}", "template_without_tools"),
    ],
)
def test_tools_and_calls_are_never_lost_in_silence(template: str, code: str, make_text_model: MakeTextModel) -> None:
    conversation = row(user("a"), CALL, {"role": "tool", "content": "r"}, assistant("b"), tools=TOOLS)
    if template == CHATML:
        conversation = replace(conversation, tools=())
    assert problem_of(make_text_model(template, TOKENS), conversation).code == code


def test_a_template_of_its_own_for_tools_is_used(make_text_model: MakeTextModel) -> None:
    with_tools = "{{ tools | tojson }}" + CHATML
    model = make_text_model(CHATML, TOKENS, eos="<|im_end|>", tool_template=with_tools)
    (plain,) = render_conversation(row(user("a"), assistant("b")), model, "assistant")
    (rendered,) = render_conversation(row(user("a"), assistant("b"), tools=TOOLS), model, "assistant")
    assert "does f" in rendered.text
    assert pieces(plain) == pieces(rendered) == ["b<|im_end|>"]
    prompt = model.tokenizer.decode(model.prompt_ids([user("a")], TOOLS))
    assert rendered.text.startswith(prompt)


@pytest.mark.parametrize("arguments", [{}, {"shout": True}])
@pytest.mark.parametrize("tools", [(), TOOLS])
@pytest.mark.parametrize("asks", [False, True])
def test_texts_are_those_of_apply_chat_template(
    arguments: dict[str, Any], tools: Any, asks: bool, make_text_model: MakeTextModel
) -> None:
    template = (
        "{{ bos_token }}{% if tools %}{{ tools | tojson(indent=2) }}{% endif %}{% for m in messages %}\n"
        "  {% if m.tool_calls is defined %}{{ m.tool_calls | tojson }}{% endif %}\n"
        "{{ m.role }}:{{ m.content if m.content is defined else 'none' }}{{ eos_token }}{% if shout %}!{% endif %}\n"
        "{% generation %}x{% endgeneration %}{% if loop.last %}{% break %}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    model = make_text_model(template, bos="<s>", template_arguments=arguments)
    messages = [system("S<b>"), user("好 & 'x'"), CALL, {"role": "tool", "content": "r"}, assistant("y")]
    expected = model.tokenizer.apply_chat_template(
        messages, tools=list(tools) or None, tokenize=False, add_generation_prompt=asks, **arguments
    )
    assert model.render(messages, tools, add_generation_prompt=asks) == expected


def test_prompts_know_the_system_text_and_its_place(make_text_model: MakeTextModel) -> None:
    model = make_text_model(CHATML, TOKENS, eos="<|im_end|>", system="S")

    def text(model: Any, *messages: Message) -> str:
        return str(model.tokenizer.decode(model.prompt_ids(messages)))

    ask = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
    head = "<|im_start|>system\n{}<|im_end|>\n"
    assert text(model, user("a")) == head.format("S") + ask.format("a")
    assert text(model, system("T"), user("a")) == head.format("T") + ask.format("a")
    assert text(replace(model, system_role="fold"), user("a")) == ask.format("S\n\na")
    assert text(replace(model, system_role="drop"), user("a")) == ask.format("a")
    assert text(replace(model, system=None, system_role="fold"), system("T")) == ask.format("T")


def test_prompts_hold_spelled_tokens_as_text(chatml: Any) -> None:
    ids = chatml.prompt_ids([user("x<|im_end|>")])
    assert ids.count(chatml.tokenizer.eos_token_id) == 1
    with pytest.raises(TemplateRefusalError):
        replace(chatml, chat_template="{{ raise_exception('no') }}").prompt_ids([user("x")])


def test_many_shapes_are_held_within_bounds(chatml: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_finetune.data.render._SHAPES_HELD", 3)
    for length in range(2, 22, 2):
        (rendered,) = render_conversation(row(*(TURNS * 6)[:length]), chatml, "assistant")
        assert len(rendered.trained) == length // 2
        assert len(chatml.memory["layouts"]) <= 4


def test_tokens_that_lost_their_blanks_stand_for_them(make_text_model: MakeTextModel) -> None:
    from tokenizers import processors

    model = make_text_model(CHATML, TOKENS, eos="<|im_end|>")
    model.tokenizer.backend_tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    text = "a  b \n c  "
    offsets = model.encode(text).offsets
    assert all(start < stop for start, stop in offsets)
    assert {place for start, stop in offsets for place in range(start, stop)} == set(range(len(text)))


def test_an_earlier_callers_padding_does_not_matter(chatml: Any) -> None:
    expected = chatml.encode("a").ids
    chatml.tokenizer(["a", "a longer text"], padding=True, truncation=True, max_length=4)
    short, long = chatml.encode_all([("a", ()), ("a longer text", ())])
    assert (short.ids, len(long.ids) > 4) == (expected, True)


def test_the_beginning_is_written_once(make_text_model: MakeTextModel) -> None:
    writes = make_text_model("{{ bos_token }}" + CHATML, TOKENS, eos="<|im_end|>", bos="<s>")
    silent = make_text_model(CHATML, TOKENS, eos="<|im_end|>", bos="<s>")
    first = writes.tokenizer.bos_token_id
    for model in (writes, silent):
        (rendered,) = render_conversation(row(*TURNS), model, "assistant")
        for ids in (model.encode(rendered.text).ids, model.prompt_ids([user("a")]), model.encode("a").ids):
            assert ids[0] == first
            assert ids.count(first) == 1
    assert writes.encode("<s><s>a").ids.count(first) == 1
    assert (double_bos(writes), double_bos(silent)) == (True, False)


def test_what_a_template_does_by_itself_is_told(make_text_model: MakeTextModel) -> None:
    default = "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are Tiny.<|im_end|>\n{% endif %}" + CHATML
    model = make_text_model(default, TOKENS, eos="<|im_end|>")
    endless = make_text_model("{% for m in messages %}\n{{ m.role }}: {{ m.content }}{% endfor %}")
    assert default_system(model) == "You are Tiny."
    assert default_system(endless) is None
    assert (appends_end(model), appends_end(endless)) == (False, True)
    assert [note.code for note in template_notes(model)] == ["default_system"]
    assert [note.code for note in template_notes(replace(model, system="S"))] == []
    assert [note.code for note in template_notes(endless)] == ["end_appended"]


def test_spelled_control_tokens_are_told(chatml: Any) -> None:
    called = {**CALL, "tool_calls": [{"function": {"name": "f", "arguments": {"x": "<|im_start|>"}}}]}
    problem = control_tokens(row(user("a<|im_end|>"), called, assistant("<|im_end|>")), chatml)
    assert problem is not None
    assert (problem.code, problem.line) == ("control_tokens", 7)
    assert "<|im_end|> <|im_start|>" in problem.message
    assert control_tokens(row(*TURNS), chatml) is None
    assert control_tokens(row(assistant("<|im_end|>"), plain=True), chatml) is None


REWRITING = (
    "{% if tools %}{{ tools | tojson }}\n{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if loop.last and m.role == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function | tojson }}</call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Writes the last answer in another way than those before it."""


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each rendering of a template had."""
    counts: list[int] = []
    fill = JinjaTemplate.fill

    def counted(self: JinjaTemplate, messages: Any, *others: Any, **more: Any) -> str:
        counts.append(len(messages))
        return fill(self, messages, *others, **more)

    monkeypatch.setattr(JinjaTemplate, "fill", counted)
    return counts


def pairs(count: int) -> list[Message]:
    return [turn for number in range(count) for turn in (user(f"ask {number}."), assistant(f"say {number}."))]


def exchanges(count: int) -> list[Message]:
    turns = [user("go")]
    for number in range(count):
        call = {"type": "function", "function": {"name": "f", "arguments": {"x": number}}}
        turns.append({"role": "assistant", "content": None, "tool_calls": [call]})
        turns.append({"role": "tool", "content": f'{{"result": {number}}}'})
    return [*turns, assistant("done.")]


def looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look into each answer, however many there are."""
    for module in (answers, render):
        monkeypatch.setattr(module, "FEW_ANSWERS", 10_000)


def test_answers_that_are_alike_are_not_all_looked_into(
    chatml: Any, renders: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = row(system("S"), *pairs(120))
    found = render_conversation(many, chatml, "assistant")
    assert len(renders) < 60
    chatml.memory.clear()
    looked_into(monkeypatch)
    assert found == render_conversation(many, chatml, "assistant")
    assert pieces(found[0]) == [f"say {number}.<|im_end|>" for number in range(120)]


@pytest.mark.parametrize(
    "template", [CHATML.replace("{{ m.content }}", "{{ m.content }}{{ m.tool_calls }}"), REWRITING]
)
def test_long_tool_use_takes_few_renderings_a_turn(
    template: str, make_text_model: MakeTextModel, renders: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = row(*exchanges(60))
    model = make_text_model(template, TOKENS, eos="<|im_end|>")
    found = render_conversation(many, model, "assistant")
    assert len(renders) < 5 * 60
    model.memory.clear()
    looked_into(monkeypatch)
    assert found == render_conversation(many, model, "assistant")
    assert len(found) == (61 if template == REWRITING else 1)


@pytest.mark.parametrize("odd", ["<b>say</b>", " say ", "<think>\nwhy\n</think>\n\nsay"])
@pytest.mark.parametrize("template", [CHATML, REWRITING, CHATML.replace("m.content", "m.content | trim")])
def test_an_odd_answer_among_many_is_placed_as_it_is_alone(
    template: str, odd: str, make_text_model: MakeTextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = pairs(40)
    turns[51] = assistant(odd)
    model = make_text_model(template, TOKENS, eos="<|im_end|>")
    found = _outcome(row(*turns), model)
    model.memory.clear()
    looked_into(monkeypatch)
    assert found == _outcome(row(*turns), model)


def test_answers_rewritten_in_the_middle_only_are_seen(make_text_model: MakeTextModel, renders: list[int]) -> None:
    numbered = CHATML.replace("{{ m.content }}", "{{ m.content }}{% if loop.revindex0 > 9 %}.{% endif %}")
    model = make_text_model(numbered, TOKENS, eos="<|im_end|>")
    found = render_conversation(row(*pairs(40)), model, "assistant")
    assert len(found) == 40
    assert [pieces(part) for part in found] == [[f"say {number}.<|im_end|>"] for number in range(40)]


def _outcome(conversation: Conversation, model: Any) -> Any:
    try:
        return render_conversation(conversation, model, "assistant")
    except RowError as error:
        return error.problem


@pytest.mark.parametrize("blank", [[20], range(120)])
def test_blanks_that_are_trimmed_cost_few_renderings(
    blank: Sequence[int], make_text_model: MakeTextModel, renders: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = pairs(60)
    for turn in blank:
        turns[turn] = {**turns[turn], "content": turns[turn]["content"] + "\n"}
    model = make_text_model(CHATML.replace("m.content", "m.content | trim"), TOKENS, eos="<|im_end|>")
    found = render_conversation(row(*turns), model, "assistant")
    assert len(renders) < 60
    model.memory.clear()
    looked_into(monkeypatch)
    monkeypatch.setattr(mask, "_FEW_TURNS", 10_000)
    assert found == render_conversation(row(*turns), model, "assistant")
