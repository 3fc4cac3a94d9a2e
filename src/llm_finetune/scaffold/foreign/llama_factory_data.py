"""LLaMA-Factory's data sets, which are names in a `dataset_info.json`, as sources. Opens no file of rows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_finetune.catalog import nearest
from llm_finetune.messages import say
from llm_finetune.scaffold.foreign.hugging_face import looked_in
from llm_finetune.scaffold.foreign.taking import Taking, names_of

INFO_NAME = "dataset_info.json"
DEFAULT_FOLDER = "data"
ONLINE = "ONLINE"
"""The value of `dataset_dir` that makes the names ids on the Hub."""
LOADABLE = ("file_name", "hf_hub_url")
"""Where the rows of an entry may lie; the other places need another site's client, or run a script."""
PLAIN_KEYS = frozenset({"file_name", "formatting"})


def data_sets(taking: Taking, key: str, value: Any) -> None:
    """The names as `data.train`: each an entry of the `dataset_info.json`, which stays where it is."""
    names = names_of(value)
    if not names:
        return
    if taking.given.get("dataset_dir") == ONLINE:
        taking.set("data.train", names[0] if len(names) == 1 else names, key)
        return
    found = _info(taking, key)
    if found is None:
        return
    path, info = found
    if [name for name in names if not _is_usable(taking, key, name, info)]:
        return
    shown = taking.path(path)
    taking.set("data.train", [{"path": shown, "subset": name} for name in names], key)


def held_out_sets(taking: Taking, key: str, value: Any) -> None:
    """One name that is a plain file, as `data.validation`."""
    names = names_of(value)
    found = _info(taking, key) if names else None
    if found is None:
        return
    path, info = found
    name, *others = names
    if not _is_usable(taking, key, name, info):
        return
    entry = info[name]
    if others or "file_name" not in entry or set(entry) - PLAIN_KEYS:
        taking.leave(key, "held_out_entry", name=name)
        return
    taking.set("data.validation", taking.path((path.parent / str(entry["file_name"])).resolve()), key)


def _info(taking: Taking, key: str) -> tuple[Path, Mapping[str, Any]] | None:
    """The `dataset_info.json` of `dataset_dir`, or None with a problem."""
    folder = str(taking.given.get("dataset_dir", DEFAULT_FOLDER))
    name = folder if folder.endswith(".json") else f"{folder}/{INFO_NAME}"
    path = taking.places.find(name)
    if path is None:
        taking.refuse(key, "no_dataset_info", name=name, looked=looked_in(taking))
        return None
    try:
        info = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        taking.refuse(key, "bad_dataset_info", name=str(path), what=error)
        return None
    if not isinstance(info, dict):
        taking.refuse(key, "bad_dataset_info", name=str(path), what=say("scaffold.not_an_object"))
        return None
    return path, info


def _is_usable(taking: Taking, key: str, name: str, info: Mapping[str, Any]) -> bool:
    """Whether an entry is there and can be loaded; if not, that is a problem."""
    entry = info.get(name)
    if not isinstance(entry, Mapping):
        guess = nearest(name, info)
        hint = f" {say('config.did_you_mean', name=guess)}" if guess else ""
        taking.refuse(key, "no_such_entry", name=name, hint=hint)
        return False
    if not any(place in entry for place in LOADABLE):
        taking.refuse(key, "entry_elsewhere", name=name, expected=", ".join(LOADABLE))
        return False
    return True
