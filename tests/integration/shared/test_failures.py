"""What cannot be applied, over both sources: put aside, tried again, skipped, or too much of it."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.database import Session
from shared.errors import TookTooLong, Unavailable
from shared.events import Received
from shared.log import dead_letters, positions
from shared.log.consume import BadCode
from shared.log.lag import Reader, lag
from tests.integration.shared.rig import PATIENCE, Rig, an_event


def refusing(*keys: str) -> object:
    def refuse(event: Received) -> None:
        if event.key in keys:
            raise ValueError(f"{event.key} cannot be applied")

    return refuse


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


async def test_five_keys_of_several_tenants_in_a_row_stop_the_process_and_the_next_one(
    rig: Rig,
) -> None:
    rig.refuse = refusing("K0", "K1", "K2", "K3", "K4", "K5")  # type: ignore[assignment]
    for i in range(6):
        await rig.say_n(f"K{i}", 1, 1, tenant=f"t{i % 2}")
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
        await rig.say_n(f"K{i}", 1, 1, tenant=f"t{i}")
    await rig.relayed()
    with pytest.raises(BadCode):
        await asyncio.wait_for(rig.consume().task, PATIENCE)
    await dead_letters.skip(rig.consumer, (await rig.letters(4))[0].id, "bad data")
    rig.consume()
    await rig.letters(4)
    await rig.holds("skips", 1, "one was decided, one more was put aside")


async def test_keys_of_one_tenant_are_parked_however_many_and_the_others_flow(rig: Rig) -> None:
    bad = [f"K{i}" for i in range(12)]
    rig.refuse = refusing(*bad, "ONE")  # type: ignore[assignment]
    for key in bad:
        await rig.say_n(key, 1, 2)
    await rig.say_n("ONE", 1, 1, tenant="other")  # a single one of another's is chance
    await rig.relayed()
    running = rig.consume()
    await rig.letters(13)
    await running.end()
    rig.consume()  # and a new process goes on as well
    await rig.say_n("GOOD", 1, 1, tenant="third")
    await rig.saw("GOOD", [1])
    await rig.holds("waiting", 12, "the second of each waits")


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


async def test_a_slice_that_took_too_long_is_halved_at_once(rig: Rig) -> None:
    apply, sizes = rig.take, []

    async def take(session: Session, events: Sequence[Received]) -> None:
        sizes.append(len(events))
        if len(events) > 2:
            raise TookTooLong("too much at once")
        await apply(session, events)

    rig.take = take  # type: ignore[method-assign]
    await rig.say_n("A", 1, 8)
    await rig.relayed()
    rig.consume()
    await rig.saw("A", range(1, 9))
    assert max(sizes[sizes.index(2) :]) <= 4  # nothing was tried twice at a size that failed
    assert await rig.count("dead_letters") == 0


async def test_one_message_that_takes_too_long_for_ever_is_put_aside(rig: Rig) -> None:
    apply = rig.take

    async def take(session: Session, events: Sequence[Received]) -> None:
        if any(event.key == "GIANT" for event in events):
            raise TookTooLong("as it always does")
        await apply(session, events)

    rig.take = take  # type: ignore[method-assign]
    await rig.say_n("GIANT", 1, 1)
    await rig.say_n("A", 1, 3)
    await rig.relayed()
    rig.consume()
    await rig.saw("A", [1, 2, 3])
    (letter,) = await rig.letters(1)
    assert letter.key == "GIANT"


async def test_one_that_waited_and_takes_too_long_for_ever_holds_nobody_up(rig: Rig) -> None:
    apply = rig.take

    async def take(session: Session, events: Sequence[Received]) -> None:
        if any(event.key == "GIANT" for event in events):
            raise TookTooLong("as it always does")
        await apply(session, events)

    rig.take = take  # type: ignore[method-assign]
    rig.refuse = refusing("ZED")  # type: ignore[assignment]
    await rig.say_n("GIANT", 1, 1)
    await rig.say_n("ZED", 1, 1)
    await rig.relayed()
    rig.consume()
    letters = await rig.letters(2)
    rig.refuse = lambda event: None
    for letter in letters:
        await dead_letters.replay(rig.consumer, letter.id)
    await rig.saw("ZED", [1])  # which comes behind GIANT
    (letter,) = await rig.letters(1)
    assert letter.key == "GIANT"


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


async def test_what_waited_and_cannot_be_read_any_more_is_put_aside(rig: Rig) -> None:
    """As after an upgrade that asks more of an event: the other accounts go on."""
    rig.refuse = refusing("BAD", "NEXT")  # type: ignore[assignment]
    rig.consume()
    await rig.say_n("BAD", 1, 5)
    await rig.say_n("NEXT", 1, 3)
    letters = await rig.letters(2)
    await rig.holds("waiting", 6, "the others wait")
    async with rig.consumer.transaction() as session:
        await session.execute(
            "update waiting set headers = '[]' where key = 'BAD' and sequence = 4"
        )
    rig.refuse = lambda event: None
    for letter in letters:
        await dead_letters.replay(rig.consumer, letter.id)
    await rig.saw("BAD", [1, 2, 3])
    await rig.saw("NEXT", [1, 2, 3])
    (letter,) = await rig.letters(1)
    assert (letter.key, letter.sequence) == ("BAD", 4)
    assert letter.reason.startswith("Unreadable: ")
    await dead_letters.skip(rig.consumer, letter.id, "nobody can read it")
    await rig.saw("BAD", [1, 2, 3, 5])
