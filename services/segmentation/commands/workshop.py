"""Long calculations beside the event loop: one at a time, in a thread of their own.

numpy and scikit-learn let other threads go on while they work. The caller's transaction holds the
request's idempotency key all the while, so it is kept from being taken for forgotten.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from services.segmentation.store.accounts import keep_alive
from shared.database import Session

KEEP_ALIVE_SECONDS = 2.0  # below the server's limit for idle transactions

T = TypeVar("T")


class Workshop:
    """One per process."""

    def __init__(self) -> None:
        self._place = asyncio.Semaphore(1)

    async def work(self, session: Session, calculate: Callable[[], T]) -> T:
        """What `calculate` gives, once its turn has come. Whatever it raises is raised here."""
        task = asyncio.ensure_future(self._one(calculate))
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=KEEP_ALIVE_SECONDS)
                if done:
                    return task.result()
                await keep_alive(session)
        finally:
            task.cancel()

    async def _one(self, calculate: Callable[[], T]) -> T:
        async with self._place:
            return await asyncio.to_thread(calculate)
