"""`methods` lists what the table of methods holds, with counted numbers and a sentence for each in both languages."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from llm_finetune.messages import LANGUAGES, language, texts_of
from llm_finetune.methods import METHODS
from llm_finetune.workflow import describing
from llm_finetune.workflow.describing import DEFAULT_SHAPE, MEMORY_WORDS, Described, Paper, paper_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def described() -> tuple[Described, ...]:
    return tuple(describing.described_methods())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, described: tuple[Described, ...]) -> None:
    monkeypatch.setattr(describing, "described_methods", lambda: iter(described))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_its_sentence_in_both_languages(name: str) -> None:
    sentences = texts_of("methods")[f"methods.{name}.trains"]
    assert isinstance(sentences, tuple)
    english, chinese = sentences
    assert english.endswith(".")
    assert chinese.endswith("。")
    assert re.search(r"[\u4e00-\u9fff]", chinese)


@pytest.mark.parametrize("name", METHODS)
def test_every_paper_has_authors_a_title_and_a_number(name: str) -> None:
    paper = paper_of(METHODS[name])
    assert paper.authors
    assert paper.title
    assert re.fullmatch(r"\d{4}\.\d{4,5}", paper.arxiv)


def test_the_numbers_are_those_of_the_real_model(described: tuple[Described, ...]) -> None:
    counted = {entry.name: entry.trainable for entry in described}
    assert set(counted) == set(METHODS)
    # 30 blocks; hidden 576, keys and values 192, feed-forward 1536, vocabulary 49152.
    assert counted["IA3"] == 30 * (192 + 192 + 1536)
    assert counted["VERA"] == 30 * (256 + 576 + 256 + 192)
    assert counted["OFT"] == 30 * 2 * (576 // 32) * (32 * 31 // 2)
    assert counted["BOFT"] == 30 * (2 * 576 * 4 + 576 + 192)
    assert counted["LN_TUNING"] == 61 * 576
    assert counted["LORA"] == 30 * 8 * (2 * (576 + 576) + 2 * (576 + 192) + 3 * (576 + 1536))
    assert counted["FULL"] == 134_515_008


def test_memory_is_told_by_what_is_held(described: tuple[Described, ...]) -> None:
    words = {entry.name: entry.memory_word for entry in described}
    assert words["IA3"] == words["VERA"] == words["LN_TUNING"] == "hardly"
    assert words["OFT"] == "little"
    # Its parameters are few; the square matrices beside them are not.
    assert words["LORA"] == words["BOFT"] == "more"
    assert words["FULL"] == "times"
    times = {entry.name: entry.memory_times for entry in described}
    assert times["FULL"] == pytest.approx(8.0)
    assert times["IA3"] == pytest.approx(1 + 57_600 * (16 - 0) / (2 * 134_515_008), rel=1e-3)
    assert [limit for limit, _ in MEMORY_WORDS] == sorted(limit for limit, _ in MEMORY_WORDS)


@pytest.mark.usefixtures("quick")
def test_json_holds_everything(cli: Callable[..., Any], described: tuple[Described, ...]) -> None:
    printed = cli("methods", "--json").json()
    assert printed["model"] == "smollm2-135m-instruct"
    assert [entry["name"] for entry in printed["methods"]] == list(METHODS)
    vera = next(entry for entry in printed["methods"] if entry["name"] == "VERA")
    assert vera["trains"].keys() == set(LANGUAGES)
    assert vera["paper"]["arxiv"] == "2310.11454"
    assert (vera["trainable"], vera["can_merge"], vera["can_export_as_lora"]) == (38_400, True, False)
    for entry, method in zip(printed["methods"], METHODS.values(), strict=True):
        assert entry["can_merge"] is method.mergeable
        assert entry["can_export_as_lora"] is method.exportable
        assert entry["can_quantize_base"] is method.quantized_base
        assert entry["can_checkpoint"] is method.checkpointing


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("lang", "sentence"), [("en", "Two vectors a layer"), ("zh-TW", "每層兩個向量")])
def test_the_table_is_told_in_the_language_in_force(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, lang: str, sentence: str
) -> None:
    monkeypatch.setenv("LLM_FINETUNE_LANG", lang)
    assert language() == lang
    outcome = cli("methods")
    assert outcome.code == 0
    assert all(name in outcome.out for name in METHODS)
    assert sentence in outcome.out
    assert "38,400" in outcome.out
    assert "arXiv:2310.11454" in outcome.out


def test_a_method_of_somebody_else_s_is_shown_too() -> None:
    from dataclasses import replace

    from llm_finetune.cli.methods import row_of

    own = replace(METHODS["IA3"], name="OWN", title="my method", source="a talk")
    assert paper_of(own) == Paper("", "a talk", "")
    sentences = describing._sentences(own)
    assert sentences == dict.fromkeys(LANGUAGES, "my method")
    shown = row_of(Described("OWN", own.title, sentences, 7, 1.0, paper_of(own), *[False] * 4))
    assert shown == ["OWN", "my method", "7", "hardly more than the model", "—", "a talk"]


@pytest.mark.real
def test_the_shape_that_is_counted_is_that_of_the_default_model(real_model_folder: Path) -> None:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(real_model_folder)
    assert config.model_type == "llama"
    assert {key: getattr(config, key) for key in DEFAULT_SHAPE} == DEFAULT_SHAPE


@pytest.fixture
def methods_docs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "tools")
    monkeypatch.delitem(sys.modules, "methods_docs", raising=False)
    import methods_docs

    return methods_docs


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("page", "lang"), [("docs/methods.md", "en"), ("docs/methods.zh-TW.md", "zh-TW")])
def test_the_pages_hold_the_table(methods_docs: ModuleType, page: str, lang: str) -> None:
    assert methods_docs.PAGES[page] == lang
    text = (ROOT / page).read_text(encoding="utf-8")
    assert methods_docs.methods_table(lang) in text
    assert methods_docs.impossible_table(lang) in text
    assert methods_docs.page_text(page, lambda _definition: "").count("<!-- made: ") == text.count("<!-- made: ")
