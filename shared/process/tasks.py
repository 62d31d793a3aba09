"""Small helpers for long-running tasks: run together, end, wait for the first, pause."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from typing import Any

from shared import clock
from shared.process import parts
from shared.process.watchdog import exit_now

AGAIN_SECONDS = 5.0  # until who did not end is cancelled again: as long as cleaning up may take
END_SECONDS_MAX = 30.0  # then the process ends without it


async def together(*works: Coroutine[Any, Any, None], ending: asyncio.Event | None = None) -> None:
    """Run them all until they end; the first failure stops the others and is raised.

    `ending` is set then: who looks at it ends by itself, and in its own time.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        if ending is not None:
            ending.set()
        await end(tasks)
    for task in done:
        task.result()


async def end(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel them until all are over; one that refuses for too long takes the process with it.

    A task may lose a cancellation: one that arrives together with what it was waiting for, or one
    that a library takes for its own. So it is asked again. Being cancelled changes nothing here
    (who was told to end would be left behind); it is passed on at the end.
    """
    left = {task for task in tasks if not task.done()}
    until = clock.monotonic() + END_SECONDS_MAX
    was_cancelled = False
    while left:
        if clock.monotonic() >= until:
            exit_now(f"{_names_of(left)} did not end within {END_SECONDS_MAX:g} s")
        for task in left:
            task.cancel()
        try:
            _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
        except asyncio.CancelledError:
            was_cancelled = True
            left = {task for task in left if not task.done()}
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen: what it ended with is nobody's business any more
    if was_cancelled:
        raise asyncio.CancelledError


def _names_of(tasks: Iterable[asyncio.Future[Any]]) -> str:
    return ", ".join(
        task.get_coro().__qualname__  # type: ignore[union-attr]
        if isinstance(task, asyncio.Task)
        else repr(task)
        for task in tasks
    )


async def first(*waits: Coroutine[Any, Any, Any], timeout: float) -> None:
    """Until one of them is over, at most `timeout` seconds."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but not beyond `stop`. A part of the process is silent on purpose meanwhile."""
    parts.turn(resting=seconds)
    if seconds > 0 and not stop.is_set():
        await first(stop.wait(), timeout=seconds)
        parts.turn()
