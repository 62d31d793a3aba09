"""Concurrent single requests gathered into one batch, because a transaction costs more than a row.

Nobody waits when nothing runs: the first item starts at once, and what comes meanwhile is the next
batch. Only a batch that follows another waits, at most `window_seconds`, for as many items as the
last one had: its callers have just got their answers and are about to send again.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import AppError
from shared.process import telemetry

In = TypeVar("In")
Out = TypeVar("Out")


class Gatherer(Generic[In, Out]):
    """`run` gets a batch and gives as many results in the same order; a result that is an exception
    is raised to its caller alone. A batch that fails as a whole is halved until the culprit stands
    alone (its transaction was rolled back), unless the failure is retriable: that hits all alike.
    """

    def __init__(
        self,
        run: Callable[[list[In]], Awaitable[Sequence[Out | BaseException]]],
        *,
        window_seconds: float = 0.002,
        max_items: int = 500,
        weigh: Callable[[In], int] = lambda _: 1,
        service: str = "",
        door: str = "",
    ) -> None:
        self._run = run
        self._window_seconds = window_seconds
        self._max_items = max_items  # by weight; one that is heavier goes alone
        self._weigh = weigh
        self._waiting: deque[tuple[In, asyncio.Future[Out]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._enough: asyncio.Future[None] | None = None
        self._expected = 0
        self._sizes = telemetry.GATHERED.labels(service, door) if door else None

    async def submit(self, item: In) -> Out:
        """The result for one item, once its batch is through."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Out] = loop.create_future()
        self._waiting.append((item, future))
        if self._task is None:
            # A context of its own: the batch is nobody's request in particular.
            self._task = loop.create_task(self._drain(), context=contextvars.Context())
        elif self._enough is not None and len(self._waiting) >= self._expected:
            _release(self._enough)
        return await future

    async def close(self) -> None:
        """Wait until everything submitted is through."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        try:
            follows = False
            while self._waiting:
                if follows:
                    await self._await_company()
                batch = self._take()
                if batch:
                    self._expected = min(len(batch), self._max_items)
                    if self._sizes is not None:
                        self._sizes.observe(len(batch))
                    await self._settle(batch)
                    await asyncio.sleep(0)  # callers that were answered may submit again
                    follows = True
        finally:
            self._task = None

    async def _await_company(self) -> None:
        if len(self._waiting) >= self._expected or self._window_seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        self._enough = loop.create_future()
        timer = loop.call_later(self._window_seconds, _release, self._enough)
        try:
            await self._enough
        finally:
            timer.cancel()
            self._enough = None

    def _take(self) -> list[tuple[In, asyncio.Future[Out]]]:
        batch: list[tuple[In, asyncio.Future[Out]]] = []
        room = self._max_items
        while self._waiting:
            item, future = self._waiting[0]
            if not future.done():  # whoever went away before the start needs nothing done
                room -= self._weigh(item)
                if batch and room < 0:
                    break
                batch.append((item, future))
            self._waiting.popleft()
        return batch

    async def _settle(self, batch: list[tuple[In, asyncio.Future[Out]]]) -> None:
        try:
            results = await self._run([item for item, _ in batch])
            assert len(results) == len(batch), "a batch gives one result per item"
        except Exception as error:  # noqa: BLE001 - handed to the callers, nothing is swallowed
            if len(batch) == 1 or (isinstance(error, AppError) and error.retriable):
                for _, future in batch:
                    _fail(future, error)
                return
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])
        except BaseException:  # the process is ending
            for _, future in batch:
                future.cancel()
            raise
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if isinstance(result, BaseException):
                    _fail(future, result)
                elif not future.done():
                    future.set_result(result)


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[Out], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
