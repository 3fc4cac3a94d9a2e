"""What becomes of another tool's configuration: every key is a setting, is left out with a reason, or is a problem."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_finetune.data.chat_templates import CHAT_TEMPLATES
from llm_finetune.errors import InputError, Problem
from llm_finetune.messages import LANGUAGES, texts_of
from llm_finetune.project import Project
from llm_finetune.scaffold.create import create_project
from llm_finetune.scaffold.foreign import TOOLS
from llm_finetune.scaffold.foreign.take import TakenOver, take_over
from llm_finetune.scaffold.foreign.templates import NAMES
from llm_finetune.settings import load_settings
from llm_finetune.workflow import open_project

AXOLOTL: dict[str, Any] = {
    "base_model": "owner/base",
    "datasets": [{"path": "rows.jsonl", "type": "alpaca"}],
    "val_set_size": 0.1,
    "sequence_len": 2048,
    "adapter": "lora",
    "lora_r": 16,
    "lora_alpha": 32,
    "lora_dropout": 0.05,
    "lora_target_linear": True,
    "micro_batch_size": 2,
    "gradient_accumulation_steps": 4,
    "num_epochs": 4,
    "optimizer": "adamw_torch",
    "lr_scheduler": "cosine",
    "learning_rate": 0.0002,
}
LLAMA_FACTORY: dict[str, Any] = {
    "model_name_or_path": "owner/base",
    "stage": "sft",
    "do_train": True,
    "finetuning_type": "lora",
    "lora_target": "all",
    "dataset": "greetings,farewells",
    "template": "no_such_template",
    "cutoff_len": 2048,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 8,
    "learning_rate": 1.0e-4,
    "num_train_epochs": 3.0,
    "lr_scheduler_type": "cosine",
    "warmup_ratio": 0.1,
}
INFO = {"greetings": {"file_name": "greetings.json"}, "farewells": {"hf_hub_url": "owner/farewells"}}
ODD_VALUES: tuple[Any, ...] = ("", "odd", -1, 1e400, True, [1], {"a": "b"}, [{"a": {}}])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with rows and a `dataset_info.json`, in which the command is run."""
    row = {"instruction": "Good morning", "output": "Good morning to you"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "greetings.json").write_text(json.dumps([row]), encoding="utf-8")
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(INFO), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taken_from(home: Path, values: dict[str, Any], **options: Any) -> TakenOver:
    source = home / "foreign.yaml"
    source.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return take_over(source, home / "task", **options)


def problems_of(home: Path, values: dict[str, Any]) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        taken_from(home, values)
    return list(caught.value.problems)


def left_out_of(taken: TakenOver) -> dict[str, str]:
    return {item.key: item.reason for item in taken.left_out}


def test_axolotl(home: Path) -> None:
    taken = taken_from(home, AXOLOTL)
    assert taken.tool == "Axolotl"
    assert taken.settings == {
        "model.name": "owner/base",
        "data.train": "../rows.jsonl",
        "data.format": "alpaca",
        "data.validation": 0.1,
        "data.max_length": 2048,
        "data.overlong": "drop",
        "adapter.r": 16,
        "adapter.lora_alpha": 32,
        "adapter.lora_dropout": 0.05,
        "adapter.target_modules": "all-linear",
        "training.num_train_epochs": 4,
        "training.per_device_train_batch_size": 2,
        "training.gradient_accumulation_steps": 4,
        "training.learning_rate": 0.0002,
        "training.lr_scheduler_type": "cosine",
        "training.warmup_steps": 0,
        "training.optim": "adamw_torch",
    }
    assert taken.origins["training.per_device_train_batch_size"] == "micro_batch_size"
    assert taken.left_out == ()


def test_llama_factory(home: Path) -> None:
    taken = taken_from(home, LLAMA_FACTORY)
    assert taken.tool == "LLaMA-Factory"
    info = "../data/dataset_info.json"
    assert taken.settings == {
        "model.name": "owner/base",
        "data.train": [{"path": info, "subset": "greetings"}, {"path": info, "subset": "farewells"}],
        "data.validation": "none",
        "data.max_length": 2048,
        "adapter.r": 8,
        "adapter.lora_alpha": 16,
        "adapter.lora_dropout": 0.0,
        "adapter.target_modules": "all-linear",
        "training.num_train_epochs": 3.0,
        "training.per_device_train_batch_size": 1,
        "training.gradient_accumulation_steps": 8,
        "training.learning_rate": 1e-4,
        "training.lr_scheduler_type": "cosine",
        "training.warmup_steps": 0.1,
        "training.save_strategy": "steps",
    }
    assert left_out_of(taken) == {"template": "template"}
    assert "no_held_out" in {note.code for note in taken.notes}


AXOLOTL_CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"evals_per_epoch": 4}, {"training.eval_strategy": "steps", "training.eval_steps": 0.0625}),
    ({"evals_per_epoch": 1}, {"training.eval_strategy": "epoch"}),
    ({"saves_per_epoch": 2}, {"training.save_strategy": "steps", "training.save_steps": 0.125}),
    ({"save_steps": 50}, {"training.save_strategy": "steps", "training.save_steps": 50}),
    ({"warmup_ratio": 0.1}, {"training.warmup_steps": 0.1}),
    ({"warmup_steps": 10}, {"training.warmup_steps": 10}),
    ({"excess_length_strategy": "raise"}, {"data.overlong": "stop"}),
    ({"excess_length_strategy": "truncate"}, {"data.overlong": "truncate"}),
    ({"batch_size": 16, "gradient_accumulation_steps": None}, {"training.gradient_accumulation_steps": 8}),
    ({"bf16": True}, {"model.dtype": "bfloat16"}),
    ({"fp16": True, "bf16": False}, {"model.dtype": "float16"}),
    ({"train_on_inputs": True}, {"data.train_on": "all"}),
    ({"chat_template": "phi_3"}, {"model.chat_template": "phi3"}),
    ({"chat_template": "tokenizer_default"}, {"model.chat_template": None}),
    ({"gradient_checkpointing": True}, {"training.gradient_checkpointing": True}),
    ({"val_set_size": 0}, {"data.validation": "none"}),
    ({"val_set_size": None, "test_datasets": [{"path": "rows.jsonl"}]}, {"data.validation": "../rows.jsonl"}),
    ({"lora_target_linear": None, "lora_target_modules": ["q_proj"]}, {"adapter.target_modules": ["q_proj"]}),
    ({"lora_dropout": None}, {"adapter.lora_dropout": 0.0}),
    ({"peft_use_dora": True, "peft_use_rslora": True}, {"adapter.use_dora": True, "adapter.use_rslora": True}),
    ({"lora_modules_to_save": ["embed_tokens"]}, {"adapter.modules_to_save": ["embed_tokens"]}),
    ({"adapter": None}, {"method.adapter": "none"}),
    ({"dataloader_num_workers": 2, "seed": 7}, {"training.dataloader_num_workers": 2, "training.seed": 7}),
    ({"neftune_noise_alpha": 5, "early_stopping_patience": 3}, {"training.early_stopping_patience": 3}),
    ({"use_tensorboard": True}, {"training.report_to": ["tensorboard"]}),
    (
        {"datasets": [{"path": "owner/rows", "name": "en", "split": "test"}]},
        {"data.train": [{"path": "owner/rows", "subset": "en", "split": "test"}]},
    ),
]
LLAMA_FACTORY_CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"lora_rank": 16}, {"adapter.r": 16, "adapter.lora_alpha": 32}),
    ({"lora_rank": 16, "lora_alpha": 16}, {"adapter.lora_alpha": 16}),
    ({"lora_target": "q_proj, v_proj"}, {"adapter.target_modules": ["q_proj", "v_proj"]}),
    ({"additional_target": "embed_tokens,lm_head"}, {"adapter.modules_to_save": ["embed_tokens", "lm_head"]}),
    ({"finetuning_type": "full"}, {"method.adapter": "none"}),
    ({"train_on_prompt": True}, {"data.train_on": "all"}),
    ({"template": "llama3"}, {"model.chat_template": "llama3"}),
    ({"enable_thinking": False}, {"model.chat_template_kwargs": {"enable_thinking": False}}),
    ({"mask_history": True}, {"data.train_on": "last_assistant"}),
    ({"val_size": 0.1, "eval_strategy": "steps", "eval_steps": 100}, {"training.eval_steps": 100}),
    ({"eval_dataset": "greetings"}, {"data.validation": "../data/greetings.json"}),
    ({"bf16": True}, {"model.dtype": "bfloat16"}),
    ({"pure_bf16": True}, {"model.dtype": "bfloat16"}),
    ({"dataset_dir": "ONLINE", "dataset": "owner/rows"}, {"data.train": "owner/rows"}),
    ({"report_to": "none", "early_stopping_steps": 2}, {"training.early_stopping_patience": 2}),
    ({"use_dora": True}, {"adapter.use_dora": True}),
    ({"neftune_noise_alpha": 5.0}, {"training.neftune_noise_alpha": 5.0}),
]


@pytest.mark.parametrize(("change", "expected"), AXOLOTL_CHANGES)
def test_axolotl_keys(home: Path, change: dict[str, Any], expected: dict[str, Any]) -> None:
    settings = taken_from(home, {**AXOLOTL, **change}).settings
    assert {key: settings.get(key) for key in expected} == expected


@pytest.mark.parametrize(("change", "expected"), LLAMA_FACTORY_CHANGES)
def test_llama_factory_keys(home: Path, change: dict[str, Any], expected: dict[str, Any]) -> None:
    settings = taken_from(home, {**LLAMA_FACTORY, **change}).settings
    assert {key: settings.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"type": "alpaca:chat"}, {"data.format": "alpaca"}),
        ({"type": "gpteacher"}, {"data.format": "alpaca", "data.columns": {"output": "response"}}),
        ({"type": "completion", "field": "body"}, {"data.format": "text", "data.columns": {"text": "body"}}),
        ({"type": "chat_template"}, {"data.format": "messages"}),
        (
            {"type": "chat_template", "field_messages": "turns"},
            {"data.format": "messages", "data.columns": {"messages": "turns"}},
        ),
        (
            {
                "type": "chat_template",
                "field_messages": "conversations",
                "message_property_mappings": {"role": "from", "content": "value"},
            },
            {"data.format": "sharegpt"},
        ),
        ({"type": "sharegpt", "conversation": "chatml"}, {"data.format": "sharegpt"}),
        (
            {"type": {"field_instruction": "q", "field_output": "a", "system_prompt": "Be brief.", "format": "[{q}]"}},
            {
                "data.format": "alpaca",
                "data.columns": {"instruction": "q", "output": "a"},
                "data.system": "Be brief.",
            },
        ),
    ],
)
def test_axolotl_types_of_rows(home: Path, entry: dict[str, Any], expected: dict[str, Any]) -> None:
    taken = taken_from(home, {**AXOLOTL, "datasets": [{"path": "rows.jsonl", **entry}]})
    found = {
        key: taken.settings[key] for key in ("data.format", "data.columns", "data.system") if key in taken.settings
    }
    assert found == expected
    assert taken.settings["data.train"] == "../rows.jsonl"


def test_several_data_sets_keep_what_they_do_not_share(home: Path) -> None:
    (home / "folder").mkdir()
    (home / "folder" / "a.csv").write_text("instruction,output\na,b\n", encoding="utf-8")
    data_sets = [
        {"path": "rows.jsonl", "type": "alpaca"},
        {"path": "folder", "type": "gpteacher"},
        {"path": "json", "data_files": ["rows.jsonl"], "type": "alpaca", "ds_type": "json"},
        {"path": "owner/rows", "name": "en", "split": "train_sft", "type": "alpaca"},
    ]
    assert taken_from(home, {**AXOLOTL, "datasets": data_sets}).settings["data.train"] == [
        "../rows.jsonl",
        {"path": "../folder/*.csv", "columns": {"output": "response"}},
        "../rows.jsonl",
        {"path": "owner/rows", "subset": "en", "split": "train_sft"},
    ]


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        ({"load_in_8bit": True}, "load_in_8bit", "quantized"),
        ({"adapter": "qlora"}, "adapter", "quantized"),
        ({"adapter": "ia3"}, "adapter", "method"),
        ({"adapter": None}, "lora_r", "no_adapter"),
        ({"optimizer": "adamw_bnb_8bit"}, "optimizer", "optimizer"),
        ({"lr_scheduler": "rex"}, "lr_scheduler", "schedule"),
        ({"sample_packing": True}, "sample_packing", "batches"),
        ({"output_dir": "out"}, "output_dir", "fixed_folders"),
        ({"wandb_entity": "team"}, "wandb_entity", "environment"),
        ({"use_mlflow": True}, "use_mlflow", "tracker_missing"),
        ({"report_to": ["teletext"]}, "report_to", "no_tracker"),
        ({"hf_use_auth_token": True}, "hf_use_auth_token", "token"),
        ({"chat_template": "no_such_template"}, "chat_template", "template"),
        ({"special_tokens": {"pad_token": "<pad>"}}, "special_tokens", "tokens"),
        ({"evals_per_epoch": 2, "max_steps": 10}, "evals_per_epoch", "per_epoch"),
        ({"hub_token": "secret"}, "hub_token", "refused"),
        ({"gradient_acumulation_steps": 4}, "gradient_acumulation_steps", "unknown_guess"),
        ({"zzz": None, "qqq": False}, "qqq", "unknown"),
        ({"datasets": [{"path": "rows.jsonl", "type": "pygmalion"}]}, "datasets[0].type", "row_type"),
        ({"datasets": [{"path": "rows.jsonl", "shards": 4}]}, "datasets[0].shards", "share_of_rows"),
        ({"datasets": [{"path": "rows.jsonl", "split": "test"}]}, "datasets[0].split", "no_parts"),
        (
            {"datasets": [{"path": "rows.jsonl", "type": "chat_template", "roles_to_train": ["user"]}]},
            "datasets[0].roles_to_train",
            "roles_to_train",
        ),
    ],
)
def test_what_has_no_equivalent_is_listed_with_a_reason(
    home: Path, change: dict[str, Any], key: str, reason: str
) -> None:
    taken = taken_from(home, {**AXOLOTL, **change})
    assert left_out_of(taken)[key] == reason
    assert "secret" not in json.dumps(taken.as_dict())


@pytest.mark.parametrize(
    ("values", "key", "code"),
    [
        ({**AXOLOTL, "learning_rate": "quick"}, "learning_rate", "bad_value"),
        ({**AXOLOTL, "lora_r": 0}, "lora_r", "bad_value"),
        ({**AXOLOTL, "val_set_size": 500}, "val_set_size", "held_out_rows"),
        ({**AXOLOTL, "warmup_ratio": 10}, "warmup_ratio", "not_a_share"),
        ({**AXOLOTL, "rl": "dpo"}, "rl", "stage"),
        ({**AXOLOTL, "datasets": None}, "datasets", "no_rows"),
        ({**AXOLOTL, "datasets": "rows.jsonl"}, "datasets", "not_data_sets"),
        ({**AXOLOTL, "datasets": [{"path": "absent.jsonl"}]}, "datasets", "no_such_file"),
        ({**AXOLOTL, "datasets": [{"path": "absent"}]}, "datasets", "no_such_file"),
        ({**AXOLOTL, "datasets": [{"path": "data", "data_files": "absent.json"}]}, "datasets", "no_such_file"),
        ({**AXOLOTL, "datasets": [{"path": "s3://bucket/rows.jsonl"}]}, "datasets", "no_such_file"),
        ({**AXOLOTL, "base_model": "./absent"}, "base_model", "no_such_model"),
        ({**LLAMA_FACTORY, "stage": "dpo"}, "stage", "stage"),
        ({**LLAMA_FACTORY, "dataset": None}, "dataset", "no_rows"),
        ({**LLAMA_FACTORY, "dataset": "greeting"}, "dataset", "no_such_entry"),
        ({**LLAMA_FACTORY, "dataset_dir": "elsewhere"}, "dataset", "no_dataset_info"),
        ({**LLAMA_FACTORY, "val_size": 100}, "val_size", "held_out_rows"),
        ({**LLAMA_FACTORY, "cutoff_len": "long"}, "cutoff_len", "bad_value"),
        ({**LLAMA_FACTORY, "save_strategy": "best"}, "save_strategy", "bad_value"),
    ],
)
def test_a_value_that_cannot_be_taken_is_one_problem_at_the_foreign_key(
    home: Path, values: dict[str, Any], key: str, code: str
) -> None:
    (fault,) = problems_of(home, values)
    assert (fault.field, fault.code, fault.path) == (key, code, str(home / "foreign.yaml"))
    if values.get(key) is not None:
        lines = (home / "foreign.yaml").read_text(encoding="utf-8").splitlines()
        assert lines[fault.line - 1].startswith(f"{key}:")


def test_all_problems_are_told_at_once(home: Path) -> None:
    found = problems_of(home, {**AXOLOTL, "val_set_size": 5, "learning_rate": -1, "lora_alpha": "x", "rl": "kto"})
    assert {fault.field for fault in found} == {"val_set_size", "learning_rate", "lora_alpha", "rl"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"model": {"name": "x"}},
        {"model_name_or_path": "x", "lora_r": 8},
        {"base_model": "x", "merge_method": "ties"},
    ],
)
def test_an_unknown_tool_is_told_what_was_expected(home: Path, values: dict[str, Any]) -> None:
    (fault,) = problems_of(home, values)
    assert fault.code == "unknown_tool"
    assert "Axolotl: base_model" in fault.fix
    assert "LLaMA-Factory: model_name_or_path" in fault.fix


def test_a_missing_or_broken_file_is_told(home: Path) -> None:
    with pytest.raises(InputError, match="no such configuration file"):
        take_over(home / "absent.yaml", home / "task")
    (home / "broken.yaml").write_text("base_model: [", encoding="utf-8")
    with pytest.raises(InputError, match="not YAML"):
        take_over(home / "broken.yaml", home / "task")


def test_json_is_read_too(home: Path) -> None:
    (home / "foreign.json").write_text(json.dumps(LLAMA_FACTORY), encoding="utf-8")
    assert take_over(home / "foreign.json", home / "task").settings["training.learning_rate"] == 1e-4


def test_data_and_model_of_the_command_line_count(home: Path) -> None:
    values = {**AXOLOTL, "datasets": [{"path": "absent.jsonl"}], "base_model": "./absent"}
    taken = taken_from(home, values, data="data/train.jsonl", model="owner/other")
    assert taken.settings["data.train"] == "data/train.jsonl"
    assert taken.settings["model.name"] == "owner/other"


def test_paths_may_start_above_the_configuration(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "examples" / "train_lora"
    folder.mkdir(parents=True)
    (folder / "foreign.yaml").write_text(yaml.safe_dump(LLAMA_FACTORY), encoding="utf-8")
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    taken = take_over(Path("../examples/train_lora/foreign.yaml"), Path("task"))
    assert taken.settings["data.train"][0]["path"] == "../../data/dataset_info.json"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("values", [AXOLOTL, LLAMA_FACTORY], ids=["axolotl", "llama_factory"])
def test_the_project_opens_with_the_values_taken(home: Path, values: dict[str, Any], language: str) -> None:
    odd = {"default_system_message": 'Say "hi":\n- # no', "default_system": "是\n#", "bro\nken": 1, "lora_dropout": 0.0}
    taken = taken_from(home, {**values, **odd, "run_name": "yes", "adam_beta2": 0.95})
    create_project(home / "task", language=language, data=None, model=None, taken=taken)
    opened = open_project(home / "task")
    settings = load_settings(Project.at(home / "task"))
    for dotted, value in taken.settings.items():
        section, _, name = dotted.partition(".")
        if section == "adapter":
            assert json.loads((home / "task/config/lora_config.json").read_text())[name] == value
        elif dotted != "data.train":
            assert settings.model_dump()[section][name] == value
    assert len(opened.settings.data.sources) == len(taken.settings["data.train"]) if values is LLAMA_FACTORY else 1
    assert opened.settings.training_settings.passed_through()["run_name"] == "yes"
    text = (home / "task/config/finetune.yaml").read_text(encoding="utf-8")
    assert "# bro ken:" not in text
    assert "#   bro ken: " in text
    assert not (home / "task/data").exists()
    readme = (home / "task/README.md").read_text(encoding="utf-8")
    assert "foreign.yaml" in readme
    assert "data/validation.jsonl" not in readme.split("##")[1]


def test_a_template_written_into_the_configuration_becomes_a_file(home: Path) -> None:
    text = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    taken = taken_from(home, {**AXOLOTL, "chat_template": "jinja", "chat_template_jinja": text})
    create_project(home / "task", language="en", data=None, model=None, taken=taken)
    assert (home / "task" / "config" / "chat_template.jinja").read_text(encoding="utf-8") == text
    assert open_project(home / "task").settings.model.chat_template == "config/chat_template.jinja"


def outcome_of(home: Path) -> str:
    """Whether `odd.json` is taken over or refused; anything else is raised."""
    try:
        taken = take_over(home / "odd.json", home / "task")
    except InputError as error:
        told = [bool(fault.path and fault.message) for fault in error.problems]
        return "refused" if all(told) and told else "silent"
    return "taken" if taken.settings["data.train"] else "without rows"


@pytest.mark.parametrize("tool", TOOLS)
def test_odd_values_are_never_a_traceback(home: Path, tool: str) -> None:
    values = {"axolotl": AXOLOTL, "llama_factory": LLAMA_FACTORY}[tool]
    outcomes = {"taken": 0, "refused": 0}
    for key in [*TOOLS[tool].keys, "output_dir", "seed", "logging_steps"]:
        for value in ODD_VALUES:
            (home / "odd.json").write_text(json.dumps({**values, key: value}), encoding="utf-8")
            outcomes[outcome_of(home)] += 1
    assert min(outcomes.values()) > 100


@pytest.mark.parametrize(
    "name", ["path", "type", "name", "split", "field_messages", "message_property_mappings", "roles"]
)
def test_odd_values_in_a_data_set_are_never_a_traceback(home: Path, name: str) -> None:
    for kind in ("chat_template", "alpaca", "completion"):
        for value in ODD_VALUES:
            entry = {"path": "rows.jsonl", "type": kind, name: value}
            (home / "odd.json").write_text(json.dumps({**AXOLOTL, "datasets": [entry]}), encoding="utf-8")
            assert outcome_of(home) in {"taken", "refused"}


def test_names_of_templates_are_known_here(home: Path) -> None:
    assert set(NAMES.values()) <= CHAT_TEMPLATES.keys()
    taken = taken_from(home, {**AXOLOTL, "chat_template": "chatml"})
    create_project(home / "task", language="en", data=None, model=None, taken=taken)
    assert open_project(home / "task").settings.model.chat_template == "chatml"


def test_every_reason_has_a_sentence() -> None:
    reasons = {reason for tool in TOOLS.values() for reason in tool.reasons.values()}
    assert {f"scaffold.left.{reason}" for reason in reasons} <= texts_of("scaffold").keys()
    assert len(TOOLS) == 2
    for tool in TOOLS.values():
        assert not tool.keys.keys() & tool.reasons.keys()
