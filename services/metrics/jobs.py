"""Door 3: the clock. A worker folds into the figures in use and merges behind; it makes figures
anew where this release has other rules, and drops those that are in use no more."""

import asyncio

from services.metrics.commands import Folding
from services.metrics.context import Context
from services.metrics.domain.version import FIGURES_VERSION
from services.metrics.processes.merging import run_merging
from services.metrics.processes.rebuilding import Reading, rebuild
from services.metrics.store import generations
from services.metrics.store.generations import Generation
from shared.process.failures import survived
from shared.process.tasks import pause, together
from shared.process.telemetry import logger

LOOK_SECONDS = 1.0
_REBUILD_LOOK_SECONDS = 5.0

log = logger(__name__)


async def run_folding(context: Context, reading: Reading, *, stop: asyncio.Event) -> None:
    """Fold into the figures in use, whichever these are. Those of other rules are left alone."""
    while not stop.is_set():
        generation: Generation | None = None
        with survived("metrics", "folding"):
            generation = await generations.current(context.db)
        if generation is not None and not generation.is_stale:
            await _fold(context, reading, generation, stop)
        else:
            await pause(stop, LOOK_SECONDS)


async def _fold(
    context: Context, reading: Reading, generation: Generation, stop: asyncio.Event
) -> None:
    """Until another generation is in use."""
    log.info("figures.in_use", generation=generation.number, consumer=generation.consumer)
    ending = asyncio.Event()
    folding = Folding(generation.number)
    await together(
        reading.read(folding, ending, is_guest=False),
        run_merging(context.db, folding, stop=ending),
        _until_replaced(context, generation, stop, ending),
        ending=ending,
    )


async def _until_replaced(
    context: Context, generation: Generation, stop: asyncio.Event, ending: asyncio.Event
) -> None:
    while not stop.is_set():
        with survived("metrics", "folding"):
            if (await generations.current(context.db)).number != generation.number:
                break
        await pause(stop, LOOK_SECONDS)
    ending.set()


async def run_rebuilding(context: Context, reading: Reading, *, stop: asyncio.Event) -> None:
    """Go on with a rebuild that was begun, and begin one where the rules are others than those of
    the figures in use; drop what was in use a day ago."""
    while not stop.is_set():
        begun: Generation | None = None
        with survived("metrics", "rebuilding"):
            begun = await _begun(context)
            if begun is None:
                for number in await generations.drop_old(context.db):
                    log.info("figures.dropped", generation=number)
        if begun is not None and await rebuild(context.db, reading, begun, stop):
            log.info("figures.rebuilt", generation=begun.number)
        await pause(stop, _REBUILD_LOOK_SECONDS)


async def _begun(context: Context) -> Generation | None:
    """The generation to make: one of this release's rules."""
    in_use = await generations.current(context.db)
    if in_use.version < FIGURES_VERSION:  # a newer release's figures are left alone
        return await generations.begin(context.db)
    found = await generations.building(context.db)
    return found if found is not None and not found.is_stale else None
