"""All figures made again from the log, beside those in use; then they take their place.

One process makes them at a time. Whoever is killed at it leaves them as they are, and the next one
goes on.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from services.metrics.commands import Folding
from services.metrics.processes.merging import merge_all, run_merging
from services.metrics.store import generations
from services.metrics.store.generations import Generation
from shared import clock
from shared.database import Database
from shared.process.crash import crash_point
from shared.process.tasks import pause, together

LOOK_SECONDS = 0.5
_MERGE_SECONDS = 30.0  # nobody reads it yet
_MERGE_ROWS = 500_000


class Progress(NamedTuple):
    """How far a rebuild is."""

    behind: int
    total: int


class Reading(Protocol):
    """How a generation reads the log."""

    async def read(self, folding: Folding, stop: asyncio.Event, *, is_guest: bool) -> None:
        """Fold what it says, until stopped."""
        ...

    async def progress(self, generation: Generation) -> Progress:
        """How far the generation has come."""
        ...


Show = Callable[[int], None]


async def rebuild(
    db: Database,
    reading: Reading,
    generation: Generation,
    stop: asyncio.Event,
    *,
    is_guest: bool = False,
    show: Show | None = None,
) -> bool:
    """Make the generation and put it in use. False: another process is at it, or `stop` came."""
    async with generations.making(db) as may:
        if not may:
            return False
        folding = Folding(generation.number, is_live=False, rows_before_merge=_MERGE_ROWS)
        ending, done = asyncio.Event(), asyncio.Event()
        await together(
            reading.read(folding, ending, is_guest=is_guest),
            run_merging(db, folding, stop=ending, seconds=_MERGE_SECONDS),
            _finish(db, reading, folding, generation, stop, ending, done, show),
            ending=ending,
        )
        return done.is_set()


async def _finish(
    db: Database,
    reading: Reading,
    folding: Folding,
    generation: Generation,
    stop: asyncio.Event,
    ending: asyncio.Event,
    done: asyncio.Event,
    show: Show | None,
) -> None:
    """Look how far it is; when nothing is behind twice in a row, it is put in use."""
    since, first_behind, quiet = clock.monotonic(), -1, 0
    try:
        while not stop.is_set():
            behind, total = await reading.progress(generation)
            if first_behind < 0:
                first_behind = behind
            seconds = max(clock.monotonic() - since, 0.001)
            per_s = max(0.0, (first_behind - behind) / seconds)
            await generations.note_progress(
                db, generation.number, behind=behind, total=total, events_per_s=per_s
            )
            quiet = 0 if behind else quiet + 1
            if show is not None:
                show(behind)
            if quiet >= 2:
                await merge_all(db, generation.number, stop)
                crash_point("metrics.rebuild.before_swap")
                folding.is_live = True  # what comes from now on is told, as soon as it is in use
                if await generations.swap(db, generation.number):
                    done.set()
                    return
                folding.is_live = False
            await pause(stop, LOOK_SECONDS)
    finally:
        ending.set()
