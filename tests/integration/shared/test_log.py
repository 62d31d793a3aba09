"""The log, from a commit to an effect, over both sources."""

import asyncio
import random
from collections.abc import Sequence

from shared.database import Database
from shared.log import outbox, positions
from shared.log.lag import Reader, lag
from tests.integration.shared.rig import Rig, an_event, until


async def test_eight_writers_over_the_same_accounts_lose_and_reorder_nothing(rig: Rig) -> None:
    running = rig.consume()

    async def write(seed: int) -> None:
        chance = random.Random(seed)
        for batch in range(15):
            keys = [f"A{chance.randrange(20)}" for _ in range(50)]
            await rig.say(
                *(
                    an_event(k, seed * 10_000 + batch * 50 + i, topic=rig.topic)
                    for i, k in enumerate(keys)
                )
            )

    await asyncio.gather(*(write(seed) for seed in range(8)))
    rows = await rig.producer.fetch("select aggregateid, sequence from outbox order by seq")
    assert len(rows) == 8 * 15 * 50
    said: dict[str, list[int]] = {}
    for key, sequence in rows:
        said.setdefault(key.removeprefix("demo/"), []).append(sequence)
    for key, sequences in said.items():
        assert sequences == list(range(1, len(sequences) + 1)), key
    for key, sequences in said.items():
        await rig.saw(key, sequences)
    await running.end()


async def test_a_writer_that_is_slow_to_commit_is_not_overtaken(rig: Rig) -> None:
    """Without the lock the second commits first, a reader passes, and the first is lost."""
    rig.consume()
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with rig.producer.transaction() as session:
            outbox.append(session, [an_event("SLOW", 1, topic=rig.topic)])
            await outbox.flush(session)
            written.set()
            await go_on.wait()

    first = asyncio.create_task(slow())
    await written.wait()
    second = asyncio.create_task(rig.say_n("QUICK", 1, 1))

    async def second_waits_or_is_through() -> bool:
        waiting = await rig.producer.fetch(
            "select from pg_locks where locktype = 'advisory' and not granted"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        return bool(waiting) or second.done()

    await until(second_waits_or_is_through, "the second meets the lock")
    if second.done():
        await rig.saw("QUICK", [1])
    go_on.set()
    await asyncio.gather(first, second)
    await rig.saw("SLOW", [1])
    await rig.saw("QUICK", [1])


async def test_a_foreign_open_transaction_stalls_nobody(rig: Rig) -> None:
    connection = await rig.producer.connect()
    await connection.execute("set idle_in_transaction_session_timeout = 0")
    await connection.execute("begin")
    await connection.execute("create temporary table held (n int)")  # it has a transaction id
    rig.consume()
    await rig.say_n("A", 1, 5)
    await rig.saw("A", [1, 2, 3, 4, 5])
    assert connection.is_in_transaction()
    await connection.close()


async def test_a_gap_waits_and_resumes_by_itself(rig: Rig) -> None:
    rig.consume()
    await rig.put("A", 1, 3, 4, 6)
    await rig.put("B", 1, 2)
    await rig.saw("B", [1, 2])
    assert await rig.effects("A") == [1]
    await rig.holds("waiting", 3, "3, 4 and 6 wait")
    await rig.put("A", 2)
    await rig.saw("A", [1, 2, 3, 4])
    await rig.put("A", 5)
    await rig.saw("A", [1, 2, 3, 4, 5, 6])
    assert await rig.count("waiting") == 0


async def test_a_slice_in_disorder_is_applied_in_order(rig: Rig) -> None:
    await rig.put("A", 3, 1, 4, 2)
    await rig.relayed()
    rig.consume()
    await rig.saw("A", [1, 2, 3, 4])
    assert await rig.count("waiting") == 0


async def test_repeats_are_dropped(rig: Rig) -> None:
    rig.consume()
    await rig.put("A", 1, 2, 2, 1, 3, 3)
    await rig.saw("A", [1, 2, 3])
    await rig.put("A", 1, 2, 3, 4)
    await rig.saw("A", [1, 2, 3, 4])
    assert await rig.count("waiting") == 0


async def test_types_not_subscribed_to_are_skipped_and_the_head_moves(rig: Rig) -> None:
    rig.consume()
    await rig.put("A", 1)
    await rig.put("A", 2, event_type="promise-made")
    await rig.put("A", 3)
    await rig.saw("A", [1, 3])


async def test_who_lost_the_position_drops_its_slice(rig: Rig) -> None:
    await rig.say_n("A", 1, 2)
    await rig.relayed()

    running = rig.consume()
    await rig.saw("A", [1, 2])
    await running.end()
    # The same position, once more: someone else moves it while the slow one is at work.
    async with rig.consumer.transaction() as session:
        await positions.forget(session, "metrics")
        await session.execute("delete from effects")
    zombie = rig.source()
    source_id = await zombie.id()

    async def load(source_id: str, parts: Sequence[str]) -> dict[str, positions.Position]:
        return await positions.load(rig.consumer, "metrics", source_id, parts)

    await zombie.open(load)
    polled = None
    while polled is None or not polled.records:
        polled = await zombie.poll(100, 0.2)
    async with rig.consumer.transaction() as session:
        assert await positions.move(session, "metrics", source_id, polled.moves)
    async with rig.consumer.transaction() as session:
        assert not await positions.move(session, "metrics", source_id, polled.moves)
    await zombie.close()


async def test_two_consumers_of_one_name_apply_everything_once(rig: Rig) -> None:
    rig.consume()
    rig.consume()
    for n in range(1, 31):
        await rig.say(*(an_event(f"K{i}", n, topic=rig.topic) for i in range(4)))
    for i in range(4):
        await rig.saw(f"K{i}", list(range(1, 31)))


async def test_a_new_start_goes_on_where_the_last_one_was(rig: Rig) -> None:
    running = rig.consume()
    await rig.say_n("A", 1, 3)
    await rig.saw("A", [1, 2, 3])
    await running.end()
    await rig.say_n("A", 4, 6)
    running = rig.consume()
    await rig.saw("A", [1, 2, 3, 4, 5, 6])
    await running.end()
    assert [s for batch in rig.batches for s in batch] == [1, 2, 3, 4, 5, 6]


async def test_lag_counts_what_was_not_taken_in(rig: Rig) -> None:
    await rig.say_n("A", 1, 7)
    await rig.relayed()
    reader = Reader("metrics", rig.log())
    report = await lag(rig.consumer, [reader])
    assert (report.behind, report.items[0].topic) == (7, rig.topic)
    assert report.items[0].oldest_seconds >= 0
    rig.consume()
    await rig.saw("A", list(range(1, 8)))

    async def is_level() -> bool:
        return (await lag(rig.consumer, [reader])).behind == 0

    await until(is_level, "nothing is behind")


async def test_compacted_topics_go_by_revision_and_tombstones_keep_theirs(
    producer: Database, consumer: Database
) -> None:
    rig = Rig(producer, consumer, None, topic="ledger.contacts")
    said = [an_event("A", n, topic=rig.topic) for n in range(3)]
    await rig.say(*said)
    await producer.fetch("delete from outbox where sequence = 2")  # compaction took it
    running = rig.consume()
    await rig.saw("A", [1, 3])
    await running.end()
    async with producer.transaction() as session:
        gone = an_event("A", 9, topic=rig.topic, data=None)
        await outbox.erase(session, gone)
    rows = await producer.fetch("select sequence, payload from outbox order by seq")
    assert [tuple(row) for row in rows] == [(1, None), (3, None), (4, None)]
    rig.consume()
    await rig.saw("A", [1, 3, 4])
    (last,) = await consumer.fetch("select data from effects where sequence = 4")
    assert last["data"] is None
    await rig.close()
