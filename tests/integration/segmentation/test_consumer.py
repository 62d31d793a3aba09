"""Events from producers' logs into accounts, each once, with no more lag in the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from services.segmentation import consumer
from shared.clock import monotonic
from shared.database import Database
from shared.log.consume import OutboxSource, run_consumer
from shared.log.lag import Reader, lag
from tests.integration.segmentation.helpers import (
    context_for,
    growing_old,
    publish,
    said,
    segments_of,
)
from tests.unit.segmentation.builders import Story

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


def owing(account_id: str, minor: int) -> Story:
    """A month past due with a sum, and over a limit: the invoices themselves stand for many."""
    story = Story(account_id=account_id).registered(0, credit_limit_minor=10_000)
    story.issued("I1", 1, due=14, balance=1)
    return story.overdue("I1", 45, due=14, stage=31, balance=minor, overdue=minor)


async def test_sums_beyond_64_bits_are_amounts_like_others(
    client: httpx.AsyncClient, segmentation_db: Database, other_db: Database
) -> None:
    sums = {f"C{number}": 2**66 + number for number in range(1, 8)}
    async with consuming(segmentation_db, other_db) as readers:
        for account_id, minor in sums.items():
            await publish(other_db, owing(account_id, minor).events)

        async def caught_up() -> bool:
            return (await lag(segmentation_db, readers)).behind == 0

        await until(caught_up)
    assert await segmentation_db.fetch("select id from dead_letters") == []
    for account_id, minor in sums.items():
        score = (await client.get(f"/v1/accounts/{account_id}/score")).json()
        expected = minor * round(score["probability"] * 1_000_000) // 1_000_000
        assert score["expected_recovery_minor"] == expected > 17 * 10**18
        assert isinstance(score["priority"], int)
        assert score["priority"] > 2**63
    seen: list[tuple[int, str]] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        body = (await client.get("/v1/accounts", params=query)).json()
        assert all(isinstance(item["priority"], int) for item in body["items"])
        seen += [(-item["priority"], item["account_id"]) for item in body["items"]]
        if body["next_cursor"] is None:
            break
        query["cursor"] = body["next_cursor"]
    assert seen == sorted(seen)
    assert {account_id for _, account_id in seen} == set(sums)
    warned = (await client.get("/v1/warnings")).json()["items"]
    assert {item["figures"]["balance_minor"] for item in warned} == set(sums.values())
    assert all(item["priority"] > 2**63 for item in warned)


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
