"""The log, from a commit to an effect, over both sources."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from shared import dead_letters, outbox, positions
from shared.consume import BadCode, Reader, lag
from shared.db import Database, Session
from shared.errors import Unavailable
from shared.events import Received
from tests.integration.shared.rig import PATIENCE, Rig, an_event, until


@pytest.fixture(params=["outbox", pytest.param("kafka", marks=pytest.mark.kafka)])
async def rig(
    request: pytest.FixtureRequest, producer: Database, consumer: Database
) -> AsyncIterator[Rig]:
    bootstrap = None if request.param == "outbox" else request.getfixturevalue("kafka")
    made = Rig(producer, consumer, bootstrap)
    await made.open()
    yield made
    await made.close()


def refusing(*keys: str) -> object:
    def refuse(event: Received) -> None:
        if event.key in keys:
            raise ValueError(f"{event.key} cannot be applied")

    return refuse


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
    connection = await rig.producer.dedicated()
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


async def test_a_culprit_goes_to_the_dead_letters_and_its_neighbours_flow(rig: Rig) -> None:
    rig.refuse = refusing("BAD")  # type: ignore[assignment]
    await rig.say(*(an_event(f"K{i}", i, topic=rig.topic) for i in range(40)))
    await rig.say_n("BAD", 1, 2)
    await rig.say(*(an_event(f"K{i}", 100 + i, topic=rig.topic) for i in range(40)))
    await rig.relayed()
    rig.consume()
    for i in range(40):
        await rig.saw(f"K{i}", [1, 2])
    (letter,) = await rig.letters(1)
    assert (letter.topic, letter.tenant, letter.key, letter.sequence) == (
        rig.topic, "demo", "BAD", 1,
    )  # fmt: skip
    assert letter.reason == "ValueError: BAD cannot be applied"
    assert await rig.effects("BAD") == []
    await rig.holds("waiting", 1, "the second one waits")
    report = await lag(rig.consumer, [Reader("metrics", rig.log())])
    assert (report.behind, report.items[0].parked_accounts) == (0, 1)
    (row,) = await rig.consumer.fetch("select value, headers, raw_key from dead_letters")
    assert (row["value"], row["raw_key"]) == (b'{"n":1,"note":""}', b"demo/BAD")
    assert "ce_sequence" in row["headers"]


async def test_a_replayed_dead_letter_is_applied_in_its_turn(rig: Rig) -> None:
    rig.refuse = refusing("BAD")  # type: ignore[assignment]
    rig.consume()
    await rig.say_n("BAD", 1, 3)
    (letter,) = await rig.letters(1)
    await dead_letters.replay(rig.consumer, letter.id)  # nothing was mended: it comes back
    (letter,) = await rig.letters(1, other_than=letter.id)
    rig.refuse = lambda event: None
    await dead_letters.replay(rig.consumer, letter.id)
    await rig.saw("BAD", [1, 2, 3])
    assert await dead_letters.list_dead_letters(rig.consumer) == []
    await rig.say_n("BAD", 4, 4)
    await rig.saw("BAD", [1, 2, 3, 4])


async def test_a_skipped_dead_letter_releases_its_account_and_a_rebuild_skips_it_too(
    rig: Rig,
) -> None:
    def refuse(event: Received) -> None:
        if event.key == "BAD" and event.sequence == 2:
            raise ValueError("no")

    rig.refuse = refuse
    running = rig.consume()
    await rig.say_n("BAD", 1, 4)
    (letter,) = await rig.letters(1)
    assert letter.sequence == 2
    await dead_letters.skip(rig.consumer, letter.id, "never was")
    await rig.saw("BAD", [1, 3, 4])
    await running.end()
    async with rig.consumer.transaction() as session:
        await positions.forget(session, "metrics")
        await session.execute("delete from effects")
    rig.refuse = lambda event: None
    rig.consume()
    await rig.saw("BAD", [1, 3, 4])
    assert await rig.count("dead_letters") == 0


async def test_garbage_parks_its_account_until_it_is_skipped(rig: Rig) -> None:
    rig.consume()
    await rig.say_n("A", 1, 1)
    await rig.saw("A", [1])
    await rig.put_garbage("demo/A")
    (letter,) = await rig.letters(1)
    assert (letter.tenant, letter.key) == ("demo", "A")
    await rig.say_n("A", 2, 3)
    await rig.say_n("B", 1, 1)
    await rig.saw("B", [1])
    await rig.holds("waiting", 2, "2 and 3 wait")
    await dead_letters.skip(rig.consumer, letter.id, "garbage")
    await rig.saw("A", [1, 2, 3])


async def test_garbage_without_a_key_is_only_a_dead_letter(rig: Rig) -> None:
    rig.consume()
    await rig.put_garbage(None)
    await rig.put_garbage("no-slash")
    await rig.say_n("A", 1, 2)
    await rig.saw("A", [1, 2])
    letters = await rig.letters(2)
    assert [letter.key for letter in letters] == [None, None]


async def test_five_keys_failing_in_a_row_stop_the_process_and_the_next_one(rig: Rig) -> None:
    rig.refuse = refusing("K0", "K1", "K2", "K3", "K4", "K5")  # type: ignore[assignment]
    for i in range(6):
        await rig.say_n(f"K{i}", 1, 1)
    await rig.relayed()
    for _ in range(2):
        running = rig.consume()
        with pytest.raises(BadCode):
            await asyncio.wait_for(running.task, PATIENCE)
        assert await rig.count("dead_letters") == 4
    rig.refuse = refusing("OTHER")  # type: ignore[assignment]  # the code was mended
    rig.consume()
    await rig.holds("effects", 2, "the fifth and the sixth are applied")
    await rig.say_n("OTHER", 1, 1)
    await rig.letters(5)  # the four were answered by a success: this one is alone


async def test_an_operators_decision_lets_the_next_process_go_on(rig: Rig) -> None:
    rig.refuse = refusing("K0", "K1", "K2", "K3", "K4")  # type: ignore[assignment]
    for i in range(5):
        await rig.say_n(f"K{i}", 1, 1)
    await rig.relayed()
    with pytest.raises(BadCode):
        await asyncio.wait_for(rig.consume().task, PATIENCE)
    await dead_letters.skip(rig.consumer, (await rig.letters(4))[0].id, "bad data")
    rig.consume()
    await rig.letters(4)
    await rig.holds("skips", 1, "one was decided, one more was put aside")


async def test_unreadable_ones_among_good_ones_do_not_stop_the_process(rig: Rig) -> None:
    for i in range(6):
        await rig.put_garbage(f"demo/K{i}")
        await rig.say_n("GOOD", i + 1, i + 1)
    await rig.relayed()
    running = rig.consume()
    await rig.saw("GOOD", [1, 2, 3, 4, 5, 6])
    await rig.letters(6)
    await running.end()


async def test_four_keys_failing_with_successes_between_do_not(rig: Rig) -> None:
    bad = [f"BAD{i}" for i in range(6)]
    rig.refuse = refusing(*bad)  # type: ignore[assignment]
    running = rig.consume()
    for i, key in enumerate(bad):
        await rig.say_n(key, 1, 1)
        await rig.letters(i + 1)
        await rig.say_n("GOOD", i + 1, i + 1)
        await rig.saw("GOOD", list(range(1, i + 2)))
    await running.end()


async def test_a_retriable_failure_repeats_the_slice(rig: Rig) -> None:
    failures = 2

    def refuse(event: Received) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("the peer is away")

    rig.refuse = refuse
    rig.consume()
    await rig.say_n("A", 1, 3)
    await rig.saw("A", [1, 2, 3])
    assert failures == 0
    assert await rig.count("dead_letters") == 0


async def test_a_slice_too_big_to_pass_is_halved(rig: Rig) -> None:
    """As when its statement always meets a time-out: the same slice again would be for ever."""
    apply = rig.take

    async def take(session: Session, events: Sequence[Received]) -> None:
        if len(events) > 4:
            raise Unavailable("the statement takes too long")
        await apply(session, events)

    rig.take = take  # type: ignore[method-assign]
    await rig.say_n("A", 1, 8)
    await rig.relayed()
    rig.consume()
    await rig.saw("A", range(1, 9))
    assert await rig.count("dead_letters") == 0


async def test_a_skip_gives_up_nothing_that_is_missing_before_it(rig: Rig) -> None:
    place = ("metrics", "demo", rig.topic, "A")
    await rig.put("A", 1)
    rig.consume()
    await rig.saw("A", [1])
    await rig.consumer.fetch("update heads set is_parked = true")
    await rig.consumer.fetch(
        "insert into dead_letters (consumer, tenant, topic, key, sequence, source, part, position,"
        " is_ordered, headers, reason) values ($1, $2, $3, $4, 4, 's', 'p', 9, true, '[]', '?')",
        *place,
    )
    await rig.put("A", 2, 5)
    await rig.holds("waiting", 2, "both wait behind the letter")
    (letter,) = await rig.letters(1)
    await dead_letters.skip(rig.consumer, letter.id, "never was")
    await rig.saw("A", [1, 2])
    await rig.put("A", 3)
    await rig.saw("A", [1, 2, 3, 5])
    assert await rig.count("waiting") == 0


async def test_of_what_waited_the_one_that_fails_is_put_aside(rig: Rig) -> None:
    """And not an earlier one of a type that nobody applies."""
    rig.refuse = refusing("A")  # type: ignore[assignment]
    await rig.put("A", 2, event_type="promise-made")
    await rig.put("A", 3, 4)
    await rig.relayed()
    rig.consume()
    await rig.holds("waiting", 3, "all wait for the first")
    await rig.put("A", 1, event_type="promise-made")
    (letter,) = await rig.letters(1)
    assert letter.sequence == 3
    (head,) = await rig.consumer.fetch("select sequence, is_parked from heads")
    assert tuple(head) == (2, True)
    rig.refuse = lambda event: None
    await dead_letters.replay(rig.consumer, letter.id)
    await rig.saw("A", [3, 4])


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

    async def load(parts: Sequence[str]) -> dict[str, int]:
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
