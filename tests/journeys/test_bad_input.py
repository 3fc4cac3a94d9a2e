"""Wrong input: exit code 2, all problems at once, no traceback, nothing written."""

import json
from pathlib import Path
from typing import Any


def assert_refused(outcome: Any, project: Path, *parts: str) -> None:
    assert outcome.code == 2, (outcome.out, outcome.err)
    assert "Traceback" not in outcome.err
    for part in parts:
        assert part in outcome.err, outcome.err
    assert not (project / "checkpoints").exists()


def test_both_configuration_files_are_told_together(make_project: Any, cli: Any) -> None:
    project = make_project(
        adapter={"r": 0, "lora_alhpa": 4},
        training__learning_rat=1,
        training__num_train_epochs=-1,
        data__trian="x",
    )
    outcome = cli("train", "--project", project)
    assert_refused(
        outcome,
        project,
        "config/finetune.yaml:",
        "training.learning_rat: unknown key. Did you mean `learning_rate`?",
        "training.num_train_epochs",
        "data.trian",
        "config/lora_config.json:",
        "lora_alhpa",
        "`lora_alpha`",
    )
    assert len(outcome.err.strip().splitlines()) >= 6


def test_data_model_and_method_are_told_together(make_project: Any, cli: Any) -> None:
    project = make_project(
        rows=[{"instruction": "a", "output": ""}, {"instruction": "b", "output": "c"}], model=Path("absent/folder/here")
    )
    outcome = cli("train", "--project", project)
    assert_refused(outcome, project, "data/train.jsonl:1: output:", "absent/folder/here")


def test_values_the_library_refuses(make_project: Any, cli: Any) -> None:
    project = make_project()
    outcome = cli("train", "--project", project, "training.lr_scheduler_type=zigzag", "training.optim=best")
    assert_refused(outcome, project, "training:")


def test_missing_files(make_project: Any, cli: Any) -> None:
    project = make_project(data__train=["data/train.jsonl", "data/absent.jsonl"], data__validation="data/gone.jsonl")
    outcome = cli("train", "--project", project)
    assert_refused(outcome, project, "data/absent.jsonl", "data/gone.jsonl")


def test_no_project(cli: Any, tmp_path: Path) -> None:
    for verb in (["check"], ["preview"], ["train"], ["evaluate"], ["generate", "Hi"], ["chat"], ["merge"]):
        outcome = cli(*verb, "--project", tmp_path)
        assert outcome.code == 2, verb
        assert "llm-finetune init" in outcome.err


def test_a_tracker_that_is_not_installed_gets_its_install_line(make_project: Any, cli: Any) -> None:
    project = make_project()
    outcome = cli("train", "--project", project, "training.report_to=[swanlab, nonsense]")
    assert_refused(outcome, project, "pip install swanlab", "unknown tracker 'nonsense'")


def test_arguments_that_are_neither(make_project: Any, cli: Any) -> None:
    project = make_project()
    assert_refused(cli("train", "typo", "--project", project), project, "'typo' is neither")


def test_a_second_training_in_the_same_project_is_refused(make_project: Any, cli: Any) -> None:
    from llm_finetune.files import folder_lock

    project = make_project()
    with folder_lock(project / "logs" / ".lock"):
        outcome = cli("train", "--project", project)
    assert_refused(outcome, project, "Another training (process")


def test_check_json_has_the_promised_shape(make_project: Any, cli: Any) -> None:
    project = make_project(rows=[{"instruction": "a", "output": "b", "extra": 1}, {"instruction": "c", "output": None}])
    outcome = cli("check", "--json", "--project", project, "data.validation=none")
    assert outcome.code == 2
    report = outcome.json()
    counts = {"read", "kept", "dropped", "dropped_by", "repaired", "formats", "counts"}
    assert report.keys() >= counts | {"errors", "warnings", "tokens"}
    assert (report["read"], report["kept"], report["dropped"]) == (2, 1, 1)
    assert (report["dropped_by"], report["formats"]) == ({"null_field": 1}, {"alpaca": 2})
    assert report["counts"] == {"null_field": 1, "ignored_columns": 1}
    assert report["tokens"]["rows"] == 1
    (error,) = report["errors"]
    assert error.keys() == {"code", "path", "line", "field", "message", "fix"}
    assert (error["path"], error["line"], error["field"]) == ("data/train.jsonl", 2, "output")
    assert report["warnings"][0]["line"] == 0
    rows = [{"instruction": f"Item {n}?", "output": "b", "x": 1} for n in range(2)]
    clean = cli("check", "--json", "--project", make_project("clean", rows=rows))
    assert clean.code == 0
    assert clean.json()["warnings"]
    structure = cli("check", "--json", "--no-tokens", "--project", project, "data.validation=none")
    assert structure.code == 2
    assert "tokens" not in structure.json()


def test_overlong_rows_stop_drop_or_are_cut(make_project: Any, cli: Any) -> None:
    long = {"instruction": "a", "output": "word " * 60}
    rows = [{"instruction": "a", "output": "b"}, long, {"instruction": "c", "output": "d"}]
    for overlong, code, word in (("stop", 2, "the limit is 64"), ("drop", 0, "left out"), ("truncate", 0, "cut from")):
        project = make_project(
            overlong,
            rows=rows,
            data__max_length=64,
            data__overlong=overlong,
            data__validation="none",
            training__max_steps=1,
        )
        outcome = cli("train", "--project", project)
        assert outcome.code == code, outcome.err
        assert "data/train.jsonl:2: " in outcome.err
        assert word in outcome.err
        if code == 0:
            run = json.loads((project / "logs" / "run.json").read_text())
            assert run["rows"]["train"] == (2 if overlong == "drop" else 3)


def test_values_that_only_the_training_loop_refuses(make_project: Any, cli: Any) -> None:
    project = make_project()
    outcome = cli("train", "--project", project, "training.lr_scheduler_type=cosine_with_min_lr")
    assert outcome.code == 2, outcome.err
    assert "Traceback" not in outcome.err
    assert "min_lr" in outcome.err
    assert json.loads((project / "logs" / "run.json").read_text())["status"] == "failed"
    assert "Traceback" in (project / "logs" / "training.log").read_text()


def test_a_place_that_cannot_be_written_is_one_line(make_project: Any, cli: Any) -> None:
    project = make_project()
    (project / "logs").write_text("a file where a folder must be")
    outcome = cli("train", "--project", project)
    assert outcome.code == 1
    assert len(outcome.err.strip().splitlines()) == 1
    assert "logs" in outcome.err


def test_values_that_only_the_trainer_refuses(make_project: Any, cli: Any) -> None:
    for number, override in enumerate(("training.fsdp=full_shard", "training.torch_compile_backend=zork")):
        outcome = cli("train", "--project", make_project(f"p{number}"), override)
        assert outcome.code == 2, outcome.err
        assert "Traceback" not in outcome.err
    outcome = cli("train", "--project", make_project("seed"), "training.seed=4294967296")
    assert outcome.code == 2
    assert "training.seed" in outcome.err


def test_a_mapped_column_that_no_row_has_is_told(make_project: Any, cli: Any) -> None:
    project = make_project()
    outcome = cli("train", "--project", project, "data.columns.output=absent")
    assert_refused(outcome, project, "data.columns.output: no row has `absent`")
    nested = make_project("nested", rows=[{"q": f"Item {n}", "data": {"answer": "x"}} for n in range(4)])
    mapped = ("data.columns.instruction=q", "data.columns.output=data.answer")
    report = cli("check", "--json", "--project", nested, *mapped).json()
    assert (report["kept"], report["errors"], report["warnings"]) == (4, [], [])


def test_dropped_rows_are_asked_nowhere(make_project: Any, cli: Any) -> None:
    """Validation rows that do not fit are left out of samples and scores alike, and counted."""
    long = {"instruction": "word " * 400, "output": "x"}
    project = make_project(data__overlong="drop", data__validation="data/held.jsonl", training__max_steps=1)
    held = [long, {"instruction": "Item 1?", "output": "Value 1"}, {"instruction": "Item 2?", "output": "Value 4"}]
    (project / "data" / "held.jsonl").write_text("".join(json.dumps(row) + "\n" for row in held))
    assert cli("check", "--json", "--project", project).json()["kept"] == 14
    trained = cli("train", "--project", project)
    assert trained.code == 0, trained.err
    scored = cli("evaluate", "--json", "--project", project, "evaluation.max_new_tokens=2")
    assert {row["n"] for row in scored.json()["rows"]} == {2}
    assert "data/held.jsonl:1: left out" in scored.err
    (project / "data" / "held.jsonl").write_text(json.dumps(long) + "\n")
    assert cli("check", "--project", project).code == 2


def test_rows_on_one_line_are_counted_apart(make_project: Any, cli: Any) -> None:
    rows = [{"instruction": f"Item {n}", "output": "x" * (400 if n == 2 else 1)} for n in range(6)]
    project = make_project(data__validation="none", data__max_length=64)
    (project / "data" / "train.jsonl").write_text(json.dumps(rows))
    report = cli("check", "--json", "--project", project).json()
    assert (report["read"], report["kept"], report["dropped"]) == (6, 5, 1)


def test_validation_is_the_present_configurations_choice(make_project: Any, cli: Any) -> None:
    project = make_project(data__validation="none", training__max_steps=1)
    assert cli("train", "--project", project).code == 0
    assert cli("evaluate", "--project", project).code == 2
    assert cli("evaluate", "--project", project, "data.validation=0.25", "evaluation.max_new_tokens=2").code == 0
    config = project / "config" / "finetune.yaml"
    config.write_text(config.read_text().replace("validation: none", "validation: 0.25"))
    scored = cli("evaluate", "--json", "--project", project, "evaluation.max_new_tokens=2")
    assert scored.code == 0, scored.err
    split = cli("check", "--json", "--project", project).json()["split"]
    assert scored.json()["n_rows"] == split["validation"]
    assert split["train"] + split["validation"] == 12


def test_another_base_is_refused(make_project: Any, cli: Any, tiny_model: Any) -> None:
    project = make_project(training__max_steps=1)
    assert cli("train", "--project", project).code == 0
    outcome = cli("generate", "Hi", "--project", project, f"model.name={tiny_model('mistral')}")
    assert outcome.code == 2
    assert "is not the model that was trained on" in outcome.err


def test_templates_that_cannot_be_read(make_project: Any, cli: Any, tmp_path: Path) -> None:
    project = make_project()
    (project / "big5.jinja").write_bytes("樣板".encode("cp950"))
    assert_refused(cli("train", "--project", project, "model.chat_template=big5.jinja"), project, "not UTF-8")
    rows = project / "data" / "train.jsonl"
    outcome = cli("preview", rows, "model.chat_template=absent.jinja")
    assert outcome.code == 2
    assert "absent.jinja" in outcome.err
