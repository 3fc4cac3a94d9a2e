"""Bytes of an optimizer's state, by the Trainer's name for it. Imports none of them.

Read in torch 2.13, transformers 5.24 and bitsandbytes 0.50; a test compares the figures with real optimizers.
"""

from collections.abc import Sequence
from math import prod

FLOAT_BYTES = 4
STATES = {"sgd": 0, "adagrad": 1, "rmsprop": 1, "lion": 1, "adamw": 2, "stable": 2, "ademamix": 3}
"""Numbers kept for each trained one, by the first word of the name after `paged_`."""
OTHERWISE = 2
EIGHT_BIT_FROM, EIGHT_BIT_BLOCK = 4096, 256
"""bitsandbytes keeps tensors of fewer numbers in 32 bits, and one 32-bit scale a block of the others."""


def state_bytes(name: str, shapes: Sequence[tuple[int, ...]]) -> int:
    """Bytes of the state for trained parameters of these shapes."""
    if name == "adafactor":
        return sum(map(_adafactor_bytes, shapes))
    kind = name.removeprefix("paged_").partition("_")[0]
    states = STATES.get(kind, OTHERWISE)
    in_8_bits = name.endswith("8bit")
    return states * sum(_bytes_of_one(prod(shape), in_8_bits=in_8_bits) for shape in shapes)


def _bytes_of_one(count: int, *, in_8_bits: bool) -> int:
    if in_8_bits and count >= EIGHT_BIT_FROM:
        return count + FLOAT_BYTES * -(-count // EIGHT_BIT_BLOCK)
    return FLOAT_BYTES * count


def _adafactor_bytes(shape: tuple[int, ...]) -> int:
    """One mean a row and one a column of a matrix (Shazeer and Stern 2018, arXiv:1804.04235, algorithm 4)."""
    if len(shape) < 2:
        return FLOAT_BYTES * prod(shape)
    *batch, rows, columns = shape
    return FLOAT_BYTES * prod(batch) * (rows + columns)
