"""The page of previewed rows: complete, self-contained, and deaf to what rows hold."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_finetune import messages
from llm_finetune.data.pieces import Segment
from llm_finetune.data.preview import PreviewRow, Turn
from llm_finetune.data.preview_page import LABELS, WORDS, PageFacts, json_for_html, page_of, write_page
from llm_finetune.errors import Problem

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<!-- <script> --> ]]> &lt; &amp; <style>*{display:none}</style>",
    "\u2028\u2029\x1b[31m\u202eevil\u202c \ud83d",
    "{count} {tokens} $title ${data} %s",
    "中文 😊 👩‍👩‍👧 ترجم שלום",
]
FACTS = PageFacts("rows.jsonl", 12, "tiny", 100, "assistant")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (make setup-system)")


def row(text: str, line: int = 1, **more: Any) -> PreviewRow:
    segments = (
        Segment("<|user|>", (1,), special=True),
        Segment(text, (2, 3)),
        Segment("answer", (4,), trained=True),
        Segment("<|end|>", (5,), trained=True, special=True),
    )
    turns = (Turn("user", 2, 0), Turn("assistant", 1, 2))
    return PreviewRow(
        **{
            "path": "rows.jsonl",
            "line": line,
            "segments": segments,
            "input_ids": (1, 2, 3, 4, 5),
            "labels": (-100, -100, -100, 4, 5),
            "turns": turns,
            "limit": 100,
            **more,
        }
    )


def refused(text: str, line: int) -> PreviewRow:
    problem = Problem("null_field", f"the value is {text}.", text, f"{text}.jsonl", line, text)
    return PreviewRow(f"{text}.jsonl", line, problems=(problem,), is_usable=False, record=text)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the texts of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


def hostile_rows() -> list[PreviewRow]:
    rows = [row(text, line, rejected=(Segment(text, (9,)),)) for line, text in enumerate(HOSTILE, 1)]
    return rows + [refused(text, line) for line, text in enumerate(HOSTILE, 7)]


def test_rows_add_no_element_whatever_they_hold() -> None:
    names = [tag for tag, _ in Elements(page_of([], FACTS)).found]
    assert names.count("script") == 2
    hostile = replace(FACTS, name=HOSTILE[0], model=HOSTILE[1])
    elements = Elements(page_of(hostile_rows(), hostile))
    assert [tag for tag, _ in elements.found] == names
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    data = json.loads(elements.scripts[0])
    assert len(data["rows"]) == 2 * len(HOSTILE)


def test_the_page_asks_for_nothing_elsewhere() -> None:
    page = page_of(hostile_rows(), FACTS)
    elements = Elements(page)
    assert not [tag for tag, _ in elements.found if tag in {"link", "img", "iframe", "object", "embed", "base"}]
    assert not [attributes for _, attributes in elements.found if "src" in attributes or "href" in attributes]
    assert not re.search(
        r"https?://|@import|url\(|fetch\(|XMLHttpRequest|innerHTML|insertAdjacent|document\.write", page
    )


def test_the_policy_names_the_hashes_of_what_is_there() -> None:
    page = page_of([row("x")], FACTS)
    elements = Elements(page)
    (policy,) = [attributes["content"] for tag, attributes in elements.found if "http-equiv" in attributes]
    assert policy is not None
    assert "default-src 'none'" in policy
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    for kind, text in (("script-src", elements.scripts[1]), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert 'style="' not in page


@given(st.text())
def test_json_in_html_reads_back_and_ends_nothing(text: str) -> None:
    written = json_for_html({"text": text})
    assert not set("<>&\u2028\u2029") & set(written)
    written.encode("utf-8")
    assert json.loads(written) == {"text": text}


def test_the_text_is_all_there_in_order() -> None:
    data = json.loads(Elements(page_of([row(text) for text in HOSTILE], FACTS)).scripts[0])
    for text, shown in zip(HOSTILE, data["rows"], strict=True):
        runs = [run for piece in shown["pieces"] for segment in piece["segments"] for run in segment["runs"]]
        assert "".join(run if isinstance(run, str) else run[1] for run in runs) == f"<|user|>{text}answer<|end|>"
        ids = [number for piece in shown["pieces"] for segment in piece["segments"] for number in segment["ids"]]
        assert ids == [1, 2, 3, 4, 5]
        trained = [piece for piece in shown["pieces"] if piece["trained"]]
        assert [number for piece in trained for segment in piece["segments"] for number in segment["ids"]] == [4, 5]


def test_flags_counts_and_problems() -> None:
    note = Problem("truncated", "cut.", "", "rows.jsonl", 2)
    rows = [
        row("a", part=(2, 3), rejected=(Segment("worse", (1,)),), is_plain=True),
        row("b\u202e", cut=(Segment("gone", (7, 8)),), problems=(note,)),
        refused("null", 3),
    ]
    first, second, third = json.loads(Elements(page_of(rows, FACTS)).scripts[0])["rows"]
    assert first["flags"] == ["split", "rejected", "plain"]
    assert first["flagNames"] == {"split": "example 2 of 3"}
    assert second["flags"] == ["problem", "cut", "hidden"]
    assert (second["tokens"], second["trained"], second["cutTokens"], second["template"]) == (5, 2, 2, 4)
    assert third["flags"] == ["unusable"]
    assert third["problems"][0]["code"] == "null_field"


def test_the_page_says_how_many_of_how_many_and_in_which_language(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("a", 1, part=(1, 2)), row("a", 1, part=(2, 2)), row("b", 2)]
    page = page_of(rows, FACTS)
    assert "2 of 12 rows" in page
    assert '<html lang="en">' in page
    monkeypatch.setenv(messages.LANGUAGE_VARIABLE, "zh-TW")
    chinese = page_of(rows, FACTS)
    assert '<html lang="zh-Hant-TW">' in chinese
    assert "12 筆中的 2 筆" in chinese
    texts = messages.texts_of("page")
    assert {f"page.{name}" for name in (*LABELS, *WORDS)} <= texts.keys()
    assert all(isinstance(text, tuple) for text in texts.values())


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "page.html"
    write_page(target, hostile_rows(), FACTS)
    assert target.read_text(encoding="utf-8") == page_of(hostile_rows(), FACTS)
    assert [entry.name for entry in target.parent.iterdir()] == ["page.html"]


class Seen(HTMLParser):
    """The page as a browser made it: visible rows with their texts, and what stands in trained pieces."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[str] = []
        self.trained: list[str] = []
        self.status = ""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"meta", "input", "link"}:
            return
        self._open.append((tag, dict(attrs)))
        if tag == "article" and "hidden" not in dict(attrs):
            self.rows.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        articles = [attributes for tag, attributes in self._open if tag == "article"]
        if articles and "hidden" not in articles[0]:
            self.rows[-1] += data
            classes = [set((attributes.get("class") or "").split()) for _, attributes in self._open]
            if any({"piece", "trained"} <= names for names in classes):
                self.trained.append(data)
        if any(attributes.get("id") == "shown" for _, attributes in self._open):
            self.status += data


def browsed(tmp_path: Path, page: str) -> Seen:
    """What a browser shows of the page, opened as a file."""
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    command = [
        str(CHROMIUM),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    done = subprocess.run(
        [*command, "--dump-dom", (tmp_path / "page.html").as_uri()], capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    return Seen(done.stdout)


@needs_chromium
def test_a_browser_shows_every_row_and_runs_nothing_of_them(tmp_path: Path) -> None:
    seen = browsed(tmp_path, page_of(hostile_rows(), FACTS))
    assert len(seen.rows) == 2 * len(HOSTILE)
    assert seen.status == "12 of 12 shown"
    for text, shown in zip(HOSTILE[:3], seen.rows, strict=False):
        assert text in shown
    assert "‹U+202E›evil" in seen.rows[3]
    assert HOSTILE[5] in seen.rows[5]
    assert seen.trained == ["answer", "<|end|>"] * len(HOSTILE)


@needs_chromium
def test_a_browser_searches_and_filters(tmp_path: Path) -> None:
    page = page_of([row("needle in hay"), row("hay"), refused("null", 3)], FACTS)
    found = browsed(tmp_path, page.replace('id="search"', 'id="search" value="NEEDLE"'))
    assert found.status == "1 of 3 shown"
    assert "needle in hay" in found.rows[0]
    borders = browsed(tmp_path, page.replace('id="tokens"', 'id="tokens" checked'))
    assert borders.status == "3 of 3 shown"
