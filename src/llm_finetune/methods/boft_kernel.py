"""Keep PEFT from compiling a CUDA program when it wraps a model with BOFT. Knows no other method.

peft 0.21.2 tries so (tuners/boft/layer.py, `get_fbd_cuda`) on every machine with a compiler, for minutes and into the
user's cache, warns twice where it fails, and computes with what came of it on the CPU too, where that program ends in
an error. With one factor the result is the same without it.
"""


def leave_uncompiled() -> None:
    """Tell PEFT that the program was looked for and is not there."""
    from peft.tuners.boft import layer

    layer._FBD_CUDA = False  # None would mean that it has yet to be looked for.
