"""A name becomes a base, or one sentence that says what is wrong with it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from llm_finetune.errors import GateError, ModelError
from llm_finetune.model import resolve
from llm_finetune.model.resolve import Base, base_folder, base_sha256, resolve_base, weight_names
from llm_finetune.model.settings import ModelSettings


def code_of(name: str, root: Path, **settings: object) -> str:
    with pytest.raises(ModelError) as caught:
        resolve_base(ModelSettings(name=name, **settings), root)  # type: ignore[arg-type]
    assert len(str(caught.value).splitlines()) == 1
    return caught.value.problems[0].code


def test_embedded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "ensure_embedded", lambda name, notify: tmp_path / name)
    base = resolve_base(ModelSettings(), tmp_path)
    assert (base.source, base.license, base.revision) == ("embedded", "Apache-2.0", None)
    assert base.path == str(tmp_path / "smollm2-135m-instruct")


def test_folder_from_the_project_root(tiny_model_folder: Path) -> None:
    base = resolve_base(ModelSettings(name=tiny_model_folder.name), tiny_model_folder.parent)
    assert (base.source, base.path) == ("folder", str(tiny_model_folder.resolve()))
    assert base_folder(base) == tiny_model_folder.resolve()


def test_license_from_the_model_card(tiny_model_folder: Path, tmp_path: Path) -> None:
    for path in tiny_model_folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# Model\n")
    assert resolve_base(ModelSettings(name=str(tmp_path)), Path("/")).license == "mit"


@pytest.mark.parametrize("name", ["./no/such", "~/no-such-folder-here", "a/b/c", "..\\model", "models/"])
def test_missing_folder(name: str, tmp_path: Path) -> None:
    assert code_of(name, tmp_path) == "no_such_folder"


def test_what_is_no_model_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert code_of("empty", tmp_path) == "not_a_model"
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "owner/base"}')
    assert code_of("adapter", tmp_path) == "is_an_adapter"
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text("{}")
    assert code_of("bare", tmp_path) == "no_weights"
    (tmp_path / "bare" / "config.json").write_text("[")
    assert code_of("bare", tmp_path) == "bad_json"
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    assert code_of("model.gguf", tmp_path) == "is_a_file"


def test_gate_stands_before_a_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"auto_map": {"AutoConfig": "code.Config"}}')
    with pytest.raises(GateError, match="auto_map"):
        resolve_base(ModelSettings(name=str(tmp_path)), tmp_path)


def test_revision_is_for_the_hub_only(tmp_path: Path) -> None:
    assert code_of("smollm2-135m-instruct", tmp_path, revision="main") == "revision_without_hub"


def test_offline_hub_id_that_is_not_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert code_of("nobody/no-such-model", tmp_path) == "hub_offline"


def test_misspelt_embedded_name_gets_a_suggestion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="Did you mean the embedded model `smollm2-135m-instruct`"):
        resolve_base(ModelSettings(name="smollm2-135m-instuct"), tmp_path)


def test_name_that_is_nothing(tmp_path: Path) -> None:
    assert code_of("a model", tmp_path) == "bad_name"


def test_hash_follows_config_and_weights_only(tiny_model_folder: Path, tmp_path: Path) -> None:
    def base(folder: Path) -> Base:
        return Base("x", str(folder), None, "folder", None)

    for path in tiny_model_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    first = base_sha256(base(tiny_model_folder))
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "transformers_version": "0"}))
    (tmp_path / "README.md").write_text("another card")
    assert base_sha256(base(tmp_path)) == first
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(bytes(weights))
    assert base_sha256(base(tmp_path)) != first


def test_sharded_weights_are_found_by_their_index(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert weight_names(tmp_path) == ["model-1.safetensors", "model-2.safetensors"]


def test_hub_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def unreachable(*given: object, **named: object) -> None:
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    assert code_of("owner/other", tmp_path) == "hub_unreachable"


COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "README.md": b"---\nlicense: apache-2.0\n---\n",
    "model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
}
OTHERS = {
    # Model → files that differ from the others'.
    "owner/remote-code": {"config.json": b'{"model_type": "falcon", "auto_map": {"AutoConfig": "own.Config"}}'},
    "owner/kernel": {"config.json": b'{"model_type": "llama", "_attn_implementation": "owner/kernel"}'},
    "owner/kernel-later": {"generation_config.json": b'{"_attn_implementation_internal": "owner/kernel"}'},
    "owner/path": {"tokenizer_config.json": b'{"vocab_file": "../../vocab.txt"}'},
}
REFUSALS = {
    "owner/missing": (404, "RepoNotFound"),
    "owner/gated": (403, "GatedRepo"),
    "owner/no-config": (404, "EntryNotFound"),
}


class FakeHub(BaseHTTPRequestHandler):
    """Answers `/OWNER/NAME/resolve/REVISION/FILE` as the Hub does."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        _, owner, name, _, revision, file = self.path.split("?")[0].split("/", 5)
        status, code = REFUSALS.get(f"{owner}/{name}", (200, ""))
        if revision not in {"main", COMMIT}:
            status, code = 404, "RevisionNotFound"
        files = FILES | OTHERS.get(f"{owner}/{name}", {})
        if status == 200 and file not in files:
            status, code = 404, "EntryNotFound"
        body = files[file] if status == 200 else b""
        self.send_response(status)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Error-Code" if code else "ETag", code or f'"{hash(body) % 10**9:040d}"')
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Print nothing."""


@pytest.fixture
def fake_hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SCRIPT = """
import json, sys
from pathlib import Path
from llm_finetune.errors import GateError, ModelError
from llm_finetune.model.resolve import base_folder, resolve_base
from llm_finetune.model.settings import ModelSettings
found = []
for name, revision in json.loads(sys.argv[1]):
    try:
        base = resolve_base(ModelSettings(name=name, revision=revision), Path("."))
        found.append([base.source, base.path, base.license, base_folder(base).name])
    except ModelError as error:
        found.append(error.problems[0].code)
    except GateError as error:
        found.append(str(error))
print(json.dumps(found))
"""


def in_a_process(names: list[tuple[str, str | None]], endpoint: str, home: Path, offline: str) -> list[object]:
    """The Hub library reads its environment when it is imported, hence a process."""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": offline}
    environment |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, "-c", SCRIPT, json.dumps(names)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=home, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_the_hub(fake_hub: str, tmp_path: Path) -> None:
    asked = [
        ("owner/model", None),
        ("owner/missing", None),
        ("owner/gated", None),
        ("owner/no-config", None),
        ("owner/model", "no-such-branch"),
    ]
    expected = ["hub", "owner/model", "apache-2.0", COMMIT]
    refused = ["hub_not_found", "hub_gated", "hub_no_config", "hub_no_revision"]
    assert in_a_process(asked, fake_hub, tmp_path, "0") == [expected, *refused]
    # What was fetched is found without network; nothing is asked of an address where nobody listens.
    offline = [("owner/model", None), ("owner/other", None)]
    assert in_a_process(offline, "http://127.0.0.1:9", tmp_path, "1") == [expected, "hub_offline"]


def test_files_of_the_hub_pass_the_gate_too(fake_hub: str, tmp_path: Path) -> None:
    asked: list[tuple[str, str | None]] = [(name, None) for name in OTHERS]
    native, *refused = in_a_process(asked, fake_hub, tmp_path, "0")
    # Code of their own is what many models on the Hub offer that the library knows itself; it is never loaded.
    assert native == ["hub", "owner/remote-code", "apache-2.0", COMMIT]
    for message, name, key in zip(
        refused,
        ("config.json", "generation_config.json", "tokenizer_config.json"),
        ("_attn_implementation", "_attn_implementation_internal", "vocab_file"),
        strict=True,
    ):
        assert name in str(message)
        assert key in str(message)
