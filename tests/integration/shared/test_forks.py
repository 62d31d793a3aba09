"""A producer's database brought back from a copy, beneath readers that had gone on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest

from deploy.local import databases
from shared.database import Database
from shared.errors import AppError, Conflict, Unavailable
from shared.log import dead_letters, epochs
from shared.log.forks import REASON
from shared.log.lag import Reader, lag
from tests.integration.shared.rig import Rig, an_event, until


@dataclass
class Copy:
    """A copy of a producer's database, as `cp` of its files would be."""

    server: str
    name: str
    of: str

    async def bring_back(self) -> None:
        """Put it in the place of the original; whoever is connected is thrown out."""
        await databases.drop(self.server, self.of)
        await databases.create(self.server, self.of, template=self.name)


@asynccontextmanager
async def copied(db: Database, server: str) -> AsyncIterator[Copy]:
    copy = Copy(server, f"test_{uuid4().hex[:12]}", db.address.database)
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'alter database "{copy.of}" allow_connections false')
        await connection.fetch(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1",
            copy.of,
        )
        await databases.create(server, copy.name, template=copy.of)
        await connection.execute(f'alter database "{copy.of}" allow_connections true')
        await connection.execute(f'alter database "{copy.name}" allow_connections true')
    finally:
        await connection.close()
    try:
        yield copy
    finally:
        await databases.drop(server, copy.name)


async def raise_epoch(db: Database, epoch: int = 7) -> None:
    async with db.transaction() as session:
        await epochs.raise_to(session, epoch)


async def say(rig: Rig, key: str, name: str) -> None:
    """Something of the new history."""

    async def is_said() -> bool:
        try:
            await rig.say(an_event(key, 0, topic=rig.topic, cause=name, entity=name))
        except (Unavailable, asyncpg.PostgresError):
            return False
        return True

    await until(is_said, "the restored database answers")


async def parked_for_a_fork(rig: Rig, expected: int = 1) -> None:
    async def is_parked() -> bool:
        rows = await rig.consumer.fetch("select count(*) from heads where is_parked")
        return int(rows[0][0]) == expected

    await until(is_parked, f"{expected} accounts are parked")


@pytest.mark.parametrize("is_marked", [False, True])
async def test_a_producer_restored_alone_parks_who_knows_the_lost_time(
    rig: Rig, postgres: str, is_marked: bool
) -> None:
    running = rig.consume()
    await rig.say_n("A", 1, 2)
    await rig.say_n("B", 1, 1)
    await rig.saw("A", [1, 2])
    await rig.relayed()
    async with copied(rig.producer, postgres) as copy:
        await say(rig, "A", "lost")
        await rig.saw("A", [1, 2, 3])
        await rig.saw("B", [1])
        await rig.relayed()
        await copy.bring_back()
        if is_marked:
            await until_answers(rig.producer)
            await raise_epoch(rig.producer)
        await say(rig, "A", "new")
        await say(rig, "A", "newer")
        await say(rig, "B", "new")
        await parked_for_a_fork(rig)
        await rig.saw("A", [1, 2, 3])  # neither dropped in silence nor mixed
        await rig.saw("B", [1, 2])  # its reader knows nothing of the lost time: it goes on
    (letter, *_) = await dead_letters.list_dead_letters(rig.consumer)
    assert letter.reason.startswith(REASON)
    assert (letter.tenant, letter.key, letter.sequence) == ("demo", "A", 3)
    report = await lag(rig.consumer, [Reader("metrics", rig.log())])
    assert [(item.parked_accounts, item.forked_accounts) for item in report.items] == [(1, 1)]
    with pytest.raises(Conflict, match="another history"):
        await dead_letters.replay(rig.consumer, letter.id)
    await running.end()


async def until_answers(db: Database) -> None:
    async def answers() -> bool:
        try:
            await db.fetch("select 1")
        except (AppError, asyncpg.PostgresError):
            return False
        return True

    await until(answers, "the database answers")


async def test_a_reader_that_stood_still_meanwhile_finds_out_when_it_starts(
    producer: Database, consumer: Database, postgres: str
) -> None:
    """Row numbers were given again up to where it had read, and beyond: it must not skip them."""
    rig = Rig(producer, consumer, None)
    running = rig.consume()
    await rig.say_n("A", 1, 2)
    await rig.saw("A", [1, 2])
    async with copied(producer, postgres) as copy:
        await say(rig, "A", "lost")
        await rig.saw("A", [1, 2, 3])
        await running.end()
        await copy.bring_back()
        for name in ("new", "newer", "newest"):
            await say(rig, "B", name)
        await say(rig, "A", "new")
        rig.consume()
        await rig.saw("B", [1, 2, 3])
        await parked_for_a_fork(rig)
        await rig.saw("A", [1, 2, 3])
    await rig.close()


async def test_skipping_a_fork_gives_up_that_event_only(
    producer: Database, consumer: Database, postgres: str
) -> None:
    rig = Rig(producer, consumer, None)
    rig.consume()
    await rig.say_n("A", 1, 1)
    await rig.saw("A", [1])
    async with copied(producer, postgres) as copy:
        await say(rig, "A", "lost")
        await rig.saw("A", [1, 2])
        await copy.bring_back()
        await say(rig, "A", "new")
        await parked_for_a_fork(rig)
        await say(rig, "A", "newer")
        await rig.holds("waiting", 1, "what follows waits")
        (letter,) = await dead_letters.list_dead_letters(consumer)
        await dead_letters.skip(consumer, letter.id, "the payment was booked by hand")
        await rig.saw("A", [1, 2, 3])
        rows = await consumer.fetch("select sequence from skips")
        assert [row[0] for row in rows] == [None]  # number 2 is what was taken in
        await producer.fetch("update database_ids set epoch = 7")  # all is read again

        async def is_read_again() -> bool:
            rows = await consumer.fetch("select position from positions where source like '%/7'")
            return [row[0] for row in rows] == [3]

        await until(is_read_again, "all is read again under the new epoch")
        assert await rig.count("dead_letters") == 0  # the decision stands
        assert await rig.effects("A") == [1, 2, 3]
    await rig.close()


async def test_an_epoch_goes_along_and_one_is_left_out(rig: Rig) -> None:
    await rig.say_n("A", 1, 1)
    await raise_epoch(rig.producer)
    await asyncio.sleep(0)
    await rig.say_n("A", 2, 2)
    rows = await rig.producer.fetch("select headers::jsonb -> 'epoch' from outbox order by seq")
    assert [row[0] for row in rows] == [None, "7"]
    rig.consume()
    await rig.saw("A", [1, 2])
    heads = await rig.consumer.fetch("select epoch, epoch_from, length(recent) from heads")
    assert [tuple(row) for row in heads] == [(7, 2, 16)]


async def test_who_remembers_a_database_learns_that_a_copy_took_its_place(
    producer: Database, consumer: Database, postgres: str
) -> None:
    said: list[str] = []
    db = Database(producer.url, when_replaced=said.append)
    async with copied(producer, postgres) as copy:
        await until_answers(db)
        connection = await db.connect()
        await connection.close()
        assert said == []
        await copy.bring_back()
        await until_answers(db)
        assert len(said) == 1
        connection = await db.connect()
        await connection.close()
        assert len(said) == 1
    await db.close()
