"""Field cases R11 and, for virtual tokens, T07: grouped queries, reloading, and the room that is left."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import tiny_config, tiny_tokenizer

Input = Callable[[str], Path]
PROMPT = {"peft_type": "PROMPT_TUNING", "prompt_tuning_init": "TEXT", "prompt_tuning_init_text": "Answer briefly."}
PREFIX = {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 6}
P_TUNING = {"peft_type": "P_TUNING", "encoder_reparameterization_type": "LSTM", "encoder_dropout": 0.2}


def with_method(project: Path, method: dict[str, Any]) -> Path:
    (project / "config" / "lora_config.json").write_text(json.dumps(method))
    return project


def losses(project: Path) -> dict[str, float]:
    rows = json.loads((project / "logs" / "scorecard.json").read_text())["rows"]
    return next({"base": row["base"], "tuned": row["tuned"]} for row in rows if row["metric"] == "validation_loss")


def metrics(project: Path, key: str) -> list[float]:
    lines = (project / "logs" / "metrics.jsonl").read_text().splitlines()
    return [values[key] for line in lines if key in (values := json.loads(line))]


class TestR11:
    """Prefix and prompt tuning on grouped queries: they learn, and what is loaded again is what was trained."""

    @pytest.mark.parametrize(
        ("architecture", "method"),
        [("qwen2", PROMPT), ("mistral", PREFIX), ("falcon", PREFIX)],
    )
    def test_on_tiny_models(
        self, architecture: str, method: Any, *, field_input: Input, make_project: Any, tiny_model: Any, cli: Any
    ) -> None:
        project = make_project(
            model=tiny_model(architecture),
            data__train="T01.jsonl",
            data__validation="held_out.jsonl",
            data__max_length=64,
            training__max_steps=8,
            training__save_strategy="steps",
            training__save_steps=8,
            training__learning_rate=0.05,
            training__per_device_train_batch_size=4,
        )
        with_method(project, method)
        shutil.copy(field_input("T01.jsonl"), project / "T01.jsonl")
        shutil.copy(field_input("T01.jsonl"), project / "held_out.jsonl")
        outcome = cli("train", "--project", project)
        assert outcome.code == 0, outcome.err
        assert "is usual" not in outcome.err
        trained = metrics(project, "loss")
        assert trained[-1] < trained[0]
        outcome = cli("evaluate", "--project", project)
        assert outcome.code == 0, outcome.err
        found = losses(project)
        assert found["tuned"] == pytest.approx(min(metrics(project, "eval_loss")), abs=1e-4)
        assert found["tuned"] < found["base"] - 1e-3

    @pytest.mark.real
    @pytest.mark.slow
    @pytest.mark.parametrize("method", [PREFIX, PROMPT])
    def test_on_the_default_model_in_processes_of_their_own(
        self, method: Any, *, field_input: Input, make_project: Any, process: Any, real_model_folder: Path
    ) -> None:
        project = make_project(
            model=real_model_folder,
            data__train="T01.jsonl",
            data__validation="held_out.jsonl",
            model__dtype="auto",
            training__max_steps=12,
            training__learning_rate=0.1,
        )
        with_method(project, method)
        shutil.copy(field_input("T01.jsonl"), project / "T01.jsonl")
        shutil.copy(field_input("T01.jsonl"), project / "held_out.jsonl")
        assert process("train", "--project", project).code == 0
        assert process("evaluate", "--project", project).code == 0
        found = losses(project)
        assert found["tuned"] == pytest.approx(min(metrics(project, "eval_loss")), abs=1e-4)
        assert found["tuned"] < found["base"] - 0.5
        answers = [process("generate", "ping", "--project", project, *more).out for more in ([], ["--base"])]
        assert answers[0] != answers[1]


class TestT07:
    """Virtual tokens take positions that no text can have."""

    LIMIT, VIRTUAL = 128, 28

    @pytest.fixture
    def project(self, make_project: Any, tmp_path: Path) -> Path:
        import torch
        from transformers import AutoModelForCausalLM

        torch.manual_seed(0)
        config = tiny_config("gpt2")
        config.n_positions = self.LIMIT
        AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "short")
        tiny_tokenizer().save_pretrained(tmp_path / "short")
        long = {"instruction": "Hi", "output": "good morning " * 60}
        made: Path = make_project(
            model=tmp_path / "short",
            rows=[{"instruction": "Hi", "output": "Hello"}, long],
            data__validation="data/validation.jsonl",
            data__max_length=512,
            data__overlong="truncate",
            training__max_steps=2,
            training__learning_rate=2e-4,
        )
        (made / "data" / "validation.jsonl").write_text(json.dumps({**long, "instruction": "Ho"}) + "\n")
        return made

    @pytest.mark.parametrize("name", ["PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING"])
    def test_virtual_tokens_are_subtracted_everywhere(self, project: Path, cli: Any, name: str) -> None:
        with_method(project, {"peft_type": name, "num_virtual_tokens": self.VIRTUAL})
        shown = cli("preview", "--json", "--project", project).json()
        assert [len(row["input_ids"]) for row in shown][-1] == self.LIMIT - self.VIRTUAL
        outcome = cli("train", "--project", project)
        assert outcome.code == 0, outcome.err
        assert "28 of the model's 128 positions are virtual tokens, so a text may have 100" in outcome.err
        assert "the model reads 100 tokens at most: 100 counts" in outcome.err
        # The network of P-tuning learns at the rates that LoRA does.
        assert ("`training.learning_rate` is 0.0002, and" in outcome.err) == (name != "P_TUNING")
        assert cli("evaluate", "--project", project).code == 0
        whole = cli("generate", "Hi", "--project", project, "--max-new-tokens", 500, "--json")
        assert whole.code == 0, whole.err
        used = self.prompt_tokens(project, "Hi")
        assert 0 < whole.json()["tokens"] <= self.LIMIT - self.VIRTUAL - used
        refused = cli("generate", "word " * 60, "--project", project)
        assert refused.code == 2
        assert "the model reads 100 in all" in refused.err

    def prompt_tokens(self, project: Path, text: str) -> int:
        from llm_finetune.workflow.opening import open_project
        from llm_finetune.workflow.trained import find_trained

        text_model = find_trained(open_project(project), None, lambda _line: None).text_model
        return len(text_model.prompt_ids([{"role": "user", "content": text}]))

    def test_a_chat_says_when_it_is_full(self, project: Path, cli: Any) -> None:
        from llm_finetune.errors import DataError
        from llm_finetune.workflow.answering import open_chat
        from llm_finetune.workflow.opening import open_project

        with_method(project, {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": self.VIRTUAL})
        assert cli("train", "--project", project).code == 0
        session = open_chat(open_project(project), max_new_tokens=40, tell=lambda _line: None)
        session.history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "a b c d " * 9}]
        with pytest.raises(DataError, match="no longer fits the 100 tokens"):
            session.ask("What is it? " * 4, lambda _piece: None)
        session.forget()
        assert session.ask("Hi", lambda _piece: None).stopped_by in {"end", "length", "limit"}


def test_merge_says_what_works_instead(make_project: Any, tiny_model_folder: Path, cli: Any) -> None:
    project = with_method(make_project(training__max_steps=1), PREFIX)
    assert cli("train", "--project", project).code == 0
    outcome = cli("merge", "--project", project)
    assert outcome.code == 2
    assert "prefix tuning puts virtual tokens in front of every text" in outcome.err
    assert "checkpoints/adapter_model" in outcome.err
    assert "`PeftModel.from_pretrained`" in outcome.err
    assert not (project / "exports").exists()


@pytest.mark.parametrize("method", [P_TUNING, {**PREFIX, "prefix_projection": True}])
def test_an_interrupted_run_ends_in_the_same_weights(make_project: Any, cli: Any, method: dict[str, Any]) -> None:
    from safetensors.torch import load_file

    found = []
    for name, stops in (("whole", [6]), ("parts", [3, 6])):
        project = with_method(
            make_project(name, training__save_strategy="steps", training__save_steps=3, training__max_steps=6), method
        )
        for stop in stops:
            if stop < 6:
                # What an interruption at step 3 leaves: its checkpoint alone.
                assert cli("train", "--project", project).code == 0
                shutil.rmtree(project / "checkpoints" / "checkpoint-6")
                shutil.rmtree(project / "checkpoints" / "adapter_model")
                run = json.loads((project / "logs" / "run.json").read_text())
                (project / "logs" / "run.json").write_text(json.dumps({**run, "status": "interrupted"}))
            else:
                outcome = cli("train", "--project", project)
                assert outcome.code == 0, outcome.err
        assert ("going on from checkpoint-3" in outcome.err) == (len(stops) > 1)
        found.append(load_file(project / "checkpoints" / "adapter_model" / "adapter_model.safetensors"))
        delivered = {path.name for path in (project / "checkpoints" / "adapter_model").iterdir()}
        assert not any(file.startswith("method.") for file in delivered)
    assert found[0].keys() == found[1].keys() == {"prompt_embeddings"}
    assert (found[0]["prompt_embeddings"] == found[1]["prompt_embeddings"]).all()


def test_training_goes_on_from_virtual_tokens_but_not_from_those_of_a_network(make_project: Any, cli: Any) -> None:
    from safetensors.torch import load_file

    def delivered(project: Path) -> Any:
        return load_file(project / "checkpoints" / "adapter_model" / "adapter_model.safetensors")["prompt_embeddings"]

    for method, goes_on in ((PREFIX, True), (PROMPT, True), (P_TUNING, False)):
        name = str(method["peft_type"])
        first = with_method(make_project(name, training__max_steps=2), method)
        assert cli("train", "--project", first).code == 0
        # Its only step has a learning rate of 0.
        settings = {"method__start_from": str(first / "checkpoints" / "adapter_model"), "training__max_steps": 1}
        second = with_method(make_project(f"{name}-on", **settings), method)
        outcome = cli("train", "--project", second)
        assert (outcome.code == 0) == goes_on, outcome.err
        if goes_on:
            assert (delivered(second) == delivered(first)).all()
        else:
            assert "a network made the virtual tokens" in outcome.err
