"""Turn SIGINT, SIGTERM and SIGHUP into a wish to stop after the current step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class StopRequest:
    """Whether, and by which signal, the run was asked to stop."""

    def __init__(self) -> None:
        self.signal_number = 0

    def __bool__(self) -> bool:
        return self.signal_number != 0


@contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """While the block runs, the first signal is only noted; the second one acts as it would have without us."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    wanted = [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]
    before = {number: signal.getsignal(number) for number in wanted}

    def note(number: int, _frame: FrameType | None) -> None:
        request.signal_number = number
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in wanted:
        signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
