"""Ends the process when the event loop stands still, so that a supervisor can start it again.

A client that hangs, or code that blocks the loop, makes a worker that is alive and does nothing.
The watch counts its own ticks and not the clock's: a process that was paused as a whole (SIGSTOP,
a sleeping laptop) goes on where it was.
"""

import asyncio
import os
import threading
from typing import NoReturn

from shared.process import telemetry

_TICK_SECONDS = 1.0
_STRIKES_MAX = 30
EXIT_CODE = 70  # sysexits: internal software error

log = telemetry.logger(__name__)


def exit_now(reason: str) -> NoReturn:
    """Leave without cleaning up: whatever hangs would hang the clean-up too."""
    log.critical("watchdog.exit", reason=reason)
    os._exit(EXIT_CODE)


class Watchdog:
    """Watches the loop it was started in, until `stop`."""

    def __init__(self) -> None:
        self._beats = 0
        self._over = threading.Event()
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._beating = asyncio.create_task(self._beat())
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        self._over.set()
        if self._beating is not None:
            self._beating.cancel()

    async def _beat(self) -> None:
        while True:
            self._beats += 1
            await asyncio.sleep(_TICK_SECONDS)

    def _watch(self) -> None:
        seen, strikes = self._beats, 0
        while not self._over.wait(_TICK_SECONDS):
            strikes = strikes + 1 if self._beats == seen else 0
            seen = self._beats
            if strikes >= _STRIKES_MAX:
                exit_now(f"the event loop stood still for {strikes} s")
