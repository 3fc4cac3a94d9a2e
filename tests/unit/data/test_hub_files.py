"""Data files of a Hub data set: which are chosen, and that they come from a Hub, or its cache, as they are."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data.hub_files import chosen_by_card, chosen_by_name, configs_of, is_data_file
from llm_finetune.errors import DataError

COMMIT = "a" * 40
CARD = """---
license: mit
configs:
- config_name: en
  default: true
  data_files:
  - split: train
    path: ["en/train-*.jsonl", "en/extra.jsonl"]
  - split: test
    path: en/test.jsonl
- config_name: zh
  data_files: "zh/**"
- config_name: by_folder
  data_dir: plain
---
# Data
"""
FILES = [
    "en/extra.jsonl",
    "en/test.jsonl",
    "en/train-1.jsonl",
    "en/train-2.jsonl",
    "plain/train.csv",
    "plain/test.csv",
    "zh/deep/a.parquet",
    "zh/b.parquet",
]


@pytest.mark.parametrize(
    ("subset", "split", "chosen"),
    [
        (None, "train", ["en/extra.jsonl", "en/train-1.jsonl", "en/train-2.jsonl"]),
        ("en", "test", ["en/test.jsonl"]),
        ("zh", "train", ["zh/deep/a.parquet", "zh/b.parquet"]),
        ("by_folder", "train", ["plain/train.csv"]),
    ],
)
def test_the_card_chooses(subset: str | None, split: str, chosen: list[str]) -> None:
    assert chosen_by_card("o/n", configs_of(CARD), FILES, subset, split) == chosen


@pytest.mark.parametrize(
    ("subset", "split", "code"), [("fr", "train", "hub_unknown_subset"), ("en", "dev", "hub_unknown_split")]
)
def test_what_the_card_does_not_have(subset: str, split: str, code: str) -> None:
    with pytest.raises(DataError) as caught:
        chosen_by_card("o/n", configs_of(CARD), FILES, subset, split)
    assert caught.value.problems[0].code == code
    assert "en" in str(caught.value) or "test" in str(caught.value)


def test_several_parts_without_a_default_must_be_chosen_from() -> None:
    configs = [{"config_name": "a", "data_files": "a.csv"}, {"config_name": "b", "data_files": "b.csv"}]
    with pytest.raises(DataError, match="a, b"):
        chosen_by_card("o/n", configs, ["a.csv", "b.csv"], None, "train")


@pytest.mark.parametrize(
    "card", ["", "# no front matter", "---\n: : :\n---\n", "---\nconfigs: 7\n---\n", "---\n- a\n---\n"]
)
def test_a_card_without_parts(card: str) -> None:
    assert configs_of(card) == []


@pytest.mark.parametrize(
    ("files", "split", "chosen"),
    [
        (["data/train-00000-of-2.parquet", "data/test-0.parquet"], "train", ["data/train-00000-of-2.parquet"]),
        (["dev.jsonl", "training_set.jsonl"], "validation", ["dev.jsonl"]),
        (["a.jsonl.gz", "b.jsonl.gz"], "train", ["a.jsonl.gz", "b.jsonl.gz"]),
        (["train.json", "train/a.parquet", "train/b.parquet"], "train", ["train/a.parquet", "train/b.parquet"]),
    ],
)
def test_names_choose(files: list[str], split: str, chosen: list[str]) -> None:
    assert chosen_by_name("o/n", files, None, split) == chosen


def test_names_without_the_split() -> None:
    with pytest.raises(DataError, match="test"):
        chosen_by_name("o/n", ["test.jsonl"], None, "train")
    assert chosen_by_name("o/n", ["en/train.csv", "zh/train.csv"], "zh", "train") == ["zh/train.csv"]


def test_files_that_hold_no_rows() -> None:
    names = ["README.md", "dataset_infos.json", ".cache/a.json", "a.py", "a.JSONL", "b.tsv.zst", "c.gz"]
    assert [name for name in names if is_data_file(name)] == ["a.JSONL", "b.tsv.zst"]


STORE = {
    "README.md": CARD.encode(),
    "en/train-1.jsonl": b'{"instruction": "1", "output": "a"}\n',
    "en/train-2.jsonl": b'{"instruction": "2", "output": "b"}\n',
    "en/test.jsonl": b'{"instruction": "3", "output": "c"}\n',
    "loader.py": b"raise SystemExit('a script ran')\n",
}


class FakeHub(BaseHTTPRequestHandler):
    """One data set, `owner/name`; `owner/gated` may not be read, others are not there."""

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if "owner/gated" in path:
            self.answer(403, b"{}", X_Error_Code="GatedRepo", X_Error_Message="gated")
        elif "owner/name" not in path:
            self.answer(404, b"{}", X_Error_Code="RepoNotFound", X_Error_Message="not found")
        elif "/revision/" in path:
            self.answer_json({"id": "owner/name", "sha": COMMIT, "siblings": [], "private": False, "tags": []})
        elif "/tree/" in path:
            self.answer_json(
                [{"type": "file", "path": n, "size": len(b), "oid": n.encode().hex()} for n, b in STORE.items()]
            )
        else:
            name = path.split(f"/resolve/{COMMIT}/")[-1]
            self.answer(200, STORE[name], ETag=f'"{name.encode().hex()}"', X_Repo_Commit=COMMIT)

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer_json(self, value: Any) -> None:
        self.answer(200, json.dumps(value).encode(), Content_Type="application/json")


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


ASK = """
import json, os, sys
from llm_finetune.data.check import check_sources
from llm_finetune.data.rows import Source
from llm_finetune.data.hub_files import hub_data_files
from llm_finetune.data.settings import DataSettings
from llm_finetune.errors import DataError
for name, split in json.loads(sys.argv[1]):
    try:
        files = hub_data_files(name, None, split)
    except DataError as error:
        print(json.dumps([error.problems[0].code, str(error)]))
        continue
    rows = check_sources([Source(file.path, file.shown) for file in files], DataSettings()).conversations
    print(json.dumps([[row.path, row.prompt[0]["content"]] for row in rows]))
"""


def ask(home: Path, endpoint: str, *wanted: tuple[str, str], **environment: str) -> list[Any]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(wanted)],
        capture_output=True, text=True, timeout=120, env={**plain, "NO_PROXY": "127.0.0.1", **settings},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_from_a_hub_and_from_its_cache(tmp_path: Path, endpoint: str) -> None:
    train = [["owner/name/en/train-1.jsonl", "1"], ["owner/name/en/train-2.jsonl", "2"]]
    found, unknown, gated, split = ask(
        tmp_path, endpoint, ("owner/name", "train"), ("owner/none", "train"), ("owner/gated", "train"),
        ("owner/name", "dev"),
    )  # fmt: skip
    assert found == train
    assert [unknown[0], gated[0], split[0]] == ["hub_not_found", "hub_gated", "hub_unknown_split"]
    assert all("\n" not in text for _, text in (unknown, gated, split))
    wanted = (("owner/name", "train"), ("owner/name", "test"), ("owner/none", "train"))
    cached, not_cached, none = ask(tmp_path, endpoint, *wanted, HF_HUB_OFFLINE="1")
    assert cached == train
    assert not_cached[0] == none[0] == "hub_offline"


def test_a_hub_that_does_not_answer(tmp_path: Path) -> None:
    ((unreachable, _),) = ask(tmp_path, "http://127.0.0.1:9", ("owner/name", "train"))
    assert unreachable == "hub_unreachable"
