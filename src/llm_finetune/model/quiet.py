"""Keep progress bars and chatter of the model libraries off the screen for a while."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

KNOWN_WARNINGS: tuple[tuple[type[Warning], str], ...] = (
    # peft 0.21 asks transformers 5.24 for a property by its old name whenever it wraps a model.
    (FutureWarning, "`is_gradient_checkpointing` is deprecated"),
    # A layer that AdaLoRA cuts to rank 0 has tensors of no rows (peft 0.21 saves and loads them rightly).
    # peft 0.21 looks for modules by AdaLoRA's saved ranks, whose names are those of parameters, and cuts rightly.
    (RuntimeWarning, r"The following rank_pattern keys did not match .*\.lora_E'"),
    (UserWarning, "Initializing zero-element tensors is a no-op"),
    (UserWarning, r"Adapter .* LoRA tensor\(s\) have invalid shape"),
    # LN tuning asks for the inputs and outputs of a layer that has none (peft 0.21) and goes on without them.
    (UserWarning, "Unsupported layer type '.*Norm"),
    # An adapter trained on 4-bit layers of GPT-2, put on its own transposed ones; peft sets the key right itself.
    (UserWarning, "fan_in_fan_out is set to False but the target module is `Conv1D`"),
    # peft 0.21 looks for modules by ranks that are those of Mixtral's stacked experts, and gives them rightly.
    (RuntimeWarning, r"The following (rank|alpha)_pattern keys did not match .*\.gate_up_proj'"),
    # VeRA's own key says so.
    (UserWarning, "Specified to not (save|load) vera_A"),
)
"""Warnings of one library about another, which nobody here can act on."""


NOISY_LOGGERS = ("bitsandbytes", "torchao")
"""They warn of optional kernels when imported, which peft does by itself, and of every cast."""


def quiet_backends() -> None:
    """Errors only from now on of libraries that nobody has chosen another level for."""
    for name in NOISY_LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.ERROR)


@contextlib.contextmanager
def quiet_libraries(*, shows_downloads: bool = False) -> Iterator[None]:
    """Errors only and no bars inside the block; afterwards all is as it was.

    With `shows_downloads` the bars of Hub downloads stay.
    """
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )
    from transformers.utils import logging as library_logging

    quiet_backends()
    verbosity = library_logging.get_verbosity()
    had_bars, had_downloads = library_logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    library_logging.set_verbosity_error()
    library_logging.disable_progress_bar()
    if shows_downloads and had_downloads:
        enable_progress_bars()
    try:
        with warnings.catch_warnings():
            for category, start in KNOWN_WARNINGS:
                warnings.filterwarnings("ignore", message=start, category=category)
            yield
    finally:
        library_logging.set_verbosity(verbosity)
        if had_bars:
            library_logging.enable_progress_bar()
        if had_downloads:
            enable_progress_bars()
        else:
            disable_progress_bars()
