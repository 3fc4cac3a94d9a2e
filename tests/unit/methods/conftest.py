"""What tests of methods share: a run that is stopped half-way, in this process."""

import signal
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def stopped_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """A function that makes the next run get SIGTERM at the end of a step; its value undoes that."""
    from llm_finetune.train.callbacks import StopCallback

    def at(step: int) -> Any:
        original = StopCallback.on_step_end

        def stopping(self: Any, args: Any, state: Any, control: Any, **more: Any) -> Any:
            if state.global_step == step:
                signal.raise_signal(signal.SIGTERM)
            return original(self, args, state, control, **more)

        monkeypatch.setattr(StopCallback, "on_step_end", stopping)
        return lambda: monkeypatch.setattr(StopCallback, "on_step_end", original)

    return at
