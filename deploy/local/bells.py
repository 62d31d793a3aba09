"""The databases' bells, across the processes of the local mode.

Who reads an outbox waits for the bell that its writer rings after a commit (`Database.committed`).
That bell is in one process; here each ring goes through a pipe to the other processes that read
outboxes, one byte for one database. A byte that finds the pipe full is dropped: the reader has rung
enough before it, and looks by itself now and then. Where nobody is left at the other end, nobody
needs to be told: what was committed stays committed.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType

from shared.database import Wakeup, bell_of
from shared.process.settings import PORTS

_BYTES_AT_ONCE = 65_536


class Bells:
    """Connected for the length of the block, in the running loop."""

    def __init__(self, environment: Mapping[str, str], hear: int | None, ring: Sequence[int]):
        urls = [environment[f"{name.upper()}_DATABASE_URL"] for name in PORTS]
        self._bells: list[Wakeup] = [bell_of(url) for url in urls]
        self._hear = hear
        self._ring = ring

    def __enter__(self) -> None:
        if self._hear is not None:
            os.set_blocking(self._hear, False)
            asyncio.get_running_loop().add_reader(self._hear, self._heard, self._hear)
        for descriptor in self._ring:
            os.set_blocking(descriptor, False)
        if self._ring:
            for number, bell in enumerate(self._bells):
                bell.elsewhere = partial(self._tell, bytes([number]))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for bell in self._bells:
            bell.elsewhere = None
        if self._hear is not None:
            asyncio.get_running_loop().remove_reader(self._hear)

    def _tell(self, which: bytes) -> None:
        for descriptor in self._ring:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(descriptor, which)

    def _heard(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            rung = os.read(descriptor, _BYTES_AT_ONCE)
            if not rung:  # the end of a pipe is "readable" for ever
                asyncio.get_running_loop().remove_reader(descriptor)
            for number in set(rung):
                self._bells[number].ring_here()
