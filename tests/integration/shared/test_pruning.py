"""Outbox rows that everybody has and nobody wants kept are dropped, whoever reads them."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from shared.database import Database
from shared.log import outbox, positions
from shared.log.pruning import prune
from shared.log.relay import run_relay
from shared.log.sources import OutboxSource
from shared.log.wire import OutboxRow
from tests.integration.shared.rig import PATIENCE, an_event

TOPIC = "ledger.events"


async def say(producer: Database, topic: str = TOPIC) -> None:
    async with producer.transaction() as session:
        outbox.append(session, [an_event("A", 1, topic=topic)])


class Busy:
    """A cluster that gets the next event while the relay hands it one: there is always work."""

    def __init__(self, producer: Database, stop: asyncio.Event) -> None:
        self._producer, self._stop = producer, stop
        self.waves = 0

    async def id(self) -> str:
        return "cluster"

    async def publish(self, rows: Sequence[OutboxRow]) -> None:
        await say(self._producer)
        self.waves += 1
        if self.waves == 3:
            self._stop.set()

    async def restart(self) -> None: ...

    async def close(self) -> None: ...


async def test_a_relay_that_is_never_idle_prunes_too(producer: Database) -> None:
    for _ in range(4):
        await say(producer)
    await producer.fetch("update outbox set recorded_at = now() - interval '9 days' where seq <= 3")
    await positions.load(producer, "relay", "cluster", ["outbox"])
    await producer.fetch("update positions set position = 3")
    stop = asyncio.Event()
    busy = Busy(producer, stop)
    await asyncio.wait_for(
        run_relay(producer, busy, stop=stop, topics=(TOPIC,), keep_days=7), PATIENCE
    )
    assert busy.waves == 3
    (row,) = await producer.fetch("select min(seq), count(*) from outbox")
    assert tuple(row) == (4, 4)


async def test_without_kafka_pruning_keeps_what_any_reader_of_the_topic_lacks(
    producer: Database, consumer: Database
) -> None:
    other = "ledger.contacts"
    for topic in (TOPIC, other, TOPIC, "outreach.events"):
        await say(producer, topic)
    await producer.fetch("update outbox set recorded_at = now() - interval '9 days'")
    source = await producer.database_id()
    both = f"{other},{TOPIC}"
    await positions.load(consumer, "metrics", source, [both])
    assert await prune(producer, [producer, consumer], 7) == 0  # nobody took anything in
    async with consumer.transaction() as session:
        assert await positions.move(session, "metrics", source, {both: (0, 3)})
    assert await prune(producer, [producer, consumer], 10) == 0
    assert await prune(producer, [producer, consumer], 7) == 2
    rows = await producer.fetch("select aggregatetype from outbox order by seq")
    assert [row[0] for row in rows] == [other, "outreach.events"]


async def test_a_log_that_was_idle_for_weeks_is_still_the_log_that_was_read(
    producer: Database, consumer: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        await say(producer)
    await producer.fetch("update outbox set recorded_at = now() - interval '9 days'")
    source = OutboxSource(producer, (TOPIC,))
    await source.open(partial(positions.load, consumer, "metrics"))
    polled = await source.poll(10, 0.0)
    assert polled is not None
    async with consumer.transaction() as session:
        moves = polled.moves
        assert await positions.move(session, "metrics", await source.id(), moves)
    assert await prune(producer, [producer, consumer], 7) == 2
    await source.maintain()
    assert "source.replaced" not in capsys.readouterr().out
    await say(producer)
    news = await source.poll(10, 1.0)
    assert news is not None
    assert [record.seq for record in news.records if isinstance(record, OutboxRow)] == [4]
