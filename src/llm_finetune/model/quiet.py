"""Keep progress bars and chatter of the model libraries off the screen for a while."""

import contextlib
import warnings
from collections.abc import Iterator

KNOWN_WARNINGS: tuple[tuple[type[Warning], str], ...] = (
    # peft 0.21 asks transformers 5.24 for a property by its old name whenever it wraps a model.
    (FutureWarning, "`is_gradient_checkpointing` is deprecated"),
)
"""Warnings of one library about another, which nobody here can act on."""


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
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    had_bars, had_downloads = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if shows_downloads and had_downloads:
        enable_progress_bars()
    try:
        with warnings.catch_warnings():
            for category, start in KNOWN_WARNINGS:
                warnings.filterwarnings("ignore", message=start, category=category)
            yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            logging.enable_progress_bar()
        if had_downloads:
            enable_progress_bars()
        else:
            disable_progress_bars()
