"""Field cases T01, T02, T03, T05, T06, D09, D12: one template for everybody, and it travels with the model."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.check import check_sources
from llm_finetune.data.encode import NOT_TRAINED, encode_conversations
from llm_finetune.data.preview import preview_rows
from llm_finetune.data.rows import Conversation, Source
from llm_finetune.data.settings import DataSettings

Input = Callable[[str], Path]
TOOL_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}{% for c in m.tool_calls or [] %}"
    "<call>{{ c.function.name }} {{ c.function.arguments | tojson }}</call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def conversations(path: Path, **settings: Any) -> tuple[Conversation, ...]:
    return check_sources([Source(path, path.name)], DataSettings(**settings)).conversations


def strict(field_input: Input) -> str:
    return field_input("D09-strict.jinja").read_text(encoding="utf-8")


def test_t01_the_last_trained_token_of_every_row_ends_the_turn(field_input: Input, real_text_model: Any) -> None:
    examples = encode_conversations(conversations(field_input("T01.jsonl")), real_text_model, DataSettings()).examples
    assert len(examples) > 1
    for example in examples:
        trained = [label for label in example.labels if label != NOT_TRAINED]
        assert real_text_model.tokenizer.decode(trained[-1:]) == "<|im_end|>"


def test_t02_one_beginning_in_training_asking_and_plain_text(
    field_input: Input, make_text_model: Callable[..., Any]
) -> None:
    template = (
        "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
        "{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    model = make_text_model(template, bos="<s>")
    first = model.tokenizer.bos_token_id
    assert model.tokenizer(model.render([{"role": "user", "content": "a"}]))["input_ids"][:2] == [first, first]
    rows = [*conversations(field_input("T01.jsonl"))]
    text = Conversation(({"role": "assistant", "content": "raw text"},), "t.jsonl", 1, plain=True)
    for example in encode_conversations([*rows, text], model, DataSettings()).examples:
        assert list(example.input_ids).count(first) == 1
        assert example.input_ids[0] == first
    prompt = model.prompt_ids(rows[0].prompt)
    assert prompt[0] == first
    assert prompt.count(first) == 1


def test_t03_the_answers_of_a_strict_template_and_nothing_else(field_input: Input, real_text_model: Any) -> None:
    model = replace(real_text_model, chat_template=strict(field_input), system_role="drop")
    rows, problems = preview_rows(conversations(field_input("T03.jsonl")), model, DataSettings())
    assert problems == []
    assert rows[0].trained == [" ANSWER ONE<|im_end|>", " ANSWER TWO<|im_end|>"]


@pytest.mark.parametrize("system_role", ["template", "fold", "drop"])
@pytest.mark.parametrize("system", [None, "Be brief."])
def test_t05_chat_reads_what_training_read(
    system: str | None, system_role: Any, field_input: Input, real_text_model: Any
) -> None:
    model = replace(real_text_model, system=system, system_role=system_role)
    rows = conversations(field_input("T01.jsonl"), system=system)
    for row in rows:
        (example,) = encode_conversations([row], model, DataSettings()).examples
        first = next(index for index, label in enumerate(example.labels) if label != NOT_TRAINED)
        asked = [message for message in row.prompt if message["role"] != "system"]
        assert model.prompt_ids(asked) == list(example.input_ids[:first])


def test_d09_a_refused_system_prompt_is_told_with_the_choices(field_input: Input, real_text_model: Any) -> None:
    model = replace(real_text_model, chat_template=strict(field_input))
    encoded = encode_conversations(conversations(field_input("D09.jsonl")), model, DataSettings())
    assert [(problem.code, problem.line) for problem in encoded.errors] == [("template_refuses_system", 1)]
    assert "does not accept role system" in encoded.errors[0].message
    for choice in ("fold", "drop", "model.chat_template"):
        assert choice in encoded.errors[0].fix
    assert len(encoded.examples) == 1


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ("fold", "[Q] Answer in French.\n\nGood morning [/Q] Bonjour<|im_end|>"),
        ("drop", "[Q] Good morning [/Q] Bonjour<|im_end|>"),
    ],
)
def test_d09_a_choice_holds_in_training_and_chat(
    choice: Any, text: str, field_input: Input, real_text_model: Any
) -> None:
    model = replace(real_text_model, chat_template=strict(field_input), system_role=choice)
    rows = conversations(field_input("D09.jsonl"))
    shown, problems = preview_rows(rows, model, DataSettings())
    assert problems == []
    assert shown[0].text.endswith(text)
    prompt = model.prompt_ids(rows[0].prompt)
    assert list(shown[0].input_ids[: len(prompt)]) == prompt
    assert shown[0].labels[len(prompt)] != NOT_TRAINED


def test_d12_calls_render_alike_and_results_are_never_trained(field_input: Input, real_text_model: Any) -> None:
    model = replace(real_text_model, chat_template=TOOL_TEMPLATE)
    rows, problems = preview_rows(conversations(field_input("D12.jsonl")), model, DataSettings())
    assert problems == []
    assert len(rows) == 2
    assert rows[0].text == rows[1].text
    for row in rows:
        assert row.trained == [
            '<call>get_weather {"city": "Lima"}</call><|im_end|>',
            "It is 19 degrees in Lima.<|im_end|>",
        ]


def test_d12_a_template_without_calls_says_so(field_input: Input, real_text_model: Any) -> None:
    encoded = encode_conversations(conversations(field_input("D12.jsonl")), real_text_model, DataSettings())
    assert [(problem.code, problem.line) for problem in encoded.errors] == [
        ("template_without_tool_calls", 1),
        ("template_without_tool_calls", 2),
    ]
    assert "cannot show tool calls" in encoded.errors[0].message


@pytest.fixture
def base_folder(tmp_path: Path, write_model: Callable[..., Path]) -> Path:
    """A base like Qwen's: it ends texts with <|endoftext|>, knows <|im_end|>, and brings no template."""
    folder = write_model(tmp_path / "base", "llama", chat_template=None)
    changes: dict[str, dict[str, Any]] = {
        "tokenizer_config.json": {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},
        "config.json": {"eos_token_id": 0, "pad_token_id": 0},
        "generation_config.json": {"eos_token_id": 0, "pad_token_id": 0},
    }
    for name, change in changes.items():
        values = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**values, **change}))
    return folder


def test_t06_template_and_end_token_travel_with_the_model(base_folder: Path, make_project: Any, cli: Any) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    project = make_project(
        model=base_folder,
        model__chat_template="chatml",
        training__num_train_epochs=1,
        training__save_strategy="steps",
        training__save_steps=3,
    )
    assert cli("train", "--project", project).code == 0
    assert cli("merge", "--project", project).code == 0
    checkpoints = sorted((project / "checkpoints").glob("checkpoint-*"))
    folders = [
        checkpoints[0],
        *(path.parent for path in project.rglob("adapter_model.safetensors")),
        project / "exports/merged",
    ]
    assert len(folders) >= 4
    for folder in folders:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert "<|im_start|>" in tokenizer.chat_template
        assert tokenizer.eos_token == "<|endoftext|>"
        ends = GenerationConfig.from_pretrained(folder).eos_token_id
        assert tokenizer.convert_tokens_to_ids("<|im_end|>") in ends
        assert tokenizer.eos_token_id in ends


def test_t06_an_answer_of_the_loaded_model_stops_there(base_folder: Path, make_project: Any) -> None:
    from llm_finetune.workflow.opening import open_project
    from llm_finetune.workflow.trained import find_base

    project = make_project(model=base_folder)
    told: list[str] = []
    _, _, text_model = find_base(open_project(project), told.append)
    assert text_model.end_ids == {0, 2}
    assert any("`chatml`" in line and "<|im_start|>" in line for line in told)


def test_a_template_that_does_not_fit_is_refused_with_those_that_do(
    base_folder: Path, make_project: Any, cli: Any
) -> None:
    outcome = cli("preview", "--project", make_project(model=base_folder, model__chat_template="llama3"))
    assert outcome.code == 2
    assert "<|eot_id|>" in outcome.err
    assert "chatml" in outcome.err


def test_an_unknown_template_name_is_told_with_the_nearest(make_project: Any, cli: Any) -> None:
    outcome = cli("preview", "--project", make_project(model__chat_template="chatlm"))
    assert outcome.code == 2
    assert "Did you mean `chatml`?" in outcome.err


def test_a_broken_template_is_told_once_for_the_run(make_project: Any, cli: Any) -> None:
    project = make_project(model__chat_template="broken.jinja")
    (project / "broken.jinja").write_text("{% for m in messages %}{{ m.content }")
    for verb in ("preview", "train"):
        outcome = cli(verb, "--project", project)
        assert outcome.code == 2
        assert outcome.err.count("not valid Jinja") == 1
        assert "train.jsonl" not in outcome.err


def test_template_variables_reach_training_and_chat(make_project: Any, cli: Any) -> None:
    template = TOOL_TEMPLATE.replace(
        "{% for m in messages %}", "{% if loud %}LOUD {% endif %}{% for m in messages %}", 1
    )
    project = make_project(model__chat_template="loud.jinja", model__chat_template_kwargs={"loud": True})
    (project / "loud.jinja").write_text(template)
    shown = cli("preview", "--project", project, "--json").json()[0]
    assert shown["text"].startswith("LOUD <|im_start|>")
