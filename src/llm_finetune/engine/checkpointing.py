"""Gradient checkpointing: activations inside the blocks are computed again in the backward pass, not kept.

Knows no Trainer. Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174.
"""

from typing import Any

from peft import PeftModel


def recompute_activations(model: Any) -> None:
    """Switch it on, in the kind that needs no gradients at the embeddings (`use_reentrant=False`).

    The library makes the embeddings' output ask for gradients all the same; that would send the backward pass through
    frozen blocks below the first trained one.
    """
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    base.activation_checkpointing_enable({"use_reentrant": False})
    base.disable_input_require_grads()
