"""Write and read what was trained: an adapter in PEFT's format, or a whole model. Knows no folder layout."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import FinetuneError
from llm_finetune.files import read_json, write_json
from llm_finetune.messages import say
from llm_finetune.methods.boft_kernel import leave_uncompiled
from llm_finetune.methods.cache_name import hand_on_by_todays_name
from llm_finetune.model.quiet import quiet_libraries
from llm_finetune.model.resolve import CONFIG_NAME

if TYPE_CHECKING:
    from torch import nn

ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"


def is_adapter(model: "nn.Module") -> bool:
    """Whether the model is a base with a PEFT adapter on it."""
    from peft import PeftModel

    return isinstance(model, PeftModel)


def save_weights(model: Any, folder: Path) -> None:
    """Write the adapter (or the whole model) and its configuration as `from_pretrained` reads them."""
    if is_adapter(model):
        # The embedding is never part of a LoRA adapter here; "auto" would ask the Hub whether its size changed.
        model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)
    else:
        _save_model(model, folder)


def _save_model(model: Any, folder: Path) -> None:
    """Write a whole model, each weight in the format it is held in, shared ones once.

    The configuration states the widest format: the library states that of the first weight, to which whoever loads
    with `dtype="auto"` would round the trained ones. And it has the cache on, which is off in training alone.
    """
    import torch

    with quiet_libraries():
        model.save_pretrained(folder)
    config = {**read_json(folder / CONFIG_NAME), "use_cache": True}
    if any(parameter.dtype == torch.float32 for parameter in model.parameters()):
        config["dtype"] = "float32"
    write_json(folder / CONFIG_NAME, config)


def load_weights(model: Any, folder: Path) -> None:
    """Put saved weights into a model of the same shape.

    Raises: FinetuneError if a tensor is missing or left over.
    """
    if is_adapter(model):
        from safetensors.torch import load_file

        fill_adapter(model, load_file(folder / ADAPTER_WEIGHTS), folder)
    else:
        _require_none(*_load_model(model, folder), folder)


def fill_adapter(model: Any, saved: dict[str, Any], folder: Path) -> None:
    """Put an adapter's tensors, read from a folder, into a model that has the adapter.

    Raises: FinetuneError if a tensor is missing, left over, or of another size.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    expected = get_peft_model_state_dict(model, save_embedding_layers=False)
    shared = expected.keys() & saved.keys()
    resized = [name for name in shared if expected[name].shape != saved[name].shape]
    _require_none(sorted(expected.keys() - saved.keys()), [*(saved.keys() - expected.keys()), *resized], folder)
    with quiet_libraries():
        set_peft_model_state_dict(model, saved)


def _require_none(missing: list[str], unexpected: list[str], folder: Path) -> None:
    if missing or unexpected:
        names = ", ".join(sorted([*missing, *unexpected])[:5])
        raise FinetuneError(say("methods.weights_do_not_fit", folder=folder, names=names))


def _load_model(model: Any, folder: Path) -> tuple[list[str], list[str]]:
    """Read as the library reads a base: some names (GPT-NeoX) and shapes (Mixtral) in files are not those in memory.

    Raises: ModelError if a tensor is missing.
    """
    from llm_finetune.model.load import load_model
    from llm_finetune.model.resolve import Base

    saved = load_model(Base(folder.name, str(folder), None, "folder", None), "float32")
    result = model.load_state_dict(saved.state_dict(), strict=False)
    return list(result.missing_keys), list(result.unexpected_keys)


def with_adapter(base: Any, folder: Path) -> Any:
    """A loaded base with a saved adapter on it, for answering, not for training."""
    from peft import PeftModel

    from llm_finetune.methods.float32 import hold_copies_in_float32

    leave_uncompiled()
    with quiet_libraries():
        model = PeftModel.from_pretrained(base, str(folder), is_trainable=False).eval()
    if model.active_peft_config.is_prompt_learning:
        hand_on_by_todays_name(model)
    if hold_copies_in_float32(model):
        load_weights(model, folder)
    return model
