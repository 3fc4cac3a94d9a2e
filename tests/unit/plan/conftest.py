"""Configurations of tiny models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def tiny_config(tiny_model: Callable[[str], Path]) -> Callable[[str], Any]:
    """A function from an architecture's name to a configuration of two small layers."""
    from transformers import AutoConfig

    return lambda architecture: AutoConfig.from_pretrained(tiny_model(architecture))
