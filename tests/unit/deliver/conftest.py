"""A tiny base stored in bfloat16, an adapter that changes it, and a Hub on this machine."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.model.resolve import Base

MakeAdapter = Callable[..., Path]
COMMIT = "c" * 40


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    authorization: str
    body: bytes


class FakeHub:
    """A Hub on 127.0.0.1 that records what it is asked and keeps what it is sent.

    It takes files in the commit itself. `refuse_with` answers every commit with that HTTP status."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.files: dict[str, bytes] = {}
        self.created: list[dict[str, Any]] = []
        self.refuse_with: int | None = None
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_values: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = self._read()
                token = self.headers.get("authorization", "")
                hub.requests.append(Request(self.command, self.path, token, body))
                status, answer = hub.answer(self.path.split("?")[0], body)
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815

            def _read(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FakeHub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/api/repos/create":
            self.created.append(json.loads(body))
            return 200, {"url": f"{self.address}/somebody/{self.created[-1]['name']}"}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if "/preupload/" in path:
            asked = json.loads(body)["files"]
            modes = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in asked]
            return 200, {"files": modes}
        if "/commit/" in path:
            return self._commit(body)
        return 404, {"error": f"not in this hub: {path}"}

    def _commit(self, body: bytes) -> tuple[int, Any]:
        if self.refuse_with is not None:
            return self.refuse_with, {"error": "refused on purpose"}
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        return 200, {
            "success": True,
            "commitOid": COMMIT,
            "commitUrl": f"{self.address}/somebody/my-task/commit/{COMMIT}",
        }


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as running:
        yield running


def stored(source: Path, target: Path, dtype: str) -> Base:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoModelForCausalLM.from_pretrained(source, dtype=getattr(torch, dtype)).save_pretrained(target)
    AutoTokenizer.from_pretrained(source).save_pretrained(target)
    return Base("tiny", str(target), None, "folder", "MIT")


@pytest.fixture
def base(tiny_model_folder: Path, tmp_path: Path) -> Base:
    return stored(tiny_model_folder, tmp_path / "base", "bfloat16")


@pytest.fixture
def float32_base(tiny_model_folder: Path, tmp_path: Path) -> Base:
    return stored(tiny_model_folder, tmp_path / "base32", "float32")


@pytest.fixture
def make_adapter(base: Base, tmp_path: Path) -> MakeAdapter:
    """An adapter folder as training delivers it. Its matrices are random unless `learned` is False."""

    def make(*, learned: bool = True, with_tokenizer: bool = True, **options: Any) -> Path:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(1)
        values = {"task_type": "CAUSAL_LM", "r": 4, "target_modules": "all-linear", "init_lora_weights": not learned}
        model = AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32)
        folder = tmp_path / "adapter_model"
        get_peft_model(model, LoraConfig(**{**values, **options})).save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        if with_tokenizer:
            AutoTokenizer.from_pretrained(base.path).save_pretrained(folder)
        return folder

    return make
