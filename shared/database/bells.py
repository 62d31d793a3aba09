"""Bells: who waits for news of a database hears at once of what was committed in this process."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from shared.addresses import DatabaseAddress


class Wakeup:
    """A bell in this process: rung after commits, heard by any number of waiters.

    `elsewhere`, if there is any, is called with each ring: it rings in other processes.

    Take `rings` before looking for work and hand it to `wait`, so that a ring between the look and
    the wait is not missed.
    """

    def __init__(self) -> None:
        self.rings = 0
        self.elsewhere: Callable[[], None] | None = None
        self._waiters: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        self.ring_here()
        if self.elsewhere is not None:
            self.elsewhere()

    def ring_here(self) -> None:
        self.rings += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def wait(self, seen: int, timeout: float) -> bool:
        """Whether it rang since `seen` was read, waiting at most `timeout` seconds."""
        if self.rings != seen:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True


# Readers and writers of one database in one process share its bell, whoever opened them.
_bells: WeakValueDictionary[str, Wakeup] = WeakValueDictionary()


def bell_of(url: str) -> Wakeup:
    """The bell of the database at this address, for as long as somebody holds it."""
    return _bells.setdefault(DatabaseAddress.from_url(url).where, Wakeup())
