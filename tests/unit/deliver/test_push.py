"""Uploading: named files only, the token never told, every refusal in a sentence."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.deliver.push import ADAPTER_CONFIG, CARD, Upload, plan_upload, push
from llm_finetune.errors import FinetuneError, InputError, ModelError, UsageError

TOKEN = "hf_" + "s3cret" * 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What training delivers, and things that must stay here."""
    made = tmp_path / "adapter_model"
    made.mkdir()
    config = {"base_model_name_or_path": "/home/somebody/models/tiny", "r": 4, "peft_type": "LORA"}
    (made / ADAPTER_CONFIG).write_text(json.dumps(config), encoding="utf-8")
    (made / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 9)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (made / name).write_text(name, encoding="utf-8")
    (made / CARD).write_text("an older card", encoding="utf-8")
    for name in ("optimizer.pt", ".env", "manifest.json", "train.jsonl", "training_args.bin", "x_config.json"):
        (made / name).write_text(TOKEN, encoding="utf-8")
    (made / "checkpoint-5").mkdir()
    (made / "checkpoint-5" / "config.json").write_text(TOKEN, encoding="utf-8")
    (made / "vocab.json").symlink_to(made / ".env")
    return made


@pytest.fixture
def upload(folder: Path) -> Upload:
    return Upload("my-task", folder, "the card\n", "Qwen/Qwen3-0.6B", retry="llm-finetune push my-task")


def run(upload: Upload, hub: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """Push in a process of its own: the Hub's client reads its address when it is imported."""
    home = str(upload.folder.parent / "hub-home")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    address = hub.address if hub else "http://127.0.0.1:9"
    values = {"HF_ENDPOINT": address, "HF_HOME": home, "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    code = (
        "import sys\nfrom pathlib import Path\nfrom llm_finetune.deliver.push import Upload, push\n"
        "from llm_finetune.errors import FinetuneError\n"
        f"upload = Upload({upload.repo!r}, Path({str(upload.folder)!r}), {upload.card!r}, {upload.public_base!r}, "
        f"{upload.private!r}, {upload.retry!r})\n"
        "try:\n    print(push(upload))\n"
        "except FinetuneError as error:\n    print(error)\n    sys.exit(error.exit_code)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**inherited, **values}, timeout=120
    )


def test_only_named_files_are_planned(upload: Upload) -> None:
    names = [name for name, _ in plan_upload(upload)]
    assert names == [
        CARD,
        ADAPTER_CONFIG,
        "adapter_model.safetensors",
        "chat_template.jinja",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    sizes = dict(plan_upload(upload))
    assert sizes["adapter_model.safetensors"] == 256 * 9
    assert sizes[CARD] == len("the card\n")


def test_a_full_models_shards_are_planned(tmp_path: Path) -> None:
    names = ["config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json", "merges.txt"]
    for name in names:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    (tmp_path / "pytorch_model.bin").write_text("{}", encoding="utf-8")
    planned = [name for name, _ in plan_upload(Upload("x", tmp_path, "card", None))]
    assert planned == sorted([CARD, *names])


def test_a_dry_run_needs_no_token_and_no_network(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    before = sorted(upload.folder.parent.rglob("*"))
    report = push(upload, dry_run=True)
    assert report.files == plan_upload(upload)
    assert report.url is None
    assert {"optimizer.pt", ".env", "vocab.json", "checkpoint-5"} <= set(report.left_out)
    assert sorted(upload.folder.parent.rglob("*")) == before


def test_the_hub_gets_the_files_the_card_and_the_public_base(upload: Upload, hub: Any) -> None:
    done = run(upload, hub, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(hub.files) == {name for name, _ in plan_upload(upload)}
    assert hub.files["adapter_model.safetensors"] == (upload.folder / "adapter_model.safetensors").read_bytes()
    assert hub.files[CARD] == b"the card\n"
    config = json.loads(hub.files[ADAPTER_CONFIG])
    assert config == {"base_model_name_or_path": "Qwen/Qwen3-0.6B", "r": 4, "peft_type": "LORA"}
    assert hub.created[0]["visibility"] == "private"
    assert f"{hub.address}/somebody/my-task" in done.stdout
    assert "/home/somebody" in (upload.folder / ADAPTER_CONFIG).read_text(encoding="utf-8")
    assert all(len(content) == dict(plan_upload(upload))[name] for name, content in hub.files.items())


def test_the_token_goes_to_the_hub_and_nowhere_else(upload: Upload, hub: Any) -> None:
    done = run(upload, hub, HF_TOKEN=TOKEN)
    assert {request.authorization for request in hub.requests} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN.encode() in request.body for request in hub.requests)
    assert TOKEN not in done.stdout + done.stderr
    assert not list(upload.folder.parent.glob(".staging-*"))


def test_public_is_asked_for(upload: Upload, hub: Any) -> None:
    run(replace(upload, private=False), hub, HF_TOKEN=TOKEN)
    assert hub.created[0].get("visibility", "public") == "public"


def test_without_a_public_base_no_path_of_this_machine_is_told(upload: Upload, hub: Any) -> None:
    run(replace(upload, public_base=None), hub, HF_TOKEN=TOKEN)
    assert json.loads(hub.files[ADAPTER_CONFIG])["base_model_name_or_path"] == "tiny"


def test_without_a_token_one_sentence_and_nothing_staged(upload: Upload, hub: Any) -> None:
    done = run(upload, hub)
    assert done.returncode == 2
    assert done.stdout.strip() == (
        "There is no Hub token on this machine. Log in with `hf auth login`, or set the variable HF_TOKEN."
    )
    assert not hub.requests


def test_offline_is_obeyed(upload: Upload, hub: Any) -> None:
    done = run(upload, hub, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert "HF_HUB_OFFLINE" in done.stdout
    assert not hub.requests


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_told_with_the_command_to_try_again(upload: Upload, hub: Any, status: int) -> None:
    hub.refuse_with = status
    done = run(upload, hub, HF_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "refused on purpose" in done.stdout or str(status) in done.stdout
    assert "`llm-finetune push my-task`" in done.stdout
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert len(done.stdout.strip().splitlines()) == 1
    assert not list(upload.folder.parent.glob(".staging-*"))


def test_a_hub_that_cannot_be_reached_is_told(upload: Upload) -> None:
    done = run(upload, None, HF_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "did not succeed" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("repo", ["a/b/c", "with space", "-x", "a--b", ""])
def test_a_name_that_the_hub_does_not_take_is_refused_at_once(upload: Upload, repo: str) -> None:
    with pytest.raises(UsageError, match="no repository name"):
        push(replace(upload, repo=repo), dry_run=True)


@pytest.mark.parametrize("make", [lambda path: path / "not there", lambda path: path])
def test_a_folder_without_weights_is_refused(tmp_path: Path, make: Any) -> None:
    with pytest.raises(ModelError, match="no weights"):
        push(Upload("x", make(tmp_path), "card", None), dry_run=True)


def test_errors_have_the_right_exit_codes() -> None:
    assert (InputError("x").exit_code, FinetuneError("x").exit_code) == (2, 1)
