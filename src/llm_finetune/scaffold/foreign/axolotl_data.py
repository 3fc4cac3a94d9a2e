"""Axolotl's list of data sets as sources. Knows the shapes of rows by their names only, and opens no file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_finetune.scaffold.foreign.hugging_face import looked_in
from llm_finetune.scaffold.foreign.places import data_files_of, is_hub_id
from llm_finetune.scaffold.foreign.taking import Taking, is_switched_on, names_of

Columns = dict[str, str]
TYPES: dict[str, tuple[str, Columns]] = {
    # Axolotl's `type`, without what stands behind a colon → our format, and its columns where they have other names.
    "alpaca": ("alpaca", {}),
    "alpaca_chat": ("alpaca", {}),
    "alpaca_chat.load_qa": ("alpaca", {"instruction": "question", "output": "answer"}),
    "alpaca_w_system": ("alpaca", {}),
    "alpaca_w_system.load_chat": ("alpaca", {}),
    "alpaca_w_system.load_instruct": ("alpaca", {}),
    "alpaca_w_system.load_open_orca": (
        "alpaca",
        {"instruction": "question", "output": "response", "system": "system_prompt"},
    ),
    "alpaca_w_system.load_open_orca_chatml": (
        "alpaca",
        {"instruction": "question", "output": "response", "system": "system_prompt"},
    ),
    "gpteacher": ("alpaca", {"output": "response"}),
    "oasst": ("alpaca", {"instruction": "INSTRUCTION", "output": "RESPONSE"}),
    "summarizetldr": ("alpaca", {"instruction": "article", "output": "summary"}),
    "metharme": ("alpaca", {"instruction": "prompt", "output": "generation"}),
    "context_qa": ("alpaca", {"instruction": "article", "input": "question", "output": "answer"}),
    "context_qa.load_v2": ("alpaca", {"instruction": "context", "input": "question", "output": "answer"}),
}
TURN_KEYS: dict[tuple[str, str], tuple[str, str]] = {
    # Names of role and content in a turn → our format, and its name for the list of turns.
    ("role", "content"): ("messages", "messages"),
    ("from", "value"): ("sharegpt", "conversations"),
}
KNOWN_ROLES = {
    "user": {"user", "human"},
    "assistant": {"assistant", "gpt"},
    "system": {"system"},
    "tool": {"tool"},
}
OWN_FIELDS = {"field_instruction": "instruction", "field_input": "input", "field_output": "output"}
OWN_FIELDS["field_system"] = "system"
READ_ELSEWHERE = {"path", "type", "data_files", "name", "split", "field", "field_messages", "roles", "roles_to_train"}
READ_ELSEWHERE |= {"message_property_mappings", "message_field_role", "message_field_content", "train_on_eos"}
REASONS: dict[str, str] = {
    # Further keys of a data set → why they are left out.
    "ds_type": "",
    "conversation": "",
    "chat_template": "one_template",
    "chat_template_jinja": "one_template",
    "trust_remote_code": "remote_code",
    "revision": "data_revision",
    "shards": "share_of_rows",
    "shards_idx": "share_of_rows",
    "preprocess_shards": "decided_here",
    "message_field_training": "turn_weight",
    "message_field_training_detail": "turn_weight",
}
DEFAULT_TURNS = "messages"


def data_sets(taking: Taking, key: str, value: Any) -> None:
    """The list of data sets as `data.train`; what they have in common stands in `data.format` and `data.columns`."""
    sources = _sources(taking, key, value)
    if not sources:
        return
    shared = {
        name: sources[0][name]
        for name in ("format", "columns")
        if name in sources[0] and all(source.get(name) == sources[0][name] for source in sources)
    }
    sources = [{part: item for part, item in source.items() if part not in shared} for source in sources]
    entries = [source["path"] if set(source) == {"path"} else source for source in sources]
    taking.set("data.train", entries[0] if entries == [sources[0]["path"]] else entries, key)
    for name, value_of_all in shared.items():
        taking.set(f"data.{name}", value_of_all, f"{key}[].type")


def held_out_sets(taking: Taking, key: str, value: Any) -> None:
    """The first data set that is one file or one id, as `data.validation`."""
    sources = _sources(taking, key, value)
    if not sources:
        return
    if len(sources) > 1 or set(sources[0]) - {"path", "format", "columns"}:
        taking.leave(key, "one_held_out_file", name=sources[0]["path"])
    taking.set("data.validation", sources[0]["path"], key)


def _sources(taking: Taking, key: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        taking.refuse(key, "not_data_sets")
        return []
    return [source for index, entry in enumerate(value) for source in _source(taking, f"{key}[{index}]", entry, key)]


def _source(taking: Taking, place: str, entry: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """One data set as one source for each of its files."""
    given = {str(name): item for name, item in entry.items() if item is not None}
    layout = _layout(taking, place, given)
    for name in [name for name in given if name not in READ_ELSEWHERE]:
        _leave(taking, f"{place}.{name}", given[name], REASONS.get(name, "not_offered"))
    _training_details(taking, place, given)
    found = taking.places.find(str(given.get("path", "")))
    if found is None and "data_files" not in given:
        return [{"path": path, **_part(given), **layout} for path in _hub(taking, key, str(given.get("path", "")))]
    for name in _part(given):
        taking.leave(f"{place}.{'name' if name == 'subset' else name}", "no_parts")
    return [{"path": path, **layout} for path in _files(taking, key, given, found)]


def _leave(taking: Taking, place: str, value: Any, reason: str) -> None:
    if reason and is_switched_on(value):
        taking.leave(place, reason)


def _part(given: Mapping[str, Any]) -> dict[str, Any]:
    """Which part of a data set on the Hub."""
    part = {"subset": given["name"]} if "name" in given else {}
    return {**part, "split": given["split"]} if given.get("split", "train") != "train" else part


def _layout(taking: Taking, place: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Format and columns of the rows."""
    kind = given.get("type")
    if isinstance(kind, Mapping):
        return _own_layout(taking, place, kind)
    name = str(kind or "").split(":")[0].removesuffix(".load")
    if name.startswith(("chat_template", "sharegpt")):
        return _turns(taking, place, given, is_share_gpt=name.startswith("sharegpt"))
    if name == "completion":
        field = str(given.get("field", "text"))
        return {"format": "text", **({"columns": {"text": field}} if field != "text" else {})}
    if name not in TYPES:
        if name:
            taking.leave(f"{place}.type", "row_type", name=name)
        return {}
    if name.startswith("alpaca") and not any(note.code == "alpaca_wording" for note in taking.notes):
        taking.note("alpaca_wording")
    layout, columns = TYPES[name]
    return {"format": layout, **({"columns": dict(columns)} if columns else {})}


def _own_layout(taking: Taking, place: str, kind: Mapping[str, Any]) -> dict[str, Any]:
    """A layout of the user's own: names of the fields, and a wording that the chat template takes over."""
    columns = {ours: str(kind[name]) for name, ours in OWN_FIELDS.items() if kind.get(name)}
    columns = {ours: name for ours, name in columns.items() if ours != name}
    system = kind.get("system_prompt")
    if is_switched_on(system):
        taking.set("data.system", str(system), f"{place}.type.system_prompt")
    for name in ("format", "no_input_format", "system_format"):
        _leave(taking, f"{place}.type.{name}", kind.get(name), "wording")
    return {"format": "alpaca", **({"columns": columns} if columns else {})}


def _turns(taking: Taking, place: str, given: Mapping[str, Any], *, is_share_gpt: bool) -> dict[str, Any]:
    """A list of turns, under whatever name."""
    mapping = given.get("message_property_mappings")
    mapping = mapping if isinstance(mapping, Mapping) else {}
    role = mapping.get("role") or given.get("message_field_role") or ("from" if is_share_gpt else "role")
    content = mapping.get("content") or given.get("message_field_content") or ("value" if is_share_gpt else "content")
    role, content = str(role), str(content)
    if (role, content) not in TURN_KEYS:
        taking.leave(f"{place}.message_property_mappings", "turn_keys", role=role, content=content)
        return {}
    layout, expected = TURN_KEYS[(role, content)]
    field = str(given.get("field_messages") or ("conversations" if is_share_gpt else DEFAULT_TURNS))
    return {"format": layout, **({"columns": {expected: field}} if field != expected else {})}


def _training_details(taking: Taking, place: str, given: Mapping[str, Any]) -> None:
    """Roles and which of them are trained, where that differs from what this package does anyway."""
    roles = given.get("roles")
    if isinstance(roles, Mapping):
        others = [name for ours, names in roles.items() for name in names_of(names) if not _is_known(str(ours), name)]
        if others:
            taking.leave(f"{place}.roles", "roles", names=", ".join(others))
    trained = given.get("roles_to_train")
    if trained is not None and set(names_of(trained)) - KNOWN_ROLES["assistant"]:
        taking.leave(f"{place}.roles_to_train", "roles_to_train")
    if given.get("train_on_eos") == "last":
        taking.leave(f"{place}.train_on_eos", "end_of_turn")


def _is_known(role: str, name: str) -> bool:
    return name in KNOWN_ROLES.get(role, ())


def _files(taking: Taking, key: str, given: Mapping[str, Any], found: Path | None) -> list[str]:
    """The files of a data set on this machine, as the project names them."""
    files = given.get("data_files")
    if files is not None:
        folder = found if found is not None and found.is_dir() else None
        wanted = [str(folder / file) if folder else file for file in names_of(files)]
        return [path for file in wanted for path in _file(taking, key, file)]
    if found is None or not found.is_dir():
        return [taking.path(found)] if found else []
    patterns = data_files_of(found)
    if not patterns:
        taking.refuse(key, "no_data_in_folder", name=given["path"])
    return [f"{taking.path(found)}/{pattern}" for pattern in patterns]


def _file(taking: Taking, key: str, name: str) -> list[str]:
    found = taking.places.find(name)
    if found is None:
        taking.refuse(key, "no_such_file", name=name, looked=looked_in(taking))
        return []
    return [taking.path(found)]


def _hub(taking: Taking, key: str, name: str) -> list[str]:
    if "/" in name and is_hub_id(name):
        return [name]
    taking.refuse(key, "no_such_file", name=name, looked=looked_in(taking))
    return []
