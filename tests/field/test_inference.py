"""Field cases I01 and A03 on the default model, overfitted on four short rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Input = Callable[[str], Path]
LINES = [json.loads(line) for line in (Path(__file__).parent / "inputs" / "T01.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def overfitted(tmp_path_factory: pytest.TempPathFactory, process: Any) -> Path:
    """A project whose default model has learned the rows of T01 by heart."""
    project: Path = tmp_path_factory.mktemp("overfit") / "project"
    rows = Path(__file__).parent / "inputs" / "T01.jsonl"
    assert process("init", project, "--data", rows).code == 0
    settings = ["data.validation=none", "training.max_steps=40", "training.per_device_train_batch_size=4"]
    more = ["training.learning_rate=2e-3", "training.lr_scheduler_type=constant", "training.warmup_steps=2"]
    outcome = process("train", "--project", project, *settings, *more)
    assert outcome.code == 0, outcome.err
    return project


def answers(process: Any, project: Path, tmp_path: Path, *arguments: object) -> list[dict[str, Any]]:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": row["messages"][0]["content"]}) + "\n" for row in LINES))
    outcome = process("generate", "--input", prompts, "--json", "--project", project, *arguments)
    assert outcome.code == 0, outcome.err
    found: list[dict[str, Any]] = outcome.json()["answers"]
    return found


@pytest.mark.real
def test_t01_i01_exact_answers_that_end_by_themselves(overfitted: Path, process: Any, tmp_path: Path) -> None:
    found = answers(process, overfitted, tmp_path)
    assert [answer["answer"] for answer in found] == [row["messages"][1]["content"] for row in LINES]
    assert all(answer["stopped_by"] == "end" and answer["tokens"] < 20 for answer in found)


@pytest.mark.real
def test_i01_stops_are_the_union_of_config_and_tokenizer(overfitted: Path) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    from llm_finetune.model.load import end_token_ids

    tokenizer = AutoTokenizer.from_pretrained(overfitted / "checkpoints" / "adapter_model")
    assert end_token_ids(tokenizer, GenerationConfig(eos_token_id=0)) == {0, 2}


@pytest.mark.real
def test_a03_merged_is_adapter_plus_base(overfitted: Path, process: Any, real_model_folder: Path) -> None:
    outcome = process("merge", "--json", "--project", overfitted)
    assert outcome.code == 0, outcome.err
    report = outcome.json()
    assert report["max_logit_difference"] <= 1e-3
    assert report["kl_merged"] <= 1.5 * report["kl_adapter"]
    assert report["dtype"] == "bfloat16"
    merged = overfitted / "exports" / "merged"
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (merged, real_model_folder)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)
    names = {path.name for path in merged.iterdir()}
    assert {"tokenizer.json", "chat_template.jinja", "generation_config.json"} <= names
    assert "adapter_config.json" not in names
    assert "quantization_config" not in json.loads((merged / "config.json").read_text())


@pytest.mark.real
def test_the_adapter_loads_without_this_package(overfitted: Path, tmp_path: Path) -> None:
    """`PeftModel` alone, as the guide tells its readers, gives the trained answer."""
    import subprocess
    import sys

    code = (
        "import sys, json\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n"
        "from peft import PeftModel\n"
        "folder = sys.argv[1]\n"
        "base = json.load(open(folder + '/adapter_config.json'))['base_model_name_or_path']\n"
        "model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), folder)\n"
        "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
        "turns = [{'role': 'user', 'content': 'ping'}]\n"
        "asked = {'add_generation_prompt': True, 'return_tensors': 'pt', 'return_dict': True}\n"
        "ids = tokenizer.apply_chat_template(turns, **asked)\n"
        "out = model.generate(**ids, max_new_tokens=8, do_sample=False)\n"
        "print(tokenizer.decode(out[0, ids['input_ids'].shape[1]:], skip_special_tokens=True))\n"
        "assert not any(name.startswith('llm_finetune') for name in sys.modules)\n"
    )
    adapter = overfitted / "checkpoints" / "adapter_model"
    done = subprocess.run([sys.executable, "-c", code, str(adapter)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "pong"


@pytest.mark.real
def test_the_capital_of_france(process: Any, tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert process("init", project, "--data", Path(__file__).parent / "inputs" / "T01.jsonl").code == 0
    outcome = process(
        "generate", "What is the capital of France?", "--base", "--max-new-tokens", 24, "--project", project
    )
    assert outcome.code == 0, outcome.err
    assert "Paris" in outcome.out
