"""A question to a server, of those who ask never more than one under way, and nobody waits long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.errors import Unavailable
from shared.process import tasks

T = TypeVar("T")


class Inquiry(Generic[T]):
    """Asks anew for each caller, but together for all who come while it is being asked.

    Who gives up waiting does not break the question off: a client that is cancelled in the middle
    of a call takes longer to come back than one that ends by its own time-out.
    """

    def __init__(self, question: Callable[[], Awaitable[T]], *, of: str) -> None:
        self._question = question
        self._of = of  # who answers, as a person calls it
        self._asked: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None  # not begun: it waits for the one before

    async def answer(self, seconds: float) -> T:
        """What it gives or raises; `Unavailable` if that takes longer than `seconds`."""
        # Not the one under way: it may have looked before what the caller knows of.
        if self._next is None:
            self._next = asyncio.create_task(self._ask(self._asked))
        asked = self._next
        done, _ = await asyncio.wait([asked], timeout=seconds)
        if not done:
            asked.add_done_callback(_see)
            raise Unavailable(f"{self._of} did not answer within {seconds:g} s")
        return asked.result()

    async def close(self) -> None:
        """Break off what is under way."""
        await tasks.end([task for task in (self._asked, self._next) if task is not None])

    async def _ask(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._asked, self._next = self._next, None
        return await self._question()


def _see(task: asyncio.Task[T]) -> None:
    """What came too late interests nobody."""
    if not task.cancelled():
        task.exception()
