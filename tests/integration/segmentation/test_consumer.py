"""Events from producers' logs into accounts, each once, with no more lag in the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from services.segmentation import consumer
from shared.clock import monotonic
from shared.database import Database
from shared.log.consume import OutboxSource, Reader, lag, run_consumer
from tests.integration.segmentation.helpers import (
    context_for,
    growing_old,
    publish,
    said,
    segments_of,
)

PATIENCE_SECONDS = 120.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    end = monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def consuming(db: Database, producer: Database) -> AsyncIterator[list[Reader]]:
    """The worker's consumer, over one log that holds both topics."""
    sources = [OutboxSource(producer, (topic,)) for topic in consumer.TOPICS]
    own = consumer.subscription(context_for(db))
    stop = asyncio.Event()
    task = asyncio.create_task(run_consumer(db, own, sources, stop=stop))
    try:
        yield [Reader(consumer.CONSUMER, source) for source in sources]
    finally:
        stop.set()
        await task


async def test_events_flow_from_the_log_to_announcements(
    segmentation_db: Database, other_db: Database
) -> None:
    async with consuming(segmentation_db, other_db) as readers:
        story = growing_old().contacted(46)
        await publish(other_db, story.events)

        async def caught_up() -> bool:
            return (await lag(segmentation_db, readers)).behind == 0

        await until(caught_up)
        assert await segments_of(segmentation_db) == ["current", "reminder", "negotiate"]


async def test_a_restart_takes_nothing_twice(segmentation_db: Database, other_db: Database) -> None:
    story = growing_old()
    await publish(other_db, story.events)

    async def settled() -> bool:
        return len(await segments_of(segmentation_db)) == 3

    async with consuming(segmentation_db, other_db):
        await until(settled)
    before = await said(segmentation_db)
    paid = story.paid("P1", 50, {"I1": 10_000}).events[-1:]
    await publish(other_db, paid)
    async with consuming(segmentation_db, other_db):

        async def paid_too() -> bool:
            return len(await segments_of(segmentation_db)) == 4

        await until(paid_too)
    assert (await said(segmentation_db))[: len(before)] == before
    # Read again from the beginning, as after a move to another source: all are repeats.
    async with segmentation_db.transaction() as session:
        await session.execute("delete from positions")
    everything = await said(segmentation_db)
    async with consuming(segmentation_db, other_db) as readers:

        async def caught_up() -> bool:
            return (await lag(segmentation_db, readers)).behind == 0

        await until(caught_up)
    assert await said(segmentation_db) == everything
