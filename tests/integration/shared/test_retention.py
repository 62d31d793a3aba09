"""What is forgotten with time, by every worker, a slice at a time."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared import clock
from shared.database import Database, retention
from shared.database.retention import ANSWERS, forget, kept_for
from shared.log import outbox
from shared.log.positions import Position
from shared.log.runtime import Runtime
from shared.log.sources import OutboxSource
from shared.process.settings import Common
from tests.integration.shared.rig import PATIENCE, an_event, until

_ANSWER = (
    "insert into idempotency_keys (tenant, route, key, request_hash, created_at)"
    " select 'demo', 'POST /x', n::text, '', now() - make_interval(hours => $1)"
    " from generate_series($2::int, $3::int) n"
)


async def keys(db: Database, what: str = "count(*)") -> list[int]:
    return [row[0] for row in await db.fetch(f"select {what} from idempotency_keys")]


async def say_revisions(db: Database, key: str, numbers: Sequence[int]) -> None:
    for n in numbers:
        async with db.transaction() as session:
            event = an_event(key, n, topic="ledger.contacts", type="contact-details")
            outbox.append(session, [event])


async def left(db: Database) -> list[tuple[str, str, int]]:
    rows = await db.fetch("select aggregatetype, aggregateid, sequence from outbox order by seq")
    return [tuple(row) for row in rows]


async def test_answers_are_forgotten_after_their_day_in_slices(
    producer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS_MAX", 10)
    await producer.fetch(_ANSWER, 25, 1, 35)
    await producer.fetch(_ANSWER, 23, 36, 40)
    assert await forget(producer, ANSWERS, asyncio.Event()) == 35
    assert await keys(producer) == [5]
    assert await forget(producer, ANSWERS, asyncio.Event()) == 0


async def test_a_clock_that_runs_ahead_makes_nothing_old(
    producer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await producer.fetch(_ANSWER, 1, 1, 5)
    ahead = clock.now() + timedelta(days=60)
    monkeypatch.setattr(clock, "now", lambda: ahead)
    assert await forget(producer, ANSWERS, asyncio.Event()) == 0


async def test_of_a_compacted_topic_only_the_newest_row_of_a_key_is_kept(
    producer: Database,
) -> None:
    await say_revisions(producer, "A", [1, 2, 3])
    await say_revisions(producer, "B", [1])
    for n in (1, 2):
        async with producer.transaction() as session:
            outbox.append(session, [an_event("A", n, topic="ledger.events")])
    await say_revisions(producer, "A", [4])
    source = OutboxSource(producer, ("ledger.contacts",))

    async def from_the_second(source_id: str, parts: Sequence[str]) -> dict[str, Position]:
        return dict.fromkeys(parts, Position(2, None))

    await source.open(from_the_second)  # a reader that has not come further
    assert await forget(producer, outbox.SUPERSEDED, asyncio.Event()) == 3
    assert await left(producer) == [
        ("ledger.contacts", "demo/B", 1),
        ("ledger.events", "demo/A", 1),
        ("ledger.events", "demo/A", 2),
        ("ledger.contacts", "demo/A", 4),
    ]
    found = await source.poll(10, 1.0)
    assert found is not None
    assert len(found.records) == 2, "it still gets what holds for each key"


async def test_an_erased_key_keeps_its_tombstone_alone(producer: Database) -> None:
    await say_revisions(producer, "A", [1, 2])
    async with producer.transaction() as session:
        gone = an_event("A", 3, topic="ledger.contacts", type="contact-details", data=None)
        await outbox.erase(session, gone)
    await forget(producer, outbox.SUPERSEDED, asyncio.Event())
    rows = await producer.fetch("select sequence, payload from outbox")
    assert [tuple(row) for row in rows] == [(3, None)]


@pytest.mark.parametrize("service", ["ledger", "metrics"])
async def test_every_worker_forgets(
    producer: Database, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setattr(retention, "FIRST_AFTER_SECONDS", 0.0)
    await producer.fetch(_ANSWER, 25, 1, 5)
    await say_revisions(producer, "A", [1, 2])
    common = Common.from_env({"RECOUP_LOCAL": "1"})
    runtime = Runtime(service, common, producer, [], producer_urls={})
    stop = asyncio.Event()
    work = asyncio.create_task(runtime.work(stop, forgets=kept_for("effects", "at", 1)))

    async def is_done() -> bool:
        return await keys(producer) == [0] and len(await left(producer)) == (
            1 if service == "ledger" else 2  # who writes no compacted topic looks for none
        )

    try:
        await until(is_done, "the worker forgets; a rule that fails stops nobody")
    finally:
        stop.set()
        await asyncio.wait_for(work, PATIENCE)
        await runtime.close()


def test_for_ever_is_no_rule() -> None:
    assert kept_for("story", "at", None) == ()
