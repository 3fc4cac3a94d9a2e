"""AdaLoRA cuts exactly to its target, saves what it computes, and can be taken up again at any step."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from llm_finetune.config.read import Document
from llm_finetune.engine.dropout import QuickDropout, quicken_dropout
from llm_finetune.errors import ConfigError, FinetuneError, ModelError
from llm_finetune.methods import read_method
from llm_finetune.methods.adalora import METHOD, AdaLoraSettings, apply, check, choices, training
from llm_finetune.methods.adalora_schedule import schedule_for
from llm_finetune.methods.adalora_training import STATE_FILE
from llm_finetune.methods.weights import load_weights, with_adapter
from llm_finetune.model.load import load_config, load_model
from llm_finetune.model.resolve import Base

TOKENS = torch.arange(5, 37).reshape(4, 8)
STEPS = 12
SETTINGS = AdaLoraSettings(init_r=4, target_r=2, tinit=2, tfinal=4, lora_dropout=0.0)


def base_of(folder: Path) -> Base:
    return Base("tiny", str(folder), None, "folder", None)


class Run:
    """A model, an optimizer, and the hooks called as the trainer calls them."""

    def __init__(
        self, folder: Path, settings: AdaLoraSettings = SETTINGS, steps: int = STEPS, quantization: str = "none"
    ) -> None:
        torch.manual_seed(0)
        self.model = apply(load_model(base_of(folder), "float32", quantization), settings, steps)
        self.hooks = training(self.model, settings, steps)
        self.weights = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.weights, lr=1e-2)
        self.done = 0

    def steps(self, count: int) -> "Run":
        for _ in range(count):
            logits = self.model(TOKENS).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), TOKENS[:, 1:].flatten())
            (loss + self.hooks.penalty()).backward()
            self.optimizer.step()
            self.done += 1
            self.hooks.after_optimizer(self.done)
            self.optimizer.zero_grad()
        return self

    def ranks(self) -> dict[str, int]:
        return dict(self.hooks.report()["ranks"])

    def logits(self) -> torch.Tensor:
        return logits_of(self.model)


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.as_tensor(model.eval()(TOKENS).logits)


def refused(**values: Any) -> dict[str, Any]:
    with pytest.raises(ConfigError) as caught:
        read_method(Document("adapter.json", {"peft_type": "ADALORA", **values}))
    return {problem.field: problem for problem in caught.value.problems}


def test_keys_of_the_file() -> None:
    method, settings = read_method(Document("adapter.json", {"peft_type": "ADALORA", "init_r": 6, "target_r": 3}))
    assert method.name == "ADALORA"
    assert (settings.init_r, settings.target_r, settings.tinit) == (6, 3, None)  # type: ignore[attr-defined]
    found = refused(total_step=100, r=16, use_dora=True, rank_pattern={"q": [True]}, targt_r=4, delta_t=2)
    assert found.keys() == {"total_step", "r", "use_dora", "rank_pattern", "targt_r", "delta_t"}
    assert refused(init_r=257, target_r=4).keys() == {"init_r"}
    assert "max_steps" in found["total_step"].fix
    assert "`init_r`" in found["r"].fix
    assert "`target_r`" in found["targt_r"].fix
    assert "`deltaT`" in found["delta_t"].fix


def test_what_peft_itself_writes_is_refused_for_the_steps_alone(tmp_path: Path) -> None:
    from peft import AdaLoraConfig

    AdaLoraConfig(task_type="CAUSAL_LM", total_step=9, target_modules=["q_proj"]).save_pretrained(tmp_path)
    values = json.loads((tmp_path / "adapter_config.json").read_text())
    assert refused(**{**values, "peft_version": None, "inference_mode": False}).keys() == {"total_step"}


@pytest.mark.parametrize("target", [4, 5])
def test_a_target_that_cuts_nothing_is_refused(target: int) -> None:
    with pytest.raises(ValidationError, match="less than `init_r`, which is 4"):
        AdaLoraSettings(init_r=4, target_r=target)


@pytest.mark.parametrize(
    ("tinit", "tfinal", "total", "expected"),
    [
        (None, None, 30, (3, 15)),
        (None, None, 10, (1, 5)),
        (0, 0, 2, (0, 0)),
        (5, 5, 11, (5, 5)),
        (20, None, 30, (20, 5)),
        (None, 28, 30, (1, 28)),
        (29, None, 30, (29, 0)),
    ],
)
def test_schedules_that_fit(tinit: int | None, tfinal: int | None, total: int, expected: tuple[int, int]) -> None:
    schedule = schedule_for(tinit, tfinal, target_r=4, total_steps=total)
    assert (schedule.tinit, schedule.tfinal) == expected
    assert schedule.cut_step == total - expected[1]
    assert len(schedule.reasons) == 1 + (tinit is None) + (tfinal is None)


@pytest.mark.parametrize(
    ("tinit", "tfinal", "total", "numbers"),
    [
        (None, None, 3, ["10", "3", "`r: 4`"]),
        (0, None, 9, ["10", "9"]),
        (5, 5, 10, ["10 optimizer steps", "`tinit` takes 5", "`tfinal` 5"]),
        (None, 30, 30, ["30 optimizer steps", "`tfinal` 30"]),
        (50, None, 30, ["30 optimizer steps", "`tinit` takes 50"]),
        (0, 0, 1, ["1 optimizer step"]),
        (0, 2, 3, ["3 optimizer steps"]),
    ],
)
def test_schedules_that_do_not_fit(tinit: int | None, tfinal: int | None, total: int, numbers: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        schedule_for(tinit, tfinal, target_r=4, total_steps=total)
    assert all(number in str(caught.value) for number in numbers)


def test_the_schedule_is_told_and_written_with_the_real_steps(tiny_model_folder: Path) -> None:
    lines = choices(AdaLoraSettings(), 40)
    assert "until step 4" in lines[0]
    assert "until step 20 of 40" in lines[0]
    config = Run(tiny_model_folder, AdaLoraSettings(), 40).model.peft_config["default"]
    assert (config.total_step, config.tinit, config.tfinal) == (40, 4, 20)
    with pytest.raises(ModelError):
        apply(load_model(base_of(tiny_model_folder), "float32"), AdaLoraSettings(), 3)


def test_a_rehearsal_of_four_steps_cuts_too() -> None:
    short = METHOD.for_rehearsal(AdaLoraSettings(tinit=200, tfinal=500, deltaT=10), 4)
    assert isinstance(short, AdaLoraSettings)
    assert schedule_for(short.tinit, short.tfinal, target_r=8, total_steps=4).cut_step == 3


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "falcon", "gemma2"])
def test_all_linear_is_what_peft_adapts(tiny_model: Any, architecture: str) -> None:
    folder = tiny_model(architecture)
    names = check(load_config(base_of(folder)), AdaLoraSettings())
    assert set(names) == Run(folder).ranks().keys()
    assert not any("lm_head" in name or "embed" in name for name in names)


def test_names_that_mean_nothing_and_embeddings_are_refused(tiny_model_folder: Path) -> None:
    config = load_config(base_of(tiny_model_folder))
    with pytest.raises(ModelError) as caught:
        check(config, AdaLoraSettings(target_modules=["c_attn"], modules_to_save=["hed"]))
    assert [problem.field for problem in caught.value.problems] == ["target_modules", "modules_to_save"]
    with pytest.raises(ModelError, match="embed_tokens"):
        check(config, AdaLoraSettings(target_modules=["embed_tokens"]))
    chosen = AdaLoraSettings(target_modules=["q_proj"], layers_to_transform=1)
    assert check(config, chosen) == ("model.layers.1.self_attn.q_proj",)


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "falcon"])
def test_ranks_fall_to_the_target_and_what_is_saved_is_what_computes(
    tiny_model: Any, architecture: str, tmp_path: Path
) -> None:
    run = Run(tiny_model(architecture)).steps(2)
    assert set(run.ranks().values()) == {4}
    run.steps(STEPS - 2)
    ranks = run.ranks()
    assert sum(ranks.values()) == 2 * len(ranks) == run.hooks.report()["target_rank_sum"]
    assert len(set(ranks.values())) > 1
    run.hooks.save_weights(tmp_path)
    again = with_adapter(load_model(base_of(tiny_model(architecture)), "float32"), tmp_path)
    torch.testing.assert_close(logits_of(again), run.logits(), atol=1e-5, rtol=1e-5)
    saved = json.loads((tmp_path / "adapter_config.json").read_text())["rank_pattern"]
    assert {name.removesuffix(".lora_E"): sum(kept) for name, kept in saved.items()} == ranks
    merged = logits_of(again.merge_and_unload())
    torch.testing.assert_close(merged, run.logits(), atol=1e-4, rtol=1e-4)


def test_the_report_names_every_kind_of_layer(tiny_model_folder: Path) -> None:
    report = Run(tiny_model_folder).steps(STEPS).hooks.report()
    assert "add up to 28 over 14 layers; 28 was the target" in report["lines"][0]
    assert sum(line.strip().startswith("q_proj: ") for line in report["lines"]) == 1
    assert len(report["lines"]) == 1 + 7
    assert report["schedule"] == {"total_step": STEPS, "tinit": 2, "tfinal": 4}
    unfinished = Run(tiny_model_folder).steps(5).hooks.report()
    assert "before step 8" in unfinished["lines"][1]


def test_a_layer_may_lose_every_rank(tiny_model_folder: Path, tmp_path: Path) -> None:
    run = Run(tiny_model_folder, SETTINGS.model_copy(update={"init_r": 2, "target_r": 1}))
    with torch.no_grad():
        for name, parameter in run.model.named_parameters():
            if "layers.0.mlp.down_proj.lora" in name:
                parameter.mul_(1e-4)
    run.steps(STEPS)
    assert run.ranks()["model.layers.0.mlp.down_proj"] == 0
    run.hooks.save_weights(tmp_path)
    again = with_adapter(load_model(base_of(tiny_model_folder), "float32"), tmp_path)
    torch.testing.assert_close(logits_of(again), run.logits(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("steps", [6, 7])
def test_between_two_cuts_the_adapter_is_saved_as_it_computes(
    tiny_model_folder: Path, tmp_path: Path, steps: int
) -> None:
    """Step 6 is a cut of every third; at step 7 the optimizer has filled the cut directions again."""
    run = Run(tiny_model_folder, SETTINGS.model_copy(update={"deltaT": 3})).steps(steps)
    run.hooks.save_weights(tmp_path)
    pattern = json.loads((tmp_path / "adapter_config.json").read_text())["rank_pattern"]
    assert (pattern is not None) is (steps == 6)
    again = with_adapter(load_model(base_of(tiny_model_folder), "float32"), tmp_path)
    torch.testing.assert_close(logits_of(again), run.logits(), atol=1e-5, rtol=1e-5)
    assert sum(run.steps(STEPS - steps).ranks().values()) == 28


@pytest.mark.parametrize("stop_at", [1, 5, 8, 10])
@pytest.mark.parametrize("extra", [{}, {"modules_to_save": ["model.norm"], "deltaT": 2}])
def test_a_run_that_is_taken_up_again_gives_equal_bits(
    tiny_model_folder: Path, tmp_path: Path, stop_at: int, extra: dict[str, Any]
) -> None:
    settings = SETTINGS.model_copy(update=extra)
    whole = Run(tiny_model_folder, settings).steps(STEPS)
    first = Run(tiny_model_folder, settings).steps(stop_at)
    first.hooks.save_weights(tmp_path)
    first.hooks.save_state(tmp_path)
    second = Run(tiny_model_folder, settings).steps(1)
    second.hooks.load_state(tmp_path)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    second.done = stop_at
    second.steps(STEPS - stop_at)
    for mine, theirs in zip(second.weights, whole.weights, strict=True):
        assert torch.equal(mine, theirs)
    assert second.hooks.report() == whole.hooks.report()


def test_the_state_of_another_adapter_is_refused(tiny_model_folder: Path, tmp_path: Path) -> None:
    Run(tiny_model_folder).hooks.save_state(tmp_path)
    other = Run(tiny_model_folder, SETTINGS.model_copy(update={"target_modules": ["q_proj"]}))
    with pytest.raises(FinetuneError, match="do not fit"):
        other.hooks.load_state(tmp_path)
    assert (tmp_path / STATE_FILE).name.startswith("method.")


def test_a_longer_plan_leaves_a_cut_as_it_is(tiny_model_folder: Path, tmp_path: Path) -> None:
    done = Run(tiny_model_folder).steps(STEPS)
    done.hooks.save_state(tmp_path)
    longer = Run(tiny_model_folder, steps=2 * STEPS)
    longer.hooks.load_state(tmp_path)
    longer.done = STEPS
    longer.steps(3)
    assert longer.ranks() == done.ranks()


def test_the_penalty_is_what_peft_adds_to_its_loss(tiny_model_folder: Path) -> None:
    run = Run(tiny_model_folder).steps(3)
    with torch.no_grad():
        with_penalty = run.model(TOKENS, labels=TOKENS).loss
        plain = run.model.base_model.model(TOKENS, labels=TOKENS).loss
        with torch.autocast("cpu", dtype=torch.bfloat16):
            penalty = run.hooks.penalty()
    assert penalty.item() == pytest.approx((with_penalty - plain).item(), rel=1e-5)
    assert penalty.item() > 0.1
    without = SETTINGS.model_copy(update={"orth_reg_weight": 0.0})
    assert training(run.model, without, STEPS).penalty is None


def test_a_step_that_overflowed_and_a_layer_without_gradient_spoil_nothing(tiny_model_folder: Path) -> None:
    run = Run(tiny_model_folder).steps(3)
    for index, parameter in enumerate(run.weights):
        parameter.grad = None if index % 2 else torch.full_like(parameter, math.nan)
    run.done += 1
    run.hooks.after_optimizer(run.done)
    run.optimizer.zero_grad()
    run.steps(STEPS - 4)
    assert sum(run.ranks().values()) == 28


def test_dropout_is_the_quick_one_and_weights_are_float32_in_a_bfloat16_model(tiny_model_folder: Path) -> None:
    settings = SETTINGS.model_copy(update={"lora_dropout": 0.5, "modules_to_save": ["model.norm"]})
    model = apply(load_model(base_of(tiny_model_folder), "bfloat16"), settings, STEPS)
    assert quicken_dropout(model) == 14
    assert sum(isinstance(module, QuickDropout) for module in model.modules()) == 14
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert {p.dtype for p in trained.values()} == {torch.float32}
    assert {name.split(".")[-2] for name in trained} == {"lora_A", "lora_B", "lora_E", "default"}
    assert model(TOKENS).logits.dtype == torch.bfloat16


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_base_in_8_bits(tiny_model: Any, architecture: str, tmp_path: Path) -> None:
    run = Run(tiny_model(architecture), quantization="int8").steps(STEPS)
    report = run.hooks.report()
    assert report["rank_sum"] == report["target_rank_sum"]
    run.hooks.save_weights(tmp_path)
    again = with_adapter(load_model(base_of(tiny_model(architecture)), "float32", "int8"), tmp_path)
    torch.testing.assert_close(logits_of(again), run.logits(), atol=1e-5, rtol=1e-5)


def test_a_cut_folder_is_no_state_to_go_on_from(tiny_model_folder: Path, tmp_path: Path) -> None:
    """Why there is a state file: the delivered folder's tensors are of other sizes than the model's in training."""
    Run(tiny_model_folder).steps(STEPS).hooks.save_weights(tmp_path)
    with pytest.raises((RuntimeError, FinetuneError)):
        load_weights(Run(tiny_model_folder).model, tmp_path)
