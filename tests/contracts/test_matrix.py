"""Every method on every architecture: what is trained, that it learns, and that others read what was saved.

A cell of the matrix is worked out once and asserted in many small tests. What cannot be done is a refusal by name, in a
table; no cell is left out.
"""

import copy
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from llm_finetune.config.read import Document
from llm_finetune.data.rows import Message
from llm_finetune.data.text_model import TextModel
from llm_finetune.deliver.merge import merge
from llm_finetune.engine.batch import NOT_TRAINED, collate
from llm_finetune.engine.checkpointing import recompute_activations
from llm_finetune.engine.loss import computing_in, summed_loss
from llm_finetune.errors import ModelError
from llm_finetune.generate.generator import Generator
from llm_finetune.methods import METHODS, read_method
from llm_finetune.methods.in_training import InTraining
from llm_finetune.methods.targets import layers_of
from llm_finetune.methods.weights import load_weights, save_weights, with_adapter
from llm_finetune.model.load import load_model
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import Base

LINEAR_LAYERS = {
    "llama": 14,
    "gpt2": 8,
    "falcon": 8,
    "mistral": 14,
    "qwen2": 14,
    "qwen3": 14,
    "gemma2": 14,
    "gemma3": 14,
    "phi3": 8,
    "falcon_new": 8,
    "gpt_neox": 8,
    "opt": 12,
    "bloom": 8,
    "mixtral": 8,
}
"""Linear layers inside the two blocks; Mixtral's experts and routers are stacks and matrices without a layer."""
TRAINS = {
    "LORA": r".*\.lora_[AB]\.default(\.weight)?",
    "ADALORA": r".*\.lora_[ABE]\.default",
    "PROMPT_TUNING": r"prompt_encoder\.default\.embedding\.weight",
    "P_TUNING": r"prompt_encoder\.default\.(embedding\.weight|mlp_head\.\d\.(weight|bias))",
    "PREFIX_TUNING": r"prompt_encoder\.default\.embedding\.weight",
    "IA3": r".*\.ia3_l\.default",
    "VERA": r".*\.vera_lambda_[bd]\.default",
    "OFT": r".*\.oft_R\.default\.weight",
    "BOFT": r".*\.boft_(R|s)\.default",
    "LN_TUNING": r".*\.ln_tuning_layers\.default\.(weight|bias)",
    "FULL": r".*",
}
"""What the trainable parameters are called, by method: all of them, and no others, are trained."""
HEADS = ("lm_head", "embed_out")
STACKED = {"gate", "experts"}
"""What LoRA updates beside linear layers."""
SETTINGS: dict[str, dict[str, Any]] = {
    "LORA": {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0},
    "ADALORA": {"init_r": 4, "target_r": 2, "lora_alpha": 8, "lora_dropout": 0.0, "tinit": 1, "tfinal": 2},
    "PROMPT_TUNING": {"num_virtual_tokens": 4},
    "P_TUNING": {"num_virtual_tokens": 4},
    "PREFIX_TUNING": {"num_virtual_tokens": 4},
}
"""Beside the defaults: small, and without dropout, so that losses can be compared."""
LEARNING_RATE = {
    "LORA": 3e-3,
    "ADALORA": 0.05,
    "PROMPT_TUNING": 0.1,
    "P_TUNING": 1e-2,
    "PREFIX_TUNING": 0.1,
    "IA3": 0.1,
    "VERA": 0.05,
    "OFT": 3e-3,
    "BOFT": 0.03,
    "LN_TUNING": 1e-2,
    "FULL": 1e-3,
}
REFUSED = {("OFT", "gpt2"): "conv1d", ("BOFT", "gpt2"): "conv1d"}
"""Cells that cannot be → the code of the problem that says so."""
UNMERGED = {"PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "FULL"}
"""Methods whose result is no sum of weights, or is whole already."""
UNCHECKPOINTED = {"PREFIX_TUNING"}
"""Methods that cannot go with gradient checkpointing; the configuration is refused."""
STEPS = 6
BASE_STEPS, BASE_RATE = 30, 3e-3
NEW_TOKENS = 8
SAME_LOSS = 1e-5
SAME_LOGITS = 1e-5
MERGED_LOGITS = 1e-5
QUESTIONS = ["Hi", "What is the value of item 12?", "good morning", "Hello, hello, hello! " * 3]

CELLS = [(name, architecture) for name in METHODS for architecture in LINEAR_LAYERS]
POSSIBLE = [cell for cell in CELLS if cell not in REFUSED]
each_cell = pytest.mark.parametrize("cell", POSSIBLE, ids="-".join)


class TokenText(TextModel):
    """A text model that shows token numbers, so that two answers are equal only if their tokens are."""

    def decode(self, ids: Any) -> str:
        """The numbers."""
        return " ".join(map(str, ids))


@dataclass(frozen=True)
class Row:
    """A row as the engine takes it."""

    input_ids: list[int]
    labels: list[int]


@dataclass(frozen=True)
class Course:
    """What a few training steps did."""

    losses: list[float]
    """Before each step, and after the last one."""
    passes: int
    """How often the first block was run in the training steps."""
    unmoved: list[str]
    """Trainable parameters that did not change."""
    moved_frozen: list[str]


@dataclass(frozen=True)
class InBfloat16:
    """What was seen on a base that is stored in bfloat16."""

    trainable: dict[str, torch.dtype]
    without_gradient: list[str]
    """Trainable parameters that got none, or one that is not finite."""
    loaded_difference: float
    """Of the logits when an adapter is loaded on such a base, to answer."""


@dataclass(frozen=True)
class Seen:
    """What was seen in one cell."""

    trainable: dict[str, torch.dtype]
    frozen: list[str]
    in_bfloat16: InBfloat16
    adapted: set[str]
    checked: set[str]
    plain: Course
    checkpointed: Course | None
    row_by_row: float
    """The loss after the last step, of one row at a time without padding."""
    resumed_difference: float
    merged_difference: float | None
    answers: dict[int, list[str]]
    """By batch size."""
    uncached: list[str]
    """The tokens that a pass over the whole text finds likeliest."""


@dataclass
class Matrix:
    """All cells, each worked out when it is first asked for."""

    folder: Path
    random_folder: Callable[[str], Path]
    seen: dict[tuple[str, str], Seen | None] = field(default_factory=dict)
    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    bases: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, cell: tuple[str, str]) -> Seen:
        if cell not in self.seen:
            self.seen[cell] = None  # Until it is worked out: what fails once is not tried again.
            self.seen[cell] = self._look(*cell)
        found = self.seen[cell]
        assert found is not None, "this cell failed before"
        return found

    def base(self, architecture: str) -> Any:
        """A new copy of the base, in float32. It has learned answers of its own, so that it does not say one word."""
        if architecture not in self.bases:
            model = loaded(self.random_folder(architecture))
            text_model = text_model_of(self.random_folder(architecture))
            learn(model, collate(rows_of(text_model, seed=1), 2), BASE_STEPS)
            model.save_pretrained(self.base_folder(architecture))
            text_model.tokenizer.save_pretrained(self.base_folder(architecture))
            self.bases[architecture] = loaded(self.base_folder(architecture))
        return copy.deepcopy(self.bases[architecture])

    def base_folder(self, architecture: str) -> Path:
        """Where a base is once it has been asked for."""
        return self.folder / f"base-{architecture}"

    def _look(self, name: str, architecture: str) -> Seen:
        method, settings, base = METHODS[name], settings_of(name), self.base(architecture)
        text_model = text_model_of(self.base_folder(architecture))
        rows = rows_of(text_model)
        model, hooks = applied(name, base)
        trainable = {key: value.dtype for key, value in model.named_parameters() if value.requires_grad}
        plain = course(name, model, hooks, rows)
        checkpointed = None
        if method.checkpointing:
            other, other_hooks = applied(name, base)
            recompute_activations(other)
            checkpointed = course(name, other, other_hooks, rows)
        batch = collate(rows, 2)
        logits = logits_of(model, batch)
        answers = {size: answered(model, text_model, size) for size in (1, 4)}
        uncached = [likeliest(model, text_model, *pair) for pair in zip(QUESTIONS, answers[1], strict=True)]
        self._save(f"{name}-{architecture}", model, hooks, batch, logits)
        again = self._resumed(name, architecture)
        assert method.check is not None
        return Seen(
            trainable=trainable,
            frozen=[key for key, _ in model.named_parameters() if key not in trainable],
            in_bfloat16=self._look_in_bfloat16(name, architecture, rows),
            adapted=adapted_modules(name, model),
            checked=set(method.check(base.config, settings)),
            plain=plain,
            checkpointed=checkpointed,
            row_by_row=loss_row_by_row(model, rows),
            resumed_difference=largest(logits_of(again, batch) - logits),
            merged_difference=largest(logits_of(merged(model), batch) - logits) if method.mergeable else None,
            answers=answers,
            uncached=uncached,
        )

    def _look_in_bfloat16(self, name: str, architecture: str, rows: list[Row]) -> InBfloat16:
        base, batch = self.base(architecture).to(torch.bfloat16), collate(rows, 2)
        model, hooks = applied(name, base)
        weights = {key: value for key, value in model.named_parameters() if value.requires_grad}
        if hooks.initialise is not None:
            hooks.initialise([batch])
        optimizer = torch.optim.SGD(weights.values(), lr=0.1)
        for _ in range(2):  # An update that starts at zero gives its other half no gradient at first.
            optimizer.zero_grad()
            with computing_in("bfloat16", "cpu"):
                loss = mean_loss(model.train(), batch)
            loss.backward()
            optimizer.step()
        lacking = [key for key, value in weights.items() if value.grad is None or not value.grad.isfinite().all()]
        difference = 0.0
        if METHODS[name].is_adapter:
            folder = self.folder / f"{name}-{architecture}-bfloat16"
            save(model, hooks, folder)
            with computing_in("bfloat16", "cpu"):
                difference = largest(logits_of(with_adapter(base, folder), batch) - logits_of(model, batch))
        return InBfloat16({key: value.dtype for key, value in weights.items()}, lacking, difference)

    def _save(self, cell: str, model: Any, hooks: InTraining, batch: dict[str, Any], logits: torch.Tensor) -> None:
        folder = self.folder / cell
        save(model, hooks, folder)
        tensors = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "logits": logits}
        save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "expected.safetensors")
        name, _, architecture = cell.partition("-")
        base_folder, is_adapter = self.base_folder(architecture), METHODS[name].is_adapter
        told = {"base": str(base_folder), "logits": str(folder / "expected.safetensors")}
        self.saved[cell] = {**told, "folder": str(folder), "is_adapter": is_adapter}
        if name == "LORA":
            base = Base(architecture, str(base_folder), None, "folder", None)
            target = self.folder / f"merged-{architecture}"
            merge(base, folder, target, batch["input_ids"].tolist())
            self.saved[f"MERGED-{architecture}"] = {**told, "folder": str(target), "is_adapter": False}

    def _resumed(self, name: str, architecture: str) -> Any:
        """A new model that goes on from what was saved."""
        model, hooks = applied(name, self.base(architecture))
        (hooks.load_state or (lambda place: load_weights(model, place)))(self.folder / f"{name}-{architecture}")
        return model


def settings_of(name: str) -> Any:
    method = METHODS[name]
    if not method.is_adapter:
        return method.settings(**SETTINGS.get(name, {}))
    return read_method(Document("adapter.json", {"peft_type": name, **SETTINGS.get(name, {})}))[1]


def applied(name: str, base: Any) -> tuple[Any, InTraining]:
    """The method on a copy of the base, with what it does in training."""
    torch.manual_seed(0)
    settings = settings_of(name)
    model = METHODS[name].apply(copy.deepcopy(base), settings, STEPS)
    return model, METHODS[name].in_training(model, settings, STEPS)


def save(model: Any, hooks: InTraining, folder: Path) -> None:
    """Write weights and state as a checkpoint does."""
    folder.mkdir()
    (hooks.save_weights or (lambda place: save_weights(model, place)))(folder)
    if hooks.save_state is not None:
        hooks.save_state(folder)


def text_model_of(folder: Path) -> TextModel:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    return TokenText(tokenizer, tokenizer.chat_template, frozenset())


def asked(question: str) -> list[Message]:
    return [{"role": "user", "content": question}]


def loaded(folder: Path) -> Any:
    return load_model(Base(folder.name, str(folder), None, "folder", None), "float32")


def rows_of(text_model: TextModel, seed: int = 0) -> list[Row]:
    """The questions, each with an answer of random tokens that is trained."""
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for question in QUESTIONS:
        prompt = text_model.prompt_ids(asked(question))
        answer = torch.randint(3, 320, (NEW_TOKENS,), generator=generator).tolist()
        rows.append(Row(prompt + answer, [NOT_TRAINED] * len(prompt) + answer))
    return rows


def mean_loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    total, tokens = summed_loss(model, batch)
    return total / tokens


def loss_row_by_row(model: Any, rows: list[Row]) -> float:
    with torch.no_grad():
        sums = [summed_loss(model, collate([row], 2)) for row in rows]
    return sum(total.item() for total, _ in sums) / sum(int(tokens) for _, tokens in sums)


def learn(model: Any, batch: dict[str, Any], steps: int) -> None:
    """Train the whole model."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=BASE_RATE, weight_decay=0.0)
    model.train()
    for _ in range(steps):
        mean_loss(model, batch).backward()
        optimizer.step()
        optimizer.zero_grad()


def course(name: str, model: Any, hooks: InTraining, rows: list[Row]) -> Course:
    """A few steps on one batch, as the trainer takes them, in training mode."""
    batch = collate(rows, 2)
    if hooks.initialise is not None:
        hooks.initialise([batch])
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    rate = LEARNING_RATE[name]
    weights = {key: value for key, value in model.named_parameters() if value.requires_grad}
    groups = [{"params": weights.values()}] if hooks.parameter_groups is None else hooks.parameter_groups(rate, 0.0)
    optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=0.0)
    losses, unmoved = [], set(weights)
    with counted_passes(model) as passes:
        model.train()
        for step in range(STEPS):
            loss = mean_loss(model, batch)
            losses.append(loss.item())
            (loss if hooks.penalty is None else loss + hooks.penalty()).backward()
            optimizer.step()
            unmoved = {key for key in unmoved if torch.equal(weights[key], before[key])}
            if hooks.after_optimizer is not None:
                hooks.after_optimizer(step + 1)
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        losses.append(mean_loss(model, batch).item())
    frozen = [(key, value) for key, value in model.named_parameters() if key not in weights]
    moved_frozen = [key for key, value in frozen if not torch.equal(value, before[key])]
    return Course(losses, max(passes.values()), sorted(unmoved), moved_frozen)


@contextmanager
def counted_passes(model: Any) -> Iterator[Counter[Any]]:
    """How often each part of the first block is run, for the first time or again."""
    from transformers.modeling_layers import GradientCheckpointingLayer

    passes: Counter[Any] = Counter()
    block = next(module for module in model.modules() if isinstance(module, GradientCheckpointingLayer))
    handles = [part.register_forward_pre_hook(lambda part, _: passes.update([part])) for part in block.children()]
    yield passes
    for handle in handles:
        handle.remove()


def adapted_modules(name: str, model: Any) -> set[str]:
    """Names of the base's modules that something was put into or before."""
    from peft.tuners.tuners_utils import BaseTunerLayer
    from transformers.modeling_layers import GradientCheckpointingLayer

    base = model.get_base_model() if METHODS[name].is_adapter else model
    if name in {"PROMPT_TUNING", "P_TUNING"}:
        return {key for key, module in base.named_modules() if module is base.get_input_embeddings()}
    if name == "FULL":
        return {key for key, module in base.named_modules() if any(True for _ in module.parameters(recurse=False))}
    kind = GradientCheckpointingLayer if name == "PREFIX_TUNING" else BaseTunerLayer
    found = (key for key, module in base.named_modules() if isinstance(module, kind))
    return {key for key in found if not key.endswith(".base_layer")}  # Stacked experts: one update round another.


def logits_of(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    inputs = {key: batch[key] for key in ("input_ids", "attention_mask")}
    with torch.no_grad():
        return torch.as_tensor(model.eval()(**inputs, use_cache=False).logits)


def largest(difference: torch.Tensor) -> float:
    """The largest size of any entry; infinite where one is no number."""
    return float(difference.abs().max()) if bool(difference.isfinite().all()) else float("inf")


def merged(model: Any) -> Any:
    with quiet_libraries():
        return copy.deepcopy(model).merge_and_unload(safe_merge=True)


def answered(model: Any, text_model: TextModel, batch_size: int) -> list[str]:
    generator = Generator(model, text_model, batch_size=batch_size)
    conversations = [asked(question) for question in QUESTIONS]
    return [answer.text for answer in generator.answers(conversations, max_new_tokens=NEW_TOKENS)]


def likeliest(model: Any, text_model: TextModel, question: str, answer: str) -> str:
    """The token that is likeliest at each place of an answer, without a cache."""
    ids = text_model.prompt_ids(asked(question)) + [int(number) for number in answer.split()]
    with torch.no_grad():
        logits_TV = model.eval()(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    return text_model.decode(logits_TV[-NEW_TOKENS - 1 : -1].argmax(-1).tolist())


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory, tiny_model: Callable[[str], Path]) -> Matrix:
    """All cells."""
    return Matrix(tmp_path_factory.mktemp("matrix"), tiny_model)


@pytest.fixture
def seen(cell: tuple[str, str], matrix: Matrix) -> Seen:
    """What was seen in one cell."""
    return matrix[cell]


def test_the_matrix_is_whole() -> None:
    assert len(CELLS) == 154
    assert len(POSSIBLE) == 152
    assert set(REFUSED) <= set(CELLS)


@pytest.mark.parametrize("cell", REFUSED, ids="-".join)
def test_what_cannot_be_is_refused(cell: tuple[str, str], matrix: Matrix) -> None:
    method, base = METHODS[cell[0]], matrix.base(cell[1])
    assert base.config.model_type in method.unsupported
    assert method.check is not None
    for attempt in (lambda: method.check(base.config, settings_of(cell[0])), lambda: applied(cell[0], base)):
        with pytest.raises(ModelError) as refusal:
            attempt()
        assert [problem.code for problem in refusal.value.problems] == [REFUSED[cell]]


def test_dropout_goes_with_layers_and_not_with_stacked_experts(matrix: Matrix) -> None:
    base, check = matrix.base("mixtral"), METHODS["LORA"].check
    assert check is not None
    settings = settings_of("LORA").model_copy(update={"lora_dropout": 0.1})
    with pytest.raises(ModelError) as refusal:
        check(base.config, settings)
    assert [problem.code for problem in refusal.value.problems] == ["stacked_dropout"]
    named = check(base.config, settings.model_copy(update={"target_modules": ["q_proj", "v_proj"]}))
    assert len(named) == 4


@pytest.mark.parametrize("architecture", LINEAR_LAYERS)
def test_all_linear_layers_are_found_without_the_head(architecture: str, matrix: Matrix) -> None:
    names = matrix["LORA", architecture].adapted
    found = layers_of(matrix.base(architecture)).linear
    assert len(found) == LINEAR_LAYERS[architecture]
    assert set(found) <= names
    assert {name.rpartition(".")[2] for name in names - set(found)} == (STACKED if architecture == "mixtral" else set())


@each_cell
def test_only_what_is_meant_is_trained_and_in_float32(cell: tuple[str, str], seen: Seen) -> None:
    assert seen.trainable
    assert [key for key in seen.trainable if not re.fullmatch(TRAINS[cell[0]], key)] == []
    assert [key for key in seen.frozen if re.fullmatch(TRAINS[cell[0]], key)] == []
    assert set(seen.trainable.values()) == {torch.float32}
    assert cell[0] == "FULL" or not any(key.endswith(HEADS) for key in seen.adapted)


@each_cell
def test_the_same_is_trained_on_a_base_in_bfloat16(seen: Seen) -> None:
    assert seen.in_bfloat16.trainable == seen.trainable
    assert seen.in_bfloat16.without_gradient == []
    assert seen.in_bfloat16.loaded_difference == 0


@each_cell
def test_the_check_tells_what_is_adapted(seen: Seen) -> None:
    assert seen.checked == seen.adapted


@each_cell
def test_the_loss_falls_and_everything_moves(seen: Seen) -> None:
    assert seen.plain.losses[-1] < seen.plain.losses[0] - 0.01
    assert seen.plain.unmoved == []
    assert seen.plain.moved_frozen == []
    assert seen.plain.passes == STEPS
    assert seen.plain.losses[-1] == pytest.approx(seen.row_by_row, rel=SAME_LOSS)


@each_cell
def test_checkpointing_changes_nothing(cell: tuple[str, str], seen: Seen) -> None:
    assert (seen.checkpointed is None) is (cell[0] in UNCHECKPOINTED)
    if seen.checkpointed is not None:
        assert seen.checkpointed.passes == 2 * STEPS
        assert seen.checkpointed.losses == pytest.approx(seen.plain.losses, rel=SAME_LOSS)
        assert seen.checkpointed.unmoved == []


@pytest.mark.parametrize("name", sorted(UNCHECKPOINTED))
def test_checkpointing_is_refused(name: str, make_project: Callable[..., Path], cli: Callable[..., Any]) -> None:
    project = make_project(training__gradient_checkpointing=True)
    (project / "config" / "lora_config.json").write_text(json.dumps({"peft_type": name}))
    outcome = cli("train", "--project", project)
    assert outcome.code == 2
    assert "training.gradient_checkpointing" in outcome.err


@each_cell
def test_going_on_gives_what_was_saved(seen: Seen) -> None:
    assert seen.resumed_difference == 0


@each_cell
def test_merged_is_unmerged(cell: tuple[str, str], seen: Seen) -> None:
    assert (seen.merged_difference is None) is (cell[0] in UNMERGED)
    if seen.merged_difference is not None:
        assert seen.merged_difference <= MERGED_LOGITS


@each_cell
def test_the_answers_are_the_same_in_batches_and_without_a_cache(seen: Seen) -> None:
    assert seen.answers[1] == seen.answers[4]
    assert seen.answers[1] == seen.uncached
    assert len(set(" ".join(seen.answers[1]).split())) > 1


@pytest.fixture(scope="module")
def differences(matrix: Matrix) -> dict[str, float]:
    """By cell, how far the logits in another process are from those that were seen here."""
    for cell in POSSIBLE:
        matrix[cell]
    (matrix.folder / "cells.json").write_text(json.dumps(matrix.saved))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("matrix_child.py")), str(matrix.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads((matrix.folder / "differences.json").read_text())
    return found


@each_cell
def test_others_read_what_was_saved(cell: tuple[str, str], differences: dict[str, float]) -> None:
    assert differences["-".join(cell)] <= SAME_LOGITS


@pytest.mark.parametrize("architecture", LINEAR_LAYERS)
def test_others_read_what_was_merged(architecture: str, differences: dict[str, float]) -> None:
    assert differences[f"MERGED-{architecture}"] <= MERGED_LOGITS


def test_every_cell_was_read(differences: dict[str, float]) -> None:
    assert len(differences) == len(POSSIBLE) + len(LINEAR_LAYERS)
