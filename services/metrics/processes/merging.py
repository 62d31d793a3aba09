"""Merging what folds append: behind them, and never in their way."""

import asyncio

from services.metrics.commands import Folding
from services.metrics.store import merging as store
from shared.database import Database
from shared.process.failures import survived
from shared.process.tasks import first, pause

MERGE_SECONDS = 5.0
_VACUUM_ROWS = 100_000


async def run_merging(
    db: Database, folding: Folding, *, stop: asyncio.Event, seconds: float = MERGE_SECONDS
) -> None:
    """Merge every few seconds, or as soon as there are many rows, until `stop`."""
    merged, rings = 0, folding.is_full.rings
    while not stop.is_set():
        with survived("metrics", "merge"):
            merged += await merge_all(db, folding.generation, stop)
            if merged >= _VACUUM_ROWS:
                merged = 0
                await store.vacuum(db, folding.generation)
        await pause(stop, 0.0)
        await first(stop.wait(), folding.is_full.wait(rings, seconds), timeout=seconds)
        rings = folding.is_full.rings


async def merge_all(db: Database, generation: int, stop: asyncio.Event | None = None) -> int:
    """Merge until nothing is new; how many rows that was."""
    merged = rows = 0
    while stop is None or not stop.is_set():
        rows = await store.merge(db, generation)
        merged += rows
        if rows < store.MERGE_ROWS_MAX:
            break
    return merged
