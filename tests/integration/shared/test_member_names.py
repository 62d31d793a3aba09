"""Workers of one service side by side, on one host: each has a name of its own, and keeps it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import pytest

from shared.database import Database
from shared.errors import Unavailable
from shared.log.kafka import KafkaSource, NameTaken, TopicSpec, create_topics
from shared.log.member_names import MemberName
from shared.log.positions import Position
from tests.integration.shared.rig import PATIENCE, Running, until

_HOLDERS = "select pid from pg_locks where locktype = 'advisory' and granted"


class Worker:
    """As much of one as has a name."""

    def __init__(self, db: Database, base: str = "host") -> None:
        self.named = MemberName(db, base)
        stop = asyncio.Event()
        self.running = Running(stop, asyncio.create_task(self.named.keep(stop)))

    async def name(self) -> str:
        return await self.named.wait()


async def end_holders(db: Database) -> None:
    """The server cuts off whoever holds a name, as it does when it is restarted."""
    await db.fetch(f"select pg_terminate_backend(pid) from ({_HOLDERS}) holders")


async def test_the_second_takes_a_number_and_the_next_one_the_name_that_is_free(
    producer: Database,
) -> None:
    first, second = Worker(producer), Worker(producer)
    named = {await first.name(), await second.name()}
    assert named == {"host", "host-2"}
    gone = await first.name()
    await first.running.kill()
    third = Worker(producer)
    assert await third.name() == gone
    other = Worker(producer, "other")
    assert await other.name() == "other"
    for worker in (second, third, other):
        await worker.running.end()


async def test_a_name_outlives_the_connection_that_holds_it(
    producer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.log.member_names.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("shared.log.member_names.RETRY_SECONDS", 0.01)
    worker = Worker(producer)
    assert await worker.name() == "host"
    before = await producer.fetch(_HOLDERS)
    await end_holders(producer)

    async def is_held_again() -> bool:
        return await producer.fetch(_HOLDERS) not in ([], before)

    await until(is_held_again, "the name is held again")
    assert await worker.name() == "host"
    await worker.running.end()


async def test_whoever_lost_a_name_to_another_ends_and_says_so(
    producer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.log.member_names.LOOK_SECONDS", 0.01)
    worker = Worker(producer)
    assert await worker.name() == "host"
    monkeypatch.setattr("shared.log.member_names.RETRY_SECONDS", 0.3)
    await end_holders(producer)
    other = Worker(producer)
    assert await other.name() == "host"
    with pytest.raises(NameTaken, match="host was lost"):
        await asyncio.wait_for(worker.running.task, PATIENCE)
    await other.running.end()


@pytest.mark.kafka
async def test_two_readers_under_one_name_end_in_words_and_not_in_a_war(kafka: str) -> None:
    """Their names are held in different databases, so nothing but Kafka could tell them apart."""
    topic = f"t{uuid4().hex[:8]}.events"
    await create_topics(kafka, [TopicSpec(topic, 4, 1, {"cleanup.policy": "delete"})])

    async def name() -> str:
        return "host"

    async def positions(_cluster: str, parts: Sequence[str]) -> dict[str, Position]:
        return dict.fromkeys(parts, Position(0, None))

    async def read(source: KafkaSource) -> None:
        """As a consumer does: what is `Unavailable` is tried again."""
        is_open = False
        while True:
            with suppress(Unavailable):
                if not is_open:
                    await source.open(positions)
                    is_open = True
                await source.poll(10, 0.1)

    sources = [KafkaSource(kafka, (topic,), f"group-{topic}", member=name) for _ in range(2)]
    readers = [asyncio.create_task(read(source)) for source in sources]
    done, left = await asyncio.wait(readers, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    for reader in left:
        reader.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    for source in sources:
        await source.close()
    failures = [reader.exception() for reader in done]
    assert any(isinstance(failure, NameTaken) for failure in failures), failures
