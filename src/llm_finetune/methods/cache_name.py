"""Call a prefix what transformers calls it today. Knows no method.

peft 0.21.2 hands a prefix on as `past_key_values`, which transformers 5.24 renamed to `cache`; the old name is told to
be deprecated, and goes with transformers 5.40. This file goes with the next peft.
"""

from typing import Any

OLD_NAME, NAME = "past_key_values", "cache"


def hand_on_by_todays_name(adapted: Any) -> None:
    """Rename the argument on its way from PEFT's model into the base."""
    adapted.get_base_model().register_forward_pre_hook(_rename, with_kwargs=True)


def _rename(_module: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return inputs, {NAME if name == OLD_NAME else name: value for name, value in named.items()}
