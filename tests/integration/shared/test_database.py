"""Transactions: all or nothing, the outbox last of all, and clean connections whatever happens."""

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
import pytest

from shared.database import Database, Wakeup, database
from shared.errors import Invalid, TookTooLong, Unavailable
from shared.log import outbox
from tests.integration.shared.rig import Paid, an_event, until

TOPIC = "ledger.events"


async def test_what_was_said_is_numbered_and_written_in_order(producer: Database) -> None:
    async with producer.transaction() as session:
        outbox.append(session, [an_event("A", 1, topic=TOPIC), an_event("B", 2, topic=TOPIC)])
        outbox.append(session, [an_event("A", 3, topic=TOPIC)])
        assert await session.fetchval("select count(*) from outbox") == 0  # only collected
    async with producer.transaction() as session:
        outbox.append(session, [an_event("A", 4, topic=TOPIC)])
    rows = await outbox.read(producer, after=0, topics=(TOPIC,), limit=10)
    assert [(row.key, row.sequence) for row in rows] == [
        ("demo/A", 1),
        ("demo/B", 1),
        ("demo/A", 2),
        ("demo/A", 3),
    ]
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)


async def test_a_failure_leaves_nothing_and_runs_nothing(producer: Database) -> None:
    ran: list[str] = []

    async def fail() -> None:
        async with producer.transaction() as session:
            outbox.append(session, [an_event("A", 1, topic=TOPIC)])
            await session.execute("insert into effects (key) values ('A')")
            session.after_commit(lambda: ran.append("after"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await fail()
    assert ran == []
    assert await producer.fetch("select from outbox") == []
    assert await producer.fetch("select from effects") == []
    async with producer.transaction() as session:
        outbox.append(session, [an_event("A", 1, topic=TOPIC)])
    (row,) = await outbox.read(producer, after=0, topics=(TOPIC,), limit=10)
    assert row.sequence == 1  # the number was given back


async def test_after_commit_runs_in_order_and_the_bell_rings_once_rows_are_visible(
    producer: Database,
) -> None:
    ran: list[int] = []
    reader = Database(producer.url)
    assert reader.committed is producer.committed
    rings = reader.committed.rings
    async with producer.transaction() as session:
        session.after_commit(lambda: ran.append(1))
        session.after_commit(lambda: ran.append(2))
    assert ran == [1, 2]
    assert reader.committed.rings == rings  # nothing was said
    waiting = asyncio.create_task(reader.committed.wait(rings, 10))
    async with producer.transaction() as session:
        outbox.append(session, [an_event("A", 1, topic=TOPIC)])
    assert await waiting
    assert len(await outbox.read(reader, after=0, topics=(TOPIC,), limit=10)) == 1
    await reader.close()


async def test_a_ring_between_look_and_wait_is_not_missed() -> None:
    bell = Wakeup()
    seen = bell.rings
    bell.ring()
    assert await bell.wait(seen, 10)
    assert not await bell.wait(bell.rings, 0.01)


async def test_a_cancelled_transaction_gives_its_connection_back_clean(producer: Database) -> None:
    small = Database(producer.url, pool_size=1)
    started = asyncio.Event()

    async def slow() -> None:
        async with small.transaction() as session:
            await session.execute("insert into effects (key) values ('cancelled')")
            started.set()
            await session.execute("select pg_sleep(60)")

    for _ in range(3):
        started.clear()
        task = asyncio.create_task(slow())
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with small.transaction() as session:
            assert await session.fetchval("select count(*) from effects") == 0
            assert await session.fetchval("select 1") == 1
    await small.close()


async def test_cancelled_while_it_begins_a_transaction_leaves_none_open(producer: Database) -> None:
    url = producer.url
    small = Database(url, pool_size=1, application="cancelled")
    await small.fetch("select 1")

    async def work() -> None:
        async with small.transaction():
            pass

    for turns in range(8):
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)  # one turn of the loop further into BEGIN
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await small.fetch("select 1")
        (row,) = await producer.fetch(
            "select state from pg_stat_activity"
            " where application_name = 'cancelled' and datname = current_database()"
        )
        assert row["state"] == "idle", f"cancelled after {turns} turns"
    await small.close()


async def test_a_commit_that_became_a_rollback_is_told(producer: Database) -> None:
    ran: list[str] = []

    async def swallow_an_error() -> None:
        async with producer.transaction() as session:
            await session.execute("insert into effects (key) values ('lost')")
            session.after_commit(lambda: ran.append("after"))
            with contextlib.suppress(asyncpg.UndefinedTableError):
                await session.execute("select from nowhere")

    with pytest.raises(RuntimeError, match="nothing was committed"):
        await swallow_an_error()
    assert ran == []
    assert await producer.fetch("select from effects") == []


async def test_a_failed_statement_gives_its_connection_back_clean(producer: Database) -> None:
    small = Database(producer.url, pool_size=1)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with small.transaction() as session:
            await session.execute("select from nowhere")
    async with small.transaction() as session:
        await session.execute("insert into effects (key) values ('fine')")
    assert len(await small.fetch("select from effects")) == 1
    await small.close()


async def test_a_server_that_dropped_us_is_unavailable_and_then_used_again(
    producer: Database,
) -> None:
    small = Database(producer.url, pool_size=2)
    kill = "select pg_terminate_backend($1)"

    async def lose_the_connection() -> None:
        async with small.transaction() as session:
            await producer.fetch(kill, await session.fetchval("select pg_backend_pid()"))
            await session.fetchval("select 1")

    with pytest.raises(Unavailable):
        await lose_the_connection()
    (row,) = await small.fetch("select pg_backend_pid()")
    await producer.fetch(kill, row[0])  # while it lies idle in the pool

    async def answers() -> bool:
        try:
            return bool((await small.fetch("select 1"))[0][0] == 1)
        except Unavailable:
            return False

    await until(answers, "the pool recovers")
    await small.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    nowhere = Database("postgresql://recoup:x@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await nowhere.fetch("select 1")
    with pytest.raises(Unavailable):
        await nowhere.connect()
    await nowhere.close()


async def test_a_deadlock_is_unavailable(producer: Database) -> None:
    await producer.fetch("insert into effects (key) values ('a'), ('b')")
    both = asyncio.Barrier(2)

    async def lock(first: str, second: str) -> None:
        async with producer.transaction() as session:
            await session.execute("select from effects where key = $1 for update", first)
            await both.wait()
            await session.execute("select from effects where key = $1 for update", second)

    found = await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)
    assert [type(result) for result in found if result is not None] == [Unavailable]


async def test_what_was_silent_for_too_long_took_too_long(
    producer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the driver hears the server's last words, or only that the connection is gone."""
    monkeypatch.setattr(database, "SILENCE_SECONDS_MAX", 0.005)

    async def be_silent() -> None:
        async with producer.transaction() as session:
            pid = await session.fetchval("select pg_backend_pid()")
            await session.execute("set idle_in_transaction_session_timeout = '10ms'")
            alive = "select 1 from pg_stat_activity where pid = $1"
            while await producer.fetch(alive, pid):
                pass
            await session.fetchval("select 1")

    with pytest.raises(TookTooLong):
        await be_silent()


async def test_the_end_is_told_whatever_it_is_the_last_one_first(producer: Database) -> None:
    ran: list[tuple[str, bool]] = []

    def note(name: str) -> Callable[[bool], None]:
        return lambda is_committed: ran.append((name, is_committed))

    async with producer.transaction() as session:
        session.at_end(note("first"))
        session.at_end(note("second"))
        session.after_commit(lambda: ran.append(("after commit", True)))
    assert ran == [("after commit", True), ("second", True), ("first", True)]
    ran.clear()
    with contextlib.suppress(RuntimeError):
        async with producer.transaction() as session:
            session.at_end(note("only"))
            raise RuntimeError("no")
    assert ran == [("only", False)]


async def test_a_reading_session_can_be_renewed(producer: Database) -> None:
    async with producer.reading() as session:
        assert await session.fetchval("select count(*) from effects") == 0
        await producer.fetch("insert into effects (key) values ('later')")
        assert await session.fetchval("select count(*) from effects") == 0
        await session.renew()
        assert await session.fetchval("select count(*) from effects") == 1


async def test_reading_is_one_snapshot(producer: Database) -> None:
    async with producer.reading() as session:
        assert await session.fetchval("select count(*) from effects") == 0
        await producer.fetch("insert into effects (key) values ('later')")
        assert await session.fetchval("select count(*) from effects") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await session.connection.execute("insert into effects (key) values ('no')")
        await session.connection.execute("rollback")


async def test_an_oversized_event_is_refused_with_its_transaction(producer: Database) -> None:
    data = Paid(1, "x" * outbox.MAX_PAYLOAD_BYTES)

    async def say() -> None:
        async with producer.transaction() as session:
            await session.execute("insert into effects (key) values ('A')")
            outbox.append(session, [an_event("A", 1, topic=TOPIC, data=data)])

    with pytest.raises(Invalid, match="at most"):
        await say()
    assert await producer.fetch("select from effects") == []


async def test_the_database_has_an_id_of_its_own(producer: Database, consumer: Database) -> None:
    again = Database(producer.url)
    assert await producer.database_id() == await again.database_id()
    assert await producer.database_id() != await consumer.database_id()
    await again.close()


async def test_pruning_keeps_what_the_slowest_reader_lacks_and_what_is_young(
    producer: Database,
) -> None:
    for n in range(1, 6):
        async with producer.transaction() as session:
            outbox.append(session, [an_event("A", n, topic=TOPIC)])
    await producer.fetch("update outbox set recorded_at = now() - interval '9 days' where seq <= 4")
    async with producer.transaction() as session:
        assert await outbox.prune(session, read_to=[5, 3], keep_days=10) == 0
        assert await outbox.prune(session, read_to=[], keep_days=7) == 0
        assert await outbox.prune(session, read_to=[5, 3], keep_days=7) == 3
        assert await outbox.prune(session, read_to=[5, 5], keep_days=7) == 1
    assert [row[0] for row in await producer.fetch("select seq from outbox")] == [5]
