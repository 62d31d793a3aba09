"""Waiting for a condition of another process, with a limit."""

import time
from collections.abc import Callable

from shared.clock import monotonic

PAUSE_SECONDS = 0.05


def wait_for(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time. For command lines only: it blocks."""
    end = monotonic() + seconds
    while not holds():
        if monotonic() >= end:
            return False
        time.sleep(PAUSE_SECONDS)
    return True
