"""Field cases R08, R14, T06, E02 and I02 for whole and partly trained models, and what else they must keep."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from llm_finetune.model.precision import device_name

MakeProject = Callable[..., Path]
WITHOUT_GPU = pytest.mark.skipif(device_name() != "cpu", reason="needs a machine without a GPU")
SHORT: dict[str, Any] = {"data__validation": "none", "training__max_steps": 2, "training__learning_rate": 1e-3}


def metrics(project: Path, key: str = "loss") -> list[float]:
    rows = [json.loads(line) for line in (project / "logs" / "metrics.jsonl").read_text().splitlines()]
    return [row[key] for row in rows if key in row]


def run_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "logs" / "run.json").read_text())
    return found


def trained(cli: Any, project: Path, *overrides: str) -> Any:
    outcome = cli("train", "--project", project, *overrides)
    assert outcome.code == 0, outcome.err
    return outcome


@pytest.fixture(scope="module")
def bfloat16_model(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tied model whose weights are bfloat16 in its files, as published ones mostly are."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, source = tmp_path_factory.mktemp("bfloat16"), tiny_model("qwen2")
    AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


# -- R08: gradient checkpointing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adapter", "settings"),
    [
        ({"modules_to_save": ["model.norm"]}, {"model__dtype": "bfloat16"}),
        ({}, {"method__adapter": "none", "method__train_layers": 1}),
    ],
)
def test_r08_checkpointing_changes_no_loss(
    make_project: MakeProject, cli: Any, adapter: dict[str, Any], settings: dict[str, Any]
) -> None:
    losses = []
    for name, switch in (("on", True), ("off", False)):
        project = make_project(
            name,
            adapter=adapter,
            data__validation="none",
            training__max_steps=5,
            training__gradient_checkpointing=switch,
            **settings,
        )
        outcome = trained(cli, project)
        assert f"gradient checkpointing {name}: set by `training.gradient_checkpointing`" in outcome.err
        assert run_of(project)["gradient_checkpointing"]["on"] is switch
        losses.append(metrics(project))
    assert len(losses[0]) == 5
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0][-1] < losses[0][0]


def test_r08_the_choice_may_change_when_a_run_goes_on(make_project: MakeProject, cli: Any) -> None:
    project = make_project(**{**SHORT, "training__save_strategy": "steps", "training__save_steps": 1})
    assert "gradient checkpointing off: nothing says that memory needs it" in trained(cli, project).err
    again = trained(cli, project, "training.max_steps=3", "training.gradient_checkpointing=true")
    assert "going on from checkpoint-2" in again.err


def test_r08_a_plan_decides_what_auto_means(
    make_project: MakeProject, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llm_finetune.workflow import checkpointing

    monkeypatch.setattr(checkpointing, "needs_checkpointing", lambda opened, prepared: "40 GB needed, 24 GB here")
    project = make_project(**SHORT)
    assert "gradient checkpointing on: 40 GB needed, 24 GB here" in trained(cli, project).err
    assert run_of(project)["gradient_checkpointing"] == {"on": True, "reason": "40 GB needed, 24 GB here"}


def test_r08_a_method_that_cannot_is_refused(make_project: MakeProject, cli: Any) -> None:
    project = make_project(
        training__gradient_checkpointing=True, model__name="someone/not-here", method__adapter="config/prefix.json"
    )
    settings = {"peft_type": "PREFIX_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 4}
    (project / "config" / "prefix.json").write_text(json.dumps(settings))
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "gradient checkpointing cannot be used" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


@pytest.mark.parametrize("key", ["activation_checkpointing", "gradient_checkpointing_kwargs.use_reentrant"])
def test_other_names_for_it_are_refused(make_project: MakeProject, cli: Any, key: str) -> None:
    outcome = cli("train", "--project", make_project(), f"training.{key}=true")
    assert outcome.code == 2
    assert "training.gradient_checkpointing" in outcome.err


# -- R14: saved at the end ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adapter", "contradiction"),
    [("none", {"do_sample": False, "temperature": 0.9}), ("config/lora_config.json", {"top_p": 0.8, "top_k": 5})],
)
def test_r14_contradictory_generation_settings_are_repaired_first(
    make_project: MakeProject, cli: Any, tiny_model: Any, adapter: str, contradiction: dict[str, Any]
) -> None:
    from transformers import GenerationConfig

    base = shutil.copytree(tiny_model("llama"), make_project("other").parent / "base")
    (base / "generation_config.json").write_text(json.dumps({"eos_token_id": 0, **contradiction}))
    project = make_project(model=base, method__adapter=adapter, **SHORT)
    outcome = trained(cli, project)
    told = outcome.err.index("settings that contradict each other")
    assert told < outcome.err.index("step 1/2")
    assert all(key in outcome.err for key in contradiction if key != "do_sample")
    folder = project / run_of(project)["delivered"]["path"]
    saved = GenerationConfig.from_pretrained(folder)
    saved.validate(strict=True)
    assert set(saved.eos_token_id) == {0, 2}
    if adapter != "none":
        merged = cli("merge", "--project", project)
        assert merged.code == 0, merged.err
        GenerationConfig.from_pretrained(project / "exports" / "merged").validate(strict=True)


@pytest.mark.parametrize("architecture", ["gpt2", "qwen2"])
def test_r14_tied_weights_are_saved_once_and_read_back(
    make_project: MakeProject, cli: Any, tiny_model: Callable[[str], Path], architecture: str
) -> None:
    from transformers import AutoModelForCausalLM

    project = make_project(model=tiny_model(architecture), method__adapter="none", **SHORT)
    trained(cli, project)
    folder = project / "checkpoints" / "model"
    weights = load_file(folder / "model.safetensors")
    assert "lm_head.weight" not in weights
    assert sum(len(name) for name in weights) > 0
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert model.config.use_cache
    assert torch.equal(dict(model.named_parameters())[next(iter(weights))], next(iter(weights.values())))
    config = json.loads((folder / "config.json").read_text())
    assert config["dtype"] == "float32"


# -- T06, I02: what travels with the model -----------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["none", "config/lora_config.json"])
def test_t06_template_and_stop_travel_with_the_model(
    make_project: MakeProject, cli: Any, write_model: Any, tmp_path: Path, adapter: str
) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    base = write_model(tmp_path / "base", "qwen2", chat_template=None)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.eos_token = "<|endoftext|>"
    tokenizer.save_pretrained(base)
    (base / "generation_config.json").write_text(json.dumps({"eos_token_id": tokenizer.eos_token_id}))
    project = make_project(model=base, method__adapter=adapter, model__chat_template="chatml", **SHORT)
    trained(cli, project, "training.save_strategy=steps", "training.save_steps=1")
    folders = [project / "checkpoints" / "checkpoint-1", project / run_of(project)["delivered"]["path"]]
    if adapter != "none":
        assert cli("merge", "--project", project).code == 0
        folders.append(project / "exports" / "merged")
    turn = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good morning"}]
    for folder in folders:
        saved = AutoTokenizer.from_pretrained(folder)
        assert saved.apply_chat_template(turn, tokenize=False).rstrip().endswith("Good morning<|im_end|>"), folder
        ends = GenerationConfig.from_pretrained(folder).eos_token_id
        assert set(ends) == {saved.convert_tokens_to_ids(name) for name in ("<|endoftext|>", "<|im_end|>")}, folder


@pytest.mark.parametrize("side", ["left", "right"])
def test_i02_answering_in_batches_leaves_the_padding_side(
    make_project: MakeProject, cli: Any, write_model: Any, tmp_path: Path, side: str
) -> None:
    from transformers import AutoTokenizer

    base = write_model(tmp_path / "base", "gpt2")
    AutoTokenizer.from_pretrained(base, padding_side=side).save_pretrained(base)
    project = make_project(model=base, method__adapter="none", **SHORT)
    trained(cli, project)
    folder = project / "checkpoints" / "model"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    prompts = project / "prompts.jsonl"
    prompts.write_text('{"instruction": "Hi"}\n{"instruction": "A much longer question, is it not?"}\n')
    answered = cli("generate", "--input", prompts, "--project", project, "--max-new-tokens", 3)
    assert answered.code == 0, answered.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert AutoTokenizer.from_pretrained(folder).padding_side == side


# -- E02: wishes that cannot be fulfilled, before anything is fetched --------------------------------------------------


@WITHOUT_GPU
@pytest.mark.parametrize(
    ("wish", "instead"),
    [
        ("training.tf32=true", "model.dtype"),
        ("training.optim=paged_lion_8bit", "training.optim: lion_8bit"),
        ("training.optim=lomo", "adafactor"),
        ("model.dtype=float16", "bfloat16"),
        ("training.train_sampling_strategy=batch_rebalance", "group_by_length"),
    ],
)
def test_e02_one_sentence_before_any_download(make_project: MakeProject, cli: Any, wish: str, instead: str) -> None:
    project = make_project(model__name="someone/not-here")
    outcome = cli("train", "--project", project, wish)
    assert outcome.code == 2
    assert instead in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert "not-here" not in outcome.err


def test_early_stopping_without_rows_to_measure_on(make_project: MakeProject, cli: Any) -> None:
    project = make_project(data__validation="none", training__early_stopping_patience=2)
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "no rows are held out" in outcome.err
    assert not (project / "checkpoints").exists()


# -- precision: small updates are kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "adapter", "count"),
    [
        ({"method__adapter": "none"}, {}, 26),
        ({"method__adapter": "none", "method__train_layers": ["norms", "embeddings"]}, {}, 6),
        ({}, {"modules_to_save": ["embed_tokens", "input_layernorm"], "ensure_weight_tying": True}, 3),
    ],
)
def test_updates_of_a_small_learning_rate_are_not_swallowed(
    bfloat16_model: Path, settings: dict[str, Any], adapter: dict[str, Any], count: int, request: pytest.FixtureRequest
) -> None:
    make_project, cli = request.getfixturevalue("make_project"), request.getfixturevalue("cli")
    project = make_project(
        model=bfloat16_model,
        adapter=adapter,
        model__dtype="bfloat16",
        data__validation="none",
        training__max_steps=20,
        training__learning_rate=1e-5,
        **settings,
    )
    trained(cli, project)
    base = load_file(bfloat16_model / "model.safetensors")
    folder = project / run_of(project)["delivered"]["path"]
    saved = {
        name.removeprefix("base_model.model."): tensor
        for path in folder.glob("*.safetensors")
        for name, tensor in load_file(path).items()
        if name.removeprefix("base_model.model.") in base
    }
    meant = {name: tensor for name, tensor in saved.items() if tensor.dtype == torch.float32}
    assert len(meant) == count
    changed = [name for name, tensor in meant.items() if not torch.equal(tensor, base[name].float())]
    assert len(changed) > 0.9 * len(meant)
    assert all(torch.equal(tensor, base[name]) for name, tensor in saved.items() if name not in meant)
    swallowed = [name for name in changed if torch.equal(meant[name].to(torch.bfloat16), base[name])]
    assert any("norm" in name for name in swallowed)


# -- partly trained models through every verb --------------------------------------------------------------------------


def test_a_partly_trained_model_through_every_verb(make_project: MakeProject, cli: Any, bfloat16_model: Path) -> None:
    project = make_project(
        model=bfloat16_model,
        model__dtype="bfloat16",
        method__adapter="none",
        method__train_layers=[1, "head"],
        training__max_steps=4,
        training__save_strategy="steps",
        training__save_steps=2,
        training__optim="adafactor",
        training__train_sampling_strategy="group_by_length",
        training__gradient_checkpointing=True,
    )
    outcome = trained(cli, project)
    assert "training 10 modules with 57,600 parameters: " in outcome.err
    assert "share one matrix" in outcome.err
    folder = project / "checkpoints" / "model"
    whole = (folder / "model.safetensors").read_bytes()
    assert cli("generate", "Item 3?", "--project", project, "--max-new-tokens", 2).code == 0
    scores = cli("evaluate", "--json", "--project", project, "evaluation.max_new_tokens=2")
    measured = next(row for row in scores.json()["rows"] if row["metric"] == "validation_loss")
    best = min(entry["loss"] for entry in run_of(project)["eval_losses"])
    assert measured["tuned"] == pytest.approx(best, rel=2e-3)
    pushed = cli("push", "me/tuned", "--dry-run", "--project", project)
    assert pushed.code == 0, pushed.err
    assert "model.safetensors" in pushed.err + pushed.out
    changed = cli("train", "--project", project, "method.train_layers=1")
    assert changed.code == 2
    assert "method.train_layers" in changed.err

    run = run_of(project)
    (project / "logs" / "run.json").write_text(json.dumps({**run, "status": "running"}))
    for gone in (folder, project / "checkpoints" / "checkpoint-4"):
        for path in gone.iterdir():
            path.unlink()
        gone.rmdir()
    assert "going on from checkpoint-2" in trained(cli, project).err
    assert (folder / "model.safetensors").read_bytes() == whole


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("method.train_layers=[nope,7]", ("`nope`", "has 2 blocks, not 7", "config/finetune.yaml")),
        ("method.train_layers=0", ("method.train_layers",)),
        ("method.train_layers=[]", ("at least one layer",)),
        ("method.train_layers=(", ("regular expression",)),
    ],
)
def test_layers_that_mean_nothing_are_refused_before_weights_are_loaded(
    make_project: MakeProject, cli: Any, monkeypatch: pytest.MonkeyPatch, override: str, expected: tuple[str, ...]
) -> None:
    from llm_finetune.model import load

    monkeypatch.setattr(load, "load_model", lambda *_: pytest.fail("weights were loaded"))
    outcome = cli("train", "--project", make_project(method__adapter="none"), override)
    assert outcome.code == 2
    assert all(part in outcome.err for part in expected), outcome.err


def test_layers_of_an_adapter_are_chosen_in_its_file(make_project: MakeProject, cli: Any) -> None:
    outcome = cli("train", "--project", make_project(), "method.train_layers=2")
    assert outcome.code == 2
    assert "`adapter: none` beside it" in outcome.err


def test_a_whole_model_answers_in_float32_unless_asked(make_project: MakeProject, cli: Any) -> None:
    from llm_finetune.workflow.opening import open_project
    from llm_finetune.workflow.trained import find_trained, load_tuned

    project = make_project(model__dtype="auto", method__adapter="none", **SHORT)
    trained(cli, project)
    for overrides, expected in ((), torch.float32), (("model.dtype=bfloat16",), torch.bfloat16):
        found = find_trained(open_project(project, overrides=overrides), None, print)
        assert load_tuned(found).dtype == expected
        assert f"torch.{found.precision.name}" == str(expected)
