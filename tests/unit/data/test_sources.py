"""From entries of the settings to files, with every entry that names none told at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_finetune.data import dataset_info, sources
from llm_finetune.data.check import check_sources
from llm_finetune.data.hub_files import HubFile
from llm_finetune.data.rows import Source
from llm_finetune.data.settings import DataSettings, SourceSettings
from llm_finetune.data.sources import resolve_sources
from llm_finetune.errors import DataError
from llm_finetune.project import Project

ROW = '{"instruction": "a", "output": "b"}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("data/part-10.jsonl", "data/part-2.jsonl", "data/more/x.jsonl", "data/[a].jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(ROW)
    return tmp_path


def resolved(root: Path, *entries: str | dict[str, Any]) -> list[Source]:
    project = Project.at(root)
    given = [SourceSettings(**({"path": entry} if isinstance(entry, str) else entry)) for entry in entries]
    return resolve_sources(given, project.resolve, project.shown)


def shown(root: Path, *entries: str | dict[str, Any]) -> list[str]:
    return [source.shown for source in resolved(root, *entries)]


def codes(root: Path, *entries: str | dict[str, Any]) -> list[str]:
    with pytest.raises(DataError) as caught:
        resolved(root, *entries)
    assert {problem.field for problem in caught.value.problems} == {"data.train"}
    assert all(problem.fix and problem.path for problem in caught.value.problems)
    return [problem.code for problem in caught.value.problems]


def test_paths_and_patterns(root: Path) -> None:
    assert shown(root, "data/part-2.jsonl") == ["data/part-2.jsonl"]
    assert shown(root, "data/part-*.jsonl") == ["data/part-2.jsonl", "data/part-10.jsonl"]
    assert shown(root, "data/**/?.jsonl") == ["data/more/x.jsonl"]
    assert shown(root, "data/[a].jsonl") == ["data/[a].jsonl"]
    assert shown(root, str(root / "data" / "part-[0-9].jsonl")) == ["data/part-2.jsonl"]
    assert "data/more" not in shown(root, "data/*")


def test_a_project_whose_own_name_is_a_pattern(tmp_path: Path) -> None:
    root = tmp_path / "[x]"
    (root / "data").mkdir(parents=True)
    (root / "data" / "a.jsonl").write_text(ROW)
    assert shown(root, "data/*.jsonl") == ["data/a.jsonl"]


def test_settings_of_an_entry_reach_its_files(root: Path) -> None:
    (source,) = resolved(root, {"path": "data/part-2*", "weight": 2, "format": "alpaca", "columns": {"output": "o"}})
    assert (source.weight, source.format, source.columns) == (2.0, "alpaca", {"output": "o"})


def test_what_is_wrong_is_told_together(root: Path) -> None:
    assert codes(root, "nothing/*.jsonl", "data/part-2.jsonl", "data/part-*.jsonl") == ["no_match", "source_twice"]
    assert codes(root, {"path": "data/part-2.jsonl", "subset": "a", "split": "test"}) == ["no_parts"]


def test_one_file_read_in_two_ways_is_no_duplicate(root: Path) -> None:
    turned = {"path": "data/part-2.jsonl", "columns": {"instruction": "output", "output": "instruction"}}
    assert len(resolved(root, "data/part-2.jsonl", turned)) == 2


@pytest.mark.parametrize("name", ["data/none.jsonl", "data/none", "none.jsonl", "/a/b/c", "owner/name.parquet"])
def test_a_missing_file_is_no_data_set_of_the_hub(root: Path, name: str) -> None:
    assert codes_of_files(resolved(root, name)) == ["missing_file"]


def codes_of_files(found: list[Source]) -> list[str]:
    return [problem.code for problem in check_sources(found, DataSettings()).report.errors]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None, str]]:
    asked: list[tuple[str, str | None, str]] = []

    def files(name: str, subset: str | None, split: str) -> list[HubFile]:
        asked.append((name, subset, split))
        return [HubFile(Path("/cache/a.parquet"), f"{name}/a.parquet")]

    monkeypatch.setattr(sources, "hub_data_files", files)
    monkeypatch.setattr(dataset_info, "hub_data_files", files)
    return asked


def test_a_data_set_of_the_hub(root: Path, hub: list[tuple[str, str | None, str]]) -> None:
    assert shown(root, {"path": "owner/name", "subset": "en", "split": "test"}) == ["owner/name/a.parquet"]
    assert hub == [("owner/name", "en", "test")]


Write = Callable[..., None]


@pytest.fixture
def listing(root: Path) -> Write:
    def write(**entries: Any) -> None:
        (root / "lf").mkdir(exist_ok=True)
        (root / "lf" / "dataset_info.json").write_text(json.dumps(entries))
        for entry in entries.values():
            if "file_name" in entry:
                (root / "lf" / entry["file_name"]).write_text(ROW)

    return write


INFO = "lf/dataset_info.json"


@pytest.mark.parametrize(
    ("entry", "layout", "columns"),
    [
        ({}, "alpaca", {}),
        (
            {"columns": {"prompt": "q", "query": "input", "response": "a", "system": "s", "history": "h"}},
            "alpaca",
            {"instruction": "q", "output": "a", "system": "s", "history": "h"},
        ),
        ({"ranking": True, "columns": {"prompt": "q", "chosen": "good", "rejected": "rejected"}}, "preference",
         {"instruction": "q", "chosen": "good"}),
        ({"formatting": "sharegpt"}, "sharegpt", {}),
        ({"formatting": "sharegpt", "columns": {"messages": "turns", "tools": "tools"}}, "sharegpt",
         {"conversations": "turns"}),
        (
            {
                "formatting": "sharegpt",
                "columns": {"messages": "messages"},
                "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user"},
            },
            "messages",
            {},
        ),
        ({"formatting": "openai"}, "messages", {}),
    ],
)  # fmt: skip
def test_entries_of_a_dataset_info(
    root: Path, listing: Write, entry: dict[str, Any], layout: str, columns: dict[str, str]
) -> None:
    listing(one={"file_name": "rows.json", **entry})
    (source,) = resolved(root, INFO)
    assert (source.shown, source.format, source.columns) == ("lf/rows.json", layout, columns)


def test_choosing_an_entry(root: Path, listing: Write, hub: list[tuple[str, str | None, str]]) -> None:
    listing(
        a={"file_name": "a.json"},
        b={"file_name": "b.json", "tags": {"user_tag": "customer"}},
        far={"hf_hub_url": "owner/name", "subset": "zh", "split": "validation"},
        farther={"ms_hub_url": "owner/name"},
    )
    assert shown(root, {"path": INFO, "subset": "a"}) == ["lf/a.json"]
    assert shown(root, {"path": INFO, "subset": "far"}) == ["owner/name/a.parquet"]
    assert hub == [("owner/name", "zh", "validation")]
    assert codes(root, {"path": INFO, "subset": "none"}) == ["unknown_subset"]
    assert codes(root, {"path": INFO, "subset": "farther"}) == ["dataset_info_entry"]
    with pytest.raises(DataError, match=r"tags\.user_tag: customer"):
        resolved(root, INFO)


def test_what_an_entry_asks_for_and_we_do_not_have(root: Path, listing: Write) -> None:
    listing(one={"file_name": "a.json", "columns": {"kto_tag": "label", "images": "images"}, "num_samples": 5})
    with pytest.raises(DataError, match=r"num_samples, columns\.kto_tag, columns\.images"):
        resolved(root, INFO)


@pytest.mark.parametrize("text", [ROW, "{}", '{"a": {}}', '{"a": {"b": 1}}', "[]", "{", '{"data": [{"file_name": 1}]}'])
def test_other_json_files_are_rows(root: Path, text: str) -> None:
    (root / "dataset_info.json").write_text(text)
    assert shown(root, "dataset_info.json") == ["dataset_info.json"]
