"""From the name in the configuration to a base model that can be loaded: embedded, a folder, or a Hub id.

Imports neither torch nor transformers. A folder passes the gate before anybody loads it.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from llm_finetune.catalog import nearest
from llm_finetune.errors import ModelError, Problem
from llm_finetune.files import MANIFEST_NAME, read_json, sha256_of_file, sha256_of_text
from llm_finetune.messages import say
from llm_finetune.model.added_tokens import AddedToken, as_added
from llm_finetune.model.embedded import EMBEDDED, Notify, ensure_embedded, is_cached
from llm_finetune.model.gate import refuse_code, refuse_hub_files, refuse_index
from llm_finetune.model.hub import hub_file, optional_hub_file
from llm_finetune.model.settings import ModelSettings

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
HUB_JSON_FILES = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
"""What `from_pretrained` reads of a model beside its configuration."""
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII)
_VOLATILE_CONFIG_KEYS = {"transformers_version", "_name_or_path", "_commit_hash"}


@dataclass(frozen=True, slots=True)
class Base:
    """A base model, found."""

    name: str
    """As the user wrote it."""
    path: str
    """What `from_pretrained` loads: a Hub id, or a folder's absolute path."""
    revision: str | None
    source: Literal["embedded", "hub", "folder"]
    license: str | None
    added_tokens: tuple[AddedToken, ...] = ()
    """Tokens that whoever loads it adds to what the files hold."""


def resolve_base(settings: ModelSettings, root: Path, notify: Notify = lambda text: None) -> Base:
    """Find the base model; a relative folder starts at `root`. The embedded model is prepared if need be.

    Raises: ModelError if there is no such model; GateError if a folder holds what could run code.
    """
    return replace(_found(settings, root, notify), added_tokens=as_added(settings.added_tokens))


def _found(settings: ModelSettings, root: Path, notify: Notify) -> Base:
    name, path = settings.name, root / Path(settings.name).expanduser()
    if name in EMBEDDED:
        _refuse_revision(settings)
        return Base(name, str(ensure_embedded(name, notify)), None, "embedded", EMBEDDED[name].license)
    if path.is_dir():
        _refuse_revision(settings)
        return _folder_base(name, path.resolve())
    if path.is_file():
        raise _refusal("is_a_file", name=name)
    if _looks_like_a_path(name):
        raise _refusal("no_such_folder", name=name)
    return _hub_base(settings)


def is_at_hand(settings: ModelSettings, root: Path) -> bool:
    """Whether nothing has to be fetched to find the base, or to tell that it is not there."""
    if settings.name in EMBEDDED:
        return is_cached(settings.name)
    return (root / Path(settings.name).expanduser()).exists() or _looks_like_a_path(settings.name)


def _refusal(code: str, **values: Any) -> ModelError:
    return ModelError(Problem(code, say(f"model.{code}", **values), say(f"model.{code}.fix", **values)))


def _refuse_revision(settings: ModelSettings) -> None:
    if settings.revision is not None:
        raise _refusal("revision_without_hub", name=settings.name)


def _looks_like_a_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or "\\" in name or name.endswith("/") or name.count("/") > 1


def _folder_base(name: str, folder: Path) -> Base:
    if not (folder / CONFIG_NAME).is_file():
        adapter = folder / "adapter_config.json"
        if adapter.is_file():
            base = _json_object(adapter).get("base_model_name_or_path")
            raise _refusal("is_an_adapter", folder=name, base=f" ({base})" if base else "")
        raise _refusal("not_a_model", folder=name)
    _json_object(folder / CONFIG_NAME)
    refuse_code(folder)
    if not weight_names(folder):
        raise _refusal("no_weights", folder=name)
    return Base(name, str(folder), None, "folder", _stated_license(folder / "README.md"))


def _hub_base(settings: ModelSettings) -> Base:
    name, revision = settings.name, settings.revision
    guess = nearest(name, EMBEDDED)
    hint = say("model.hint", name=guess) if guess else ""
    if not _HUB_ID.fullmatch(name):
        raise _refusal("bad_name", name=name, hint=hint)
    config = hub_file(name, CONFIG_NAME, revision, hint)
    _json_object(config)
    others = [optional_hub_file(name, file, revision) for file in HUB_JSON_FILES]
    refuse_hub_files(name, [config, *(file for file in others if file is not None)])
    card = optional_hub_file(name, "README.md", revision)
    return Base(name, name, revision, "hub", _stated_license(card) if card else None)


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path)
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise _refusal("bad_json", file=path.name)
    return value


def _stated_license(card: Path) -> str | None:
    """The license in a model card's front matter."""
    try:
        text = card.read_text(encoding="utf-8-sig")
        front = re.match(r"---\r?\n(.*?)\r?\n---", text, re.DOTALL)
        facts = yaml.safe_load(front[1]) if front else None
    except (OSError, ValueError, yaml.YAMLError):
        return None
    if not isinstance(facts, dict):
        return None
    stated = facts.get("license_name") or facts.get("license")
    return ", ".join(map(str, stated)) if isinstance(stated, list) else str(stated) if stated else None


def weight_names(folder: Path) -> list[str]:
    """Names of the safetensors files that `from_pretrained` reads from a folder, in order.

    Raises: GateError if the index of the weights points elsewhere.
    """
    if (folder / WEIGHTS_NAME).is_file():
        return [WEIGHTS_NAME]
    if (folder / INDEX_NAME).is_file():
        refuse_index(folder / INDEX_NAME)
        weight_map = _json_object(folder / INDEX_NAME).get("weight_map")
        return sorted(set(weight_map.values())) if isinstance(weight_map, dict) else []
    return []


def base_folder(base: Base) -> Path:
    """The folder with config and weights; those of a Hub model are downloaded if they are not in the cache.

    Raises: ModelError if they cannot be had.
    """
    if base.source != "hub":
        return Path(base.path)
    folder = hub_file(base.path, CONFIG_NAME, base.revision).parent
    if not weight_names(folder) and optional_hub_file(base.path, INDEX_NAME, base.revision) is None:
        hub_file(base.path, WEIGHTS_NAME, base.revision)
    for name in weight_names(folder):
        if not (folder / name).is_file():
            hub_file(base.path, name, base.revision)
    return folder


def base_sha256(base: Base) -> str:
    """A hash of what the base computes: its configuration and its weights, wherever they lie.

    The embedded model's weights were hashed when they were written; those of others are read.
    """
    folder = base_folder(base)
    config = _json_object(folder / CONFIG_NAME)
    kept = {key: value for key, value in config.items() if key not in _VOLATILE_CONFIG_KEYS}
    written = read_json(folder / MANIFEST_NAME)["files"] if base.source == "embedded" else {}
    weights = {
        name: written[name]["sha256"] if name in written else sha256_of_file(folder / name)
        for name in weight_names(folder)
    }
    return sha256_of_text(json.dumps({"config": kept, "weights": weights}, sort_keys=True))
