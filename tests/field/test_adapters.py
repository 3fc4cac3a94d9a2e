"""Field cases A01, A02, A04, R09: an adapter and its base, going on from one, added tokens, names of layers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

ROWS = [{"instruction": f"Item {n}?", "output": f"<note>Value {n * n}</note>"} for n in range(1, 13)]
MANY = [f"<{number}>" for number in range(21)]
ADAPTER = "checkpoints/adapter_model"


def run_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "logs" / "run.json").read_text(encoding="utf-8"))
    return found


def losses_of(project: Path) -> list[float]:
    lines = (project / "logs" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [row["loss"] for row in map(json.loads, lines) if "loss" in row]


def adapter_file(project: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(project / ADAPTER / "adapter_model.safetensors")


# -- A01: where the base is ------------------------------------------------------------------------------------------


def test_a01_a_base_that_moved(make_project: Any, cli: Any, write_model: Any, tmp_path: Path) -> None:
    base = write_model(tmp_path / "here")
    project = make_project(model=base, training__max_steps=2)
    assert cli("train", "--project", project).code == 0
    answer = cli("generate", "Item 3?", "--project", project, "--max-new-tokens", 4).out
    moved, there = tmp_path / "moved", tmp_path / "there"
    project.rename(moved)
    base.rename(there)
    for verb in (("generate", "Item 3?"), ("evaluate",), ("merge",)):
        outcome = cli(*verb, "--project", moved)
        assert outcome.code == 2, verb
        assert str(base) in outcome.err
        assert "model.name=" in outcome.err
    given = cli("generate", "Item 3?", "--project", moved, "--max-new-tokens", 4, f"model.name={there}")
    assert (given.code, given.out) == (0, answer), given.err
    assert cli("merge", "--project", moved, f"model.name={there}").code == 0
    assert cli("train", "--project", moved, f"model.name={there}").out.startswith("This run is already complete")


def test_a01_another_base_is_refused(make_project: Any, cli: Any, write_model: Any, tiny_model: Any) -> None:
    project = make_project(training__max_steps=2)
    assert cli("train", "--project", project).code == 0
    outcome = cli("generate", "Item 3?", "--project", project, f"model.name={tiny_model('mistral')}")
    assert outcome.code == 2
    assert "configuration or weights differ" in outcome.err


def test_a01_a_hub_base_is_recorded_by_its_name(tiny_model_folder: Path, tmp_path: Path) -> None:
    """As `from_pretrained` leaves it: a model of the Hub carries its id, and no place on this machine."""
    from llm_finetune.methods.lora import LoraSettings, apply
    from llm_finetune.methods.weights import save_weights
    from llm_finetune.model.load import load_model
    from llm_finetune.model.resolve import Base

    model = load_model(Base("tiny", str(tiny_model_folder), None, "folder", None), "float32")
    model.name_or_path = model.config._name_or_path = "someone/some-model"
    save_weights(apply(model, LoraSettings(), 1), tmp_path)
    text = (tmp_path / "adapter_config.json").read_text(encoding="utf-8")
    assert json.loads(text)["base_model_name_or_path"] == "someone/some-model"
    assert str(tiny_model_folder) not in text


# -- A02: going on from an adapter -----------------------------------------------------------------------------------

PLAIN = {"lora_dropout": 0.0}
SHORT: dict[str, Any] = {
    "training__max_steps": 2,
    "training__per_device_train_batch_size": 12,
    "training__warmup_steps": 0,
    "data__validation": "none",
}


@pytest.fixture
def first(make_project: Any, cli: Any) -> Path:
    """A project with a finished adapter."""
    project: Path = make_project("first", adapter=PLAIN, **SHORT)
    assert cli("train", "--project", project).code == 0
    return project


def loss_with(folder: Path, base: Path, project: Path) -> float:
    """The loss of an adapter on all rows of a project in one batch, through PEFT alone."""
    from llm_finetune.engine.loss import mean_token_loss
    from llm_finetune.methods.weights import with_adapter
    from llm_finetune.model.load import load_model
    from llm_finetune.model.resolve import Base
    from llm_finetune.workflow import open_project
    from llm_finetune.workflow.preparing import prepare

    model = with_adapter(load_model(Base("tiny", str(base), None, "folder", None), "float32"), folder)
    rows = prepare(open_project(project), lambda line: None).train
    return mean_token_loss(model, rows, batch_size=len(rows), pad_id=2, precision="float32")


def test_a02_going_on_trains_the_same(first: Path, make_project: Any, cli: Any, tiny_model_folder: Path) -> None:
    start = f"../first/{ADAPTER}"
    second = make_project("second", adapter=PLAIN, method__start_from=start, **SHORT)
    outcome = cli("train", "--project", second)
    assert outcome.code == 0, outcome.err
    assert f"going on from the adapter in {start}" in outcome.err
    before, after = run_of(first), run_of(second)
    assert after["parameters"] == before["parameters"]
    assert after["start_from"]["path"] == start
    assert losses_of(second)[0] == pytest.approx(loss_with(first / ADAPTER, tiny_model_folder, second), rel=1e-5)
    assert losses_of(second)[0] < losses_of(first)[0]
    old, new = adapter_file(first), adapter_file(second)
    assert old.keys() == new.keys()
    assert not any(torch.equal(old[name], new[name]) for name in old)
    again = cli("train", "--project", second, "method.start_from=null")
    assert again.code == 2
    assert "method.start_from" in again.err
    assert cli("merge", "--project", second).code == 0


def test_a02_an_adapter_that_peft_wrote(make_project: Any, cli: Any, tiny_model_folder: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tiny_model_folder, dtype=torch.float32)
    config = LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, target_modules=["q_proj"], init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(tmp_path / "theirs")
    adapter = {**PLAIN, "target_modules": ["q_proj"]}
    project = make_project(adapter=adapter, method__start_from=str(tmp_path / "theirs"), **SHORT)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    expected = loss_with(tmp_path / "theirs", tiny_model_folder, project)
    assert losses_of(project)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("adapter", "told"),
    [
        ({"r": 8}, ("`r` is 4", "and 8 in the configuration")),
        ({"lora_alpha": 16, "use_rslora": True}, ("`lora_alpha` is 8", "`use_rslora` is false")),
        ({"target_modules": ["q_proj"]}, ("down_proj, gate_proj", "(14)", "q_proj (2)")),
        ({"init_lora_weights": "pissa"}, ("init_lora_weights",)),
    ],
)
def test_a02_what_differs_is_told(
    first: Path, make_project: Any, cli: Any, adapter: dict[str, Any], told: tuple[str, ...]
) -> None:
    second = make_project("second", adapter={**PLAIN, **adapter}, method__start_from=f"../first/{ADAPTER}", **SHORT)
    outcome = cli("train", "--project", second)
    assert outcome.code == 2
    assert all(text in outcome.err for text in told), outcome.err


def test_a02_starts_that_are_refused(
    first: Path, make_project: Any, cli: Any, write_model: Any, tmp_path: Path
) -> None:
    start = f"../first/{ADAPTER}"
    for name, settings, code, told in (
        ("other", {"model": write_model(tmp_path / "other", "mistral")}, 2, "was trained on"),
        ("full", {"method__adapter": "none"}, 2, "no adapter to go on from"),
        ("own", {"method__start_from": ADAPTER}, 2, "which this run writes itself"),
        ("nowhere", {"method__start_from": "nowhere"}, 2, "holds no adapter"),
        ("kind", {"adapter": {"peft_type": "VERA"}}, 2, "is LORA"),
    ):
        given = {"method__start_from": start, **SHORT, **settings}
        given.setdefault("adapter", PLAIN)
        project = make_project(name, **given)
        if name == "kind":
            (project / "config" / "lora_config.json").write_text('{"peft_type": "VERA"}')
        outcome = cli("train", "--project", project)
        assert outcome.code == code, (name, outcome.err)
        assert told in outcome.err, (name, outcome.err)
    shutil.copytree(first / ADAPTER, tmp_path / "unsafe")
    (tmp_path / "unsafe" / "extra.bin").write_bytes(b"\x80\x04.")
    project = make_project("gate", adapter=PLAIN, method__start_from=str(tmp_path / "unsafe"), **SHORT)
    assert cli("train", "--project", project).code == 3


# -- A04: added tokens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_a04_added_tokens(make_project: Any, cli: Any, process: Any, tiny_model: Any, architecture: str) -> None:
    """21 tokens and two more: the tiny models have 320 rows for 300 tokens, so the embedding must grow."""
    from llm_finetune.model.load import load_model
    from llm_finetune.model.resolve import Base

    tokens = [*MANY, "<note>", "</note>"]
    project = make_project(
        rows=ROWS,
        model=tiny_model(architecture),
        model__added_tokens=tokens,
        training__max_steps=3,
        training__learning_rate=0.05,
    )
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "the embedding grows from 320 to 323 rows" in outcome.err
    assert "the mean of the base's 300 tokens" in outcome.err
    run = run_of(project)
    assert run["added_tokens"]["ids"]["</note>"] == 322
    config = json.loads((project / ADAPTER / "adapter_config.json").read_text())
    is_tied = architecture == "qwen2"
    rows = list(range(300, 323))
    assert config["trainable_token_indices"] == (rows if is_tied else {"model.embed_tokens": rows, "lm_head": rows})

    saved = {name: tensor for name, tensor in adapter_file(project).items() if "trainable_tokens" in name}
    assert [tuple(tensor.shape) for tensor in saved.values()] == [(23, 64)] * (1 if is_tied else 2)
    base = load_model(Base("tiny", str(tiny_model(architecture)), None, "folder", None), "float32")
    start = base.get_input_embeddings().weight[:300].mean(0)
    embedding = next(tensor for name, tensor in saved.items() if "embed_tokens" in name)
    moved = (embedding - start).abs().amax(1)
    assert (moved[-2:] > 1e-3).all()
    assert not {name for name in adapter_file(project) if name.endswith(("embed_tokens.weight", "lm_head.weight"))}

    told = cli("generate", "Item 3?", "--project", project, "--max-new-tokens", 8)
    assert told.code == 0, told.err
    if is_tied:
        child = process("generate", "Item 3?", "--project", project, "--max-new-tokens", 8)
        assert (child.code, child.out) == (0, told.out), child.err
    assert cli("generate", "a <note>", "--base", "--project", project, "--max-new-tokens", 2).code == 0
    assert cli("evaluate", "--project", project, "evaluation.max_new_tokens=2").code == 0
    merged = cli("merge", "--project", project)
    assert merged.code == 0, merged.err
    whole = load_model(Base("merged", str(project / "exports" / "merged"), None, "folder", None), "float32")
    assert whole.get_input_embeddings().weight.shape[0] == 323
    torch.testing.assert_close(whole.get_input_embeddings().weight[300:], embedding, atol=1e-6, rtol=0)
    assert len(json.loads((project / "exports" / "merged" / "tokenizer.json").read_text())["added_tokens"]) == 26


def test_a04_plain_peft_after_the_card(make_project: Any, cli: Any, tiny_model_folder: Path) -> None:
    """What the model card says is enough for PEFT alone: one resize, and the same logits."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from llm_finetune.deliver.model_card import CardFacts, model_card
    from llm_finetune.methods.weights import with_adapter
    from llm_finetune.model.added_tokens import as_added
    from llm_finetune.model.load import load_model
    from llm_finetune.model.resolve import Base

    tokens = [*MANY, "<note>", "</note>"]
    project = make_project(rows=ROWS, model__added_tokens=tokens, training__max_steps=2)
    assert cli("train", "--project", project).code == 0
    card = model_card(CardFacts("me/model", run_of(project), None, None))
    assert "base.resize_token_embeddings(323, mean_resizing=False)" in card
    ids = torch.tensor([[5, 321, 9, 322]])
    ours = load_model(Base("t", str(tiny_model_folder), None, "folder", None, as_added(tokens)), "float32")
    theirs = AutoModelForCausalLM.from_pretrained(tiny_model_folder, dtype=torch.float32)
    theirs.resize_token_embeddings(323, mean_resizing=False)
    with torch.no_grad():
        expected = with_adapter(ours, project / ADAPTER)(ids).logits
        found = PeftModel.from_pretrained(theirs, str(project / ADAPTER)).eval()(ids).logits
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_a04_rows_to_spare(make_project: Any, cli: Any) -> None:
    """Two tokens fit into the rows that are there; nothing grows, and nothing shrinks without tokens either."""
    project = make_project(rows=ROWS, model__added_tokens={"<note>": "hello", "</note>": ""}, training__max_steps=2)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "rows the model has to spare; its embedding keeps its 320 rows" in outcome.err
    assert cli("merge", "--project", project).code == 0
    assert json.loads((project / "exports" / "merged" / "config.json").read_text())["vocab_size"] == 320
    assert cli("train", "--project", project, "model.added_tokens=[<note>]").code == 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"model__added_tokens": ["<|im_end|>"]}, "has the token '<|im_end|>' already"),
        ({"adapter": {"modules_to_save": ["embed_tokens"], "trainable_token_indices": [3]}}, "as a whole too"),
        ({"adapter": {"trainable_token_indices": [320]}}, "has rows 0 to 319, not 320"),
    ],
)
def test_a04_what_cannot_be_added(make_project: Any, cli: Any, settings: dict[str, Any], told: str) -> None:
    outcome = cli("train", "--project", make_project(**settings))
    assert outcome.code == 2
    assert told in outcome.err


def test_a04_full_fine_tuning_trains_them_too(make_project: Any, cli: Any) -> None:
    project = make_project(
        rows=ROWS,
        method__adapter="none",
        model__added_tokens=[*MANY, "<note>", "</note>"],
        training__max_steps=2,
        training__learning_rate=1e-3,
    )
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert json.loads((project / "checkpoints" / "model" / "config.json").read_text())["vocab_size"] == 323
    assert cli("evaluate", "--project", project, "evaluation.max_new_tokens=2").code == 0
    frozen = make_project("frozen", rows=ROWS, method__adapter="none", method__train_layers=1)
    outcome = cli("train", "--project", frozen, "model.added_tokens=[<note>]")
    assert outcome.code == 2
    assert "embeddings" in outcome.err


# -- R09: names of layers --------------------------------------------------------------------------------------------


def test_r09_the_number_of_layers_is_shown(make_project: Any, cli: Any, tiny_model: Any) -> None:
    adapter = {"modules_to_save": ["ln_f"], "trainable_token_indices": [3, 4]}
    project = make_project(model=tiny_model("gpt2"), adapter=adapter, training__max_steps=1, data__validation="none")
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "LoRA on 8 layers: c_attn 2, c_proj 4, c_fc 2" in outcome.err
    assert "trained whole beside them: ln_f" in outcome.err
    assert "trained rows of wte: 2" in outcome.err


def test_r09_experts(make_project: Any, cli: Any, write_model: Any, tmp_path: Path) -> None:
    from tests.conftest import SIZES
    from transformers import AutoModelForCausalLM, MixtralConfig

    folder = write_model(tmp_path / "mixtral")
    torch.manual_seed(0)
    config = MixtralConfig(**SIZES, num_local_experts=4, num_experts_per_tok=2)
    AutoModelForCausalLM.from_config(config).float().save_pretrained(folder)
    names = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
    adapter = {**PLAIN, "target_modules": [], "target_parameters": names}
    project = make_project(model=folder, adapter=adapter, **SHORT)
    outcome = cli("train", "--project", project)
    assert outcome.code == 0, outcome.err
    assert "LoRA on 4 layers: experts 4" in outcome.err
    assert cli("merge", "--project", project).code == 0
    wrong = make_project("wrong", model=folder, adapter={**adapter, "target_parameters": [names[0], "mlp.experts.up"]})
    outcome = cli("train", "--project", wrong)
    assert outcome.code == 2
    assert "mlp.experts.up" in outcome.err
    assert all(name in outcome.err for name in names)
