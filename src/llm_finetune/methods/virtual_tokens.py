"""What prompt tuning, P-tuning and prefix tuning share: trained positions in front of every text. Knows no one of them.

The base stays as it is; a small encoder beside it gives the virtual tokens. PEFT saves what the encoder gives, not the
encoder itself, so that going on after an interruption needs the encoder's own weights beside that.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from llm_finetune.config.strict import Settings
from llm_finetune.errors import FinetuneError, ModelError, Problem
from llm_finetune.files import read_json
from llm_finetune.messages import say
from llm_finetune.methods.in_training import STATE_PREFIX, InTraining
from llm_finetune.methods.weights import ADAPTER_CONFIG, save_weights
from llm_finetune.model.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedConfig, PreTrainedModel

Count = Annotated[int, Field(strict=True, ge=1, le=4096)]
Width = Annotated[int, Field(strict=True, ge=1, le=65536)]

LIBRARY_BASES = (
    ("config.py", "PromptLearningConfig"),
    ("config.py", "PeftConfig"),
    ("config.py", "PeftConfigMixin"),
)
REFUSED = {
    "base_model_name_or_path": "methods.base_elsewhere",
    "revision": "methods.base_elsewhere",
    "auto_mapping": "methods.written_by_peft",
    "peft_version": "methods.written_by_peft",
    "inference_mode": "methods.written_by_peft",
    "token_dim": "methods.by_architecture",
    "num_attention_heads": "methods.by_architecture",
    "num_layers": "methods.by_architecture",
    "num_transformer_submodules": "methods.by_architecture",
    "modules_to_save": "methods.prompt_alone",
}
ALIASES = dict.fromkeys(
    ("virtual_tokens", "num_tokens", "prompt_length", "prompt_len", "prefix_length", "pre_seq_len"),
    "num_virtual_tokens",
)
_ENCODER_STATE = f"{STATE_PREFIX}prompt_encoder.safetensors"


class VirtualTokenSettings(Settings):
    """Keys of `lora_config.json` that all three methods have."""

    task_type: Literal["CAUSAL_LM"] = Field(
        default="CAUSAL_LM", description="What is trained; only text generation is."
    )
    num_virtual_tokens: Count = Field(
        default=20,
        description="Trained positions in front of every text; each takes one from the longest text the model reads.",
    )


def num_virtual_tokens(settings: VirtualTokenSettings) -> int:
    """Positions that are taken from every text."""
    return settings.num_virtual_tokens


def virtual_tokens_in(folder: Path) -> int:
    """Positions that the adapter saved in a folder takes; 0 for any other adapter, or none."""
    path = folder / ADAPTER_CONFIG
    count = read_json(path).get("num_virtual_tokens") if path.is_file() else None
    return count if isinstance(count, int) else 0


def embedding_of(model: Any) -> tuple[str, Any]:
    """Name and module of the token embeddings."""
    embedding = model.get_input_embeddings()
    return next((name, module) for name, module in model.named_modules() if module is embedding)


def check_embeddings(config: "PreTrainedConfig", settings: VirtualTokenSettings) -> tuple[str, ...]:
    """The name of the token embeddings, which the virtual tokens stand beside.

    Raises: ModelError if no position is left for a text.
    """
    from llm_finetune.model.facts import skeleton

    require_positions(config, settings)
    return (embedding_of(skeleton(config))[0],)


def require_positions(config: "PreTrainedConfig", settings: VirtualTokenSettings) -> None:
    """Raises: ModelError if the virtual tokens take every position that the model has."""
    from llm_finetune.model.load import position_limit

    limit = position_limit(config)
    if limit is not None and settings.num_virtual_tokens >= limit:
        values = {"count": settings.num_virtual_tokens, "limit": limit}
        message, fix = say("methods.no_positions", **values), say("methods.no_positions.fix", **values)
        raise ModelError(Problem("no_positions", message, fix, field="num_virtual_tokens"))


def with_virtual_tokens(model: "PreTrainedModel", config: Any) -> "PeftModel":
    """Freeze the model and put a float32 encoder of virtual tokens beside it.

    Raises: ModelError if PEFT refuses.
    """
    from peft import get_peft_model

    try:
        with quiet_libraries():
            adapted = get_peft_model(model, config)
    except (ValueError, AttributeError) as error:
        what = " ".join(str(error).split())
        message, fix = say("methods.prompt_refusal", what=what), say("methods.prompt_refusal.fix")
        raise ModelError(Problem("library_refusal", message, fix, field="peft_type")) from error
    encoder = encoder_of(adapted)
    encoder.float()
    encoder.forward = _without_autocast(encoder.forward)
    return adapted


def encoder_of(adapted: Any) -> Any:
    """The module that gives the virtual tokens."""
    return adapted.prompt_encoder[adapted.active_adapter]


def _without_autocast(forward: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Compute in float32 as the saved virtual tokens are, so that they load as what was trained."""
    import torch

    @wraps(forward)
    def compute(indices: Any) -> Any:
        with torch.autocast(indices.device.type, enabled=False):
            return forward(indices)

    return compute


@contextlib.contextmanager
def _without_dropout(encoder: Any) -> Iterator[None]:
    was_training = encoder.training
    encoder.eval()
    try:
        yield
    finally:
        encoder.train(was_training)


def encoder_in_training(model: Any, settings: VirtualTokenSettings, total_steps: int) -> InTraining:
    """Keep the encoder's own weights in checkpoints, and save virtual tokens as evaluation sees them."""
    encoder = encoder_of(model)

    def save_tokens(folder: Path) -> None:
        with _without_dropout(encoder):
            save_weights(model, folder)

    return InTraining(
        save_weights=save_tokens,
        save_state=lambda folder: _save_encoder(encoder, folder),
        load_state=lambda folder: _load_encoder(encoder, folder),
    )


def _save_encoder(encoder: Any, folder: Path) -> None:
    from safetensors.torch import save_file

    # The weights of an LSTM are views of one tensor.
    state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in encoder.state_dict().items()}
    save_file(state, folder / _ENCODER_STATE)


def _load_encoder(encoder: Any, folder: Path) -> None:
    """Raises: FinetuneError if the saved encoder is not of this shape."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        encoder.load_state_dict(load_file(folder / _ENCODER_STATE))
    except (OSError, SafetensorError, RuntimeError) as error:
        what = " ".join(str(error).split())
        raise FinetuneError(say("methods.weights_do_not_fit", folder=folder, names=what)) from error
