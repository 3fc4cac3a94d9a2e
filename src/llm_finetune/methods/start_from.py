"""An adapter that training goes on from: read, and compared with what is to be trained. Knows no project.

It may be one of ours or any that PEFT wrote. Nothing is loaded here but the headers of its weights.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_finetune.config.strict import Settings
from llm_finetune.errors import ModelError, Problem
from llm_finetune.files import MANIFEST_NAME, read_json, sha256_of_file
from llm_finetune.messages import say
from llm_finetune.methods.method import Method
from llm_finetune.methods.weights import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from llm_finetune.model.gate import refuse_code
from llm_finetune.model.resolve import Base

FIELD = "method.start_from"
_FREE = frozenset(
    # Keys that may differ: they change neither what the adapter computes nor which weights it has. Layers are compared
    # by what they come to.
    {
        "peft_type",
        "task_type",
        "lora_dropout",
        "init_lora_weights",
        "eva_config",
        "target_modules",
        "exclude_modules",
        "prompt_tuning_init",
        "prompt_tuning_init_text",
        "init_weights",
        "layers_to_transform",
        "layers_pattern",
        "ensure_weight_tying",
        "inference_mode",
    }
)
_NETWORKS = ("encoder_reparameterization_type", "prefix_projection")
"""Keys of PEFT whose virtual tokens a network makes, of which only the virtual tokens are saved."""
_PLAIN_STARTS = (None, True, False, "gaussian", "orthogonal", "eva")
_BASE = "base_model.model."
_UPDATE = ".lora_A.weight"


@dataclass(frozen=True, slots=True)
class Start:
    """An adapter on disk."""

    folder: Path
    shown: str
    """The folder as the user wrote it."""
    config: Mapping[str, Any]
    """PEFT's `adapter_config.json`."""
    sha256: str
    """Of its weights."""
    tensors: tuple[str, ...]
    """Names of its weights."""
    base_sha256: str | None
    """The base it was trained on, where that is recorded."""

    @property
    def layers(self) -> set[str]:
        """The layers that it updates by LoRA."""
        names = (name.removesuffix(_UPDATE) for name in self.tensors if name.endswith(_UPDATE))
        return {name.removeprefix(_BASE).replace(".base_layer", "") for name in names}


def read_start(folder: Path, shown: str) -> Start:
    """Look at an adapter's folder.

    Raises: GateError if it holds what could run code; ModelError if it is no adapter.
    """
    if not (folder / ADAPTER_CONFIG).is_file():
        raise _refusal("no_start", shown=shown)
    refuse_code(folder)
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise _refusal("no_start_weights", shown=shown)
    config = read_json(folder / ADAPTER_CONFIG)
    if not isinstance(config, dict):
        raise _refusal("no_start", shown=shown)
    return Start(
        folder=folder,
        shown=shown,
        config=config,
        sha256=sha256_of_file(folder / ADAPTER_WEIGHTS),
        tensors=tuple(_tensor_names(folder / ADAPTER_WEIGHTS)),
        base_sha256=_recorded_base(folder),
    )


def _refusal(code: str, **values: Any) -> ModelError:
    return ModelError(_problem(code, **values))


def _problem(code: str, **values: Any) -> Problem:
    return Problem(code, say(f"methods.{code}", **values), say(f"methods.{code}.fix", **values), field=FIELD)


def _tensor_names(path: Path) -> Iterable[str]:
    """The names in the header of a safetensors file: its length in 8 bytes, then JSON."""
    with path.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return sorted(name for name in header if name != "__metadata__")


def _recorded_base(folder: Path) -> str | None:
    """The hash of the base in the manifest that this package writes beside an adapter."""
    try:
        identity = read_json(folder / MANIFEST_NAME).get("identity", {})
    except (OSError, ValueError, AttributeError):
        return None
    found = identity.get("base") if isinstance(identity, dict) else None
    return found if isinstance(found, str) else None


def start_problems(start: Start, method: Method, settings: Settings, adapted: Sequence[str]) -> list[Problem]:
    """Every difference between an adapter and what is to be trained, with both values."""
    kind = start.config.get("peft_type")
    if kind != method.name:
        return [_problem("start_method", shown=start.shown, found=kind, wanted=method.name)]
    started = start.config.get("init_lora_weights")
    if started not in _PLAIN_STARTS:
        return [_problem("start_not_plain", shown=start.shown, found=started)]
    if any(start.config.get(key) for key in _NETWORKS):
        return [_problem("start_network", shown=start.shown, title=method.title)]
    values = settings.model_dump(mode="json")
    if values.get("init_lora_weights") not in _PLAIN_STARTS[:-1]:
        return [_problem("start_twice", wanted=values["init_lora_weights"])]
    found = [problem for key in values if (problem := _difference(start, key, values[key])) is not None]
    if layers := _layer_difference(start, adapted):
        found.append(layers)
    return found


def _difference(start: Start, key: str, wanted: Any) -> Problem | None:
    if key in _FREE or key not in start.config:
        return None
    has = start.config[key]
    if _normal(has) == _normal(wanted):
        return None
    return _problem("start_differs", shown=start.shown, key=key, found=json.dumps(has), wanted=json.dumps(wanted))


def _normal(value: Any) -> Any:
    """A value so that order and emptiness do not count."""
    if isinstance(value, Mapping):
        return {key: _normal(inner) for key, inner in value.items()} or None
    if isinstance(value, list | set | tuple):
        return sorted(value) or None
    return None if value is False else value


def _layer_difference(start: Start, adapted: Sequence[str]) -> Problem | None:
    has, wanted = start.layers, set(adapted)
    if not has or has == wanted:
        return None
    return _problem("start_layers", shown=start.shown, found=_kinds(has), wanted=_kinds(wanted))


def _kinds(names: Iterable[str]) -> str:
    """Layers by their last names, with their number."""
    listed = sorted(names)
    return f"{', '.join(sorted({name.rpartition('.')[2] for name in listed}))} ({len(listed)})"


def base_problem(start: Start, base: Base, sha256: str) -> Problem | None:
    """Why an adapter does not belong to a base, if so.

    Ours record the hash of the base. Others record its name or folder, of which the last part must agree.
    """
    if start.base_sha256 is not None:
        if start.base_sha256 == sha256:
            return None
        return _problem(
            "start_base", shown=start.shown, found=start.base_sha256[:12], base=f"{base.name} ({sha256[:12]})"
        )
    named = str(start.config.get("base_model_name_or_path") or "")
    if not named or _last(named) in {_last(base.name), _last(base.path)}:
        return None
    return _problem("start_base", shown=start.shown, found=named, base=base.name)


def _last(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()


def continue_from(model: Any, start: Start) -> None:
    """Put an adapter's weights into the fresh one on a model.

    Raises: FinetuneError if a tensor is missing, left over, or of another size.
    """
    from llm_finetune.methods.weights import load_weights

    load_weights(model, start.folder)
