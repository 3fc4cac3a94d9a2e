"""Write and read what was trained: an adapter in PEFT's format, or a whole model. Knows no folder layout."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_finetune.errors import FinetuneError
from llm_finetune.messages import say
from llm_finetune.model.quiet import quiet_libraries

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
        model.save_pretrained(folder, safe_serialization=True)


def load_weights(model: Any, folder: Path) -> None:
    """Put saved weights into a model of the same shape.

    Raises: FinetuneError if a tensor is missing or left over.
    """
    missing, unexpected = _load_adapter(model, folder) if is_adapter(model) else _load_model(model, folder)
    if missing or unexpected:
        names = ", ".join(sorted([*missing, *unexpected])[:5])
        raise FinetuneError(say("methods.weights_do_not_fit", folder=folder, names=names))


def _load_adapter(model: Any, folder: Path) -> tuple[list[str], list[str]]:
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    saved = load_file(folder / ADAPTER_WEIGHTS)
    expected = get_peft_model_state_dict(model, save_embedding_layers=False)
    set_peft_model_state_dict(model, saved)
    return sorted(expected.keys() - saved.keys()), sorted(saved.keys() - expected.keys())


def _load_model(model: Any, folder: Path) -> tuple[list[str], list[str]]:
    from safetensors.torch import load_file

    state: dict[str, Any] = {}
    for shard in sorted(folder.glob("model*.safetensors")):
        state |= load_file(shard)
    result = model.load_state_dict(state, strict=False)
    tied = set(model.all_tied_weights_keys)
    return [name for name in result.missing_keys if name not in tied], list(result.unexpected_keys)


def with_adapter(base: Any, folder: Path) -> Any:
    """A loaded base with a saved adapter on it, for answering, not for training."""
    from peft import PeftModel

    with quiet_libraries():
        return PeftModel.from_pretrained(base, str(folder), is_trainable=False).eval()
