"""What makes two runs the same run: the facts that decide every step taken. Knows no weights."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Protocol

FREE_KEYS = frozenset(
    # Training keys that may change between a run and its continuation: they alter no step already taken.
    {
        "num_train_epochs",
        "max_steps",
        "logging_steps",
        "logging_first_step",
        "logging_strategy",
        "report_to",
        "run_name",
        "project",
        "save_strategy",
        "save_steps",
        "save_total_limit",
        "eval_strategy",
        "eval_steps",
        "eval_delay",
        "per_device_eval_batch_size",
        "early_stopping_patience",
        "gradient_checkpointing",
        "dataloader_num_workers",
        "dataloader_pin_memory",
        "dataloader_persistent_workers",
        "dataloader_prefetch_factor",
        "ddp_timeout",
        "torch_empty_cache_steps",
        "skip_memory_metrics",
    }
)


class TokenIds(Protocol):
    """What is hashed of an example."""

    @property
    def input_ids(self) -> Sequence[int]: ...
    @property
    def labels(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Facts of a run as flat texts, so that a difference can be told by name."""

    base: str
    data: str
    method: Mapping[str, Any]
    training: Mapping[str, Any]
    precision: str
    world_size: int
    quantization: str = "none"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def data_sha256(examples: Iterable[TokenIds]) -> str:
    """Hash of token ids and labels in order: what is trained on, whatever file it came from."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((list(example.input_ids), list(example.labels))).encode())
    return digest.hexdigest()


def step_keys(training: Mapping[str, Any]) -> dict[str, Any]:
    """The training keys that decide the steps."""
    return {key: value for key, value in sorted(training.items()) if key not in FREE_KEYS and value is not None}


def differences(old: Mapping[str, Any], new: Identity) -> list[tuple[str, Any, Any]]:
    """Names of the facts that differ, with the old and the new value."""
    found: list[tuple[str, Any, Any]] = []
    values = new.as_dict()
    for field in fields(Identity):
        name = field.name
        before, after = old.get(name, None if field.default is MISSING else field.default), values[name]
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            keys = sorted(before.keys() | after.keys())
            found += [
                (f"{name}.{key}", before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
            ]
        elif before != after:
            found.append((name, before, after))
    return found
