"""Concurrent requests gathered into batches, because a transaction costs more than a row.

Items have lanes (a tenant's each): a batch is of one lane, lanes run side by side and take
fair turns. Nobody waits when nothing runs: the first item starts at once, and what comes meanwhile
is the next batch. Only a batch that follows another waits, at most `window_seconds`, for as many
items as the last one had: its callers have just got their answers and are about to send again.

What is heavy runs by itself, one item of a lane at a time, and holds no batch up.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from typing import Any, Generic, TypeVar

from shared.errors import AppError, TookTooLong
from shared.process import telemetry

In = TypeVar("In")
Out = TypeVar("Out")

BATCHES_MAX = 4  # at a time, of different lanes: a pool has more connections than that
ALONE_MAX = 2  # heavy items at a time, of different lanes


class RunAlone:
    """A result that is none: the item was left out of its batch, and is to run by itself."""


RUN_ALONE = RunAlone()

_Waiting = tuple[In, asyncio.Future[Out]]


class Gatherer(Generic[In, Out]):
    """`run` gets a batch and gives as many results in the same order; a result that is an exception
    is raised to its caller alone, and one that is `RUN_ALONE` sends the item to `run_alone`. A
    batch that fails as a whole is halved until the culprit stands alone (its transaction was rolled
    back), unless the failure is retriable: that hits all alike. What took too long is halved too.
    """

    def __init__(
        self,
        run: Callable[[list[In]], Awaitable[Sequence[Out | BaseException | RunAlone]]],
        *,
        run_alone: Callable[[In], Awaitable[Out]] | None = None,
        lane_of: Callable[[In], Hashable] = lambda _: None,
        weigh: Callable[[In], int] = lambda _: 1,
        window_seconds: float = 0.002,
        max_items: int = 500,
        service: str = "",
        door: str = "",
    ) -> None:
        self._run = run
        self._run_alone = run_alone
        self._lane_of = lane_of
        self._weigh = weigh
        self._window_seconds = window_seconds
        self._max_items = max_items  # by weight; one that is heavier goes alone
        self._lanes: dict[Hashable, _Lane[In, Out]] = {}
        # Semaphores give places in the order of asking: fair turns.
        self._places = asyncio.Semaphore(BATCHES_MAX)
        self._places_alone = asyncio.Semaphore(ALONE_MAX)
        self._sizes = telemetry.GATHERED.labels(service, door) if door else None

    async def submit(self, item: In) -> Out:
        """The result for one item, once its batch is through."""
        key = self._lane_of(item)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        future: asyncio.Future[Out] = asyncio.get_running_loop().create_future()
        if self._run_alone is not None and self._weigh(item) > self._max_items:
            self._put_apart(key, lane, [(item, future)])
        else:
            lane.waiting.append((item, future))
            if lane.task is None:
                lane.task = _spawn(self._drain(key, lane))
            elif lane.enough is not None and len(lane.waiting) >= lane.expected:
                _release(lane.enough)
        return await future

    async def close(self) -> None:
        """Wait until everything submitted is through."""
        while tasks := [
            task
            for lane in self._lanes.values()
            for task in (lane.task, lane.task_alone)
            if task is not None
        ]:
            await asyncio.wait(tasks)

    # ------------------------------------------------------------------ batches

    async def _drain(self, key: Hashable, lane: "_Lane[In, Out]") -> None:
        try:
            follows = False
            while lane.waiting:
                if follows:
                    await self._await_company(lane)
                async with self._places:
                    batch = self._take(lane)
                    if batch:
                        lane.expected = min(len(batch), self._max_items)
                        if self._sizes is not None:
                            self._sizes.observe(len(batch))
                        await self._settle(key, lane, batch)
                await asyncio.sleep(0)  # callers that were answered may submit again
                follows = bool(batch)
        finally:
            lane.task = None
            self._forget_idle(key, lane)

    async def _await_company(self, lane: "_Lane[In, Out]") -> None:
        if len(lane.waiting) >= lane.expected or self._window_seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        lane.enough = loop.create_future()
        timer = loop.call_later(self._window_seconds, _release, lane.enough)
        try:
            await lane.enough
        finally:
            timer.cancel()
            lane.enough = None

    def _take(self, lane: "_Lane[In, Out]") -> list[_Waiting[In, Out]]:
        batch: list[_Waiting[In, Out]] = []
        room = self._max_items
        while lane.waiting:
            item, future = lane.waiting[0]
            if not future.done():  # whoever went away before the start needs nothing done
                room -= self._weigh(item)
                if batch and room < 0:
                    break
                batch.append((item, future))
            lane.waiting.popleft()
        return batch

    async def _settle(
        self, key: Hashable, lane: "_Lane[In, Out]", batch: list[_Waiting[In, Out]]
    ) -> None:
        try:
            results = await self._run([item for item, _ in batch])
            assert len(results) == len(batch), "a batch gives one result per item"
        except Exception as error:  # noqa: BLE001 - handed to the callers, nothing is swallowed
            if len(batch) == 1 or _hits_all(error):
                for _, future in batch:
                    _fail(future, error)
                return
            middle = len(batch) // 2
            await self._settle(key, lane, batch[:middle])
            await self._settle(key, lane, batch[middle:])
        except BaseException:  # the process is ending
            for _, future in batch:
                future.cancel()
            raise
        else:
            apart = []
            for (item, future), result in zip(batch, results, strict=True):
                if isinstance(result, RunAlone):
                    apart.append((item, future))
                elif isinstance(result, BaseException):
                    _fail(future, result)
                elif not future.done():
                    future.set_result(result)
            if apart:
                self._put_apart(key, lane, apart)

    # ------------------------------------------------------------------ heavy items

    def _put_apart(
        self, key: Hashable, lane: "_Lane[In, Out]", items: list[_Waiting[In, Out]]
    ) -> None:
        lane.apart.extend(items)
        if lane.task_alone is None:
            lane.task_alone = _spawn(self._drain_apart(key, lane))

    async def _drain_apart(self, key: Hashable, lane: "_Lane[In, Out]") -> None:
        assert self._run_alone is not None, "a runner that leaves items out needs `run_alone`"
        try:
            while lane.apart:
                async with self._places_alone:
                    item, future = lane.apart.popleft()
                    if future.done():
                        continue
                    try:
                        result = await self._run_alone(item)
                    except Exception as error:  # noqa: BLE001 - handed to the caller
                        _fail(future, error)
                    except BaseException:
                        future.cancel()
                        raise
                    else:
                        if not future.done():
                            future.set_result(result)
        finally:
            lane.task_alone = None
            self._forget_idle(key, lane)

    def _forget_idle(self, key: Hashable, lane: "_Lane[In, Out]") -> None:
        if lane.task is None and lane.task_alone is None and not lane.waiting and not lane.apart:
            self._lanes.pop(key, None)


class _Lane(Generic[In, Out]):
    """What waits of one lane, and who is at work on it."""

    def __init__(self) -> None:
        self.waiting: deque[_Waiting[In, Out]] = deque()
        self.task: asyncio.Task[None] | None = None
        self.enough: asyncio.Future[None] | None = None
        self.expected = 0
        self.apart: deque[_Waiting[In, Out]] = deque()
        self.task_alone: asyncio.Task[None] | None = None


def _spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    # A context of its own: the batch is nobody's request in particular.
    return asyncio.get_running_loop().create_task(work, context=contextvars.Context())


def _hits_all(error: Exception) -> bool:
    return isinstance(error, AppError) and error.retriable and not isinstance(error, TookTooLong)


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[Out], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
