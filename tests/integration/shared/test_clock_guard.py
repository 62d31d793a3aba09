"""A clock that is wrong holds what can't be undone, and lets it go on when it is right again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared import clock
from shared.business_time import Clock
from shared.database import Database, holds
from shared.database.clock_guard import BEHIND, DIFFERENCE, GAP, JUMP, ClockGuard
from shared.database.holds import Held

AHEAD = timedelta(days=60)
MACHINE, STEADY = clock.now, clock.steady


class Clocks:
    """The machine's clock (`ahead`) and the one nobody sets (`later`) as they are moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = self.later = timedelta()
        monkeypatch.setattr(clock, "now", lambda: MACHINE() + self.ahead)
        monkeypatch.setattr(clock, "steady", lambda: STEADY() + self.later.total_seconds())


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def a_guard(db: Database, mode: Clock = "system") -> ClockGuard:
    return ClockGuard(db, mode, last="the last begun day")


@pytest.fixture
def server(
    ledger_db: Database, monkeypatch: pytest.MonkeyPatch, clocks: Clocks
) -> Callable[[], None]:
    """Called: the database is on the same machine, and its clock is wrong in the same way."""

    def shares_the_clock() -> None:
        fetch = ledger_db.fetch

        async def moved(sql: str, *args: object) -> list[object]:
            rows = await fetch(sql, *args)
            if "clock_timestamp()" not in sql:
                return rows
            return [{**dict(row), "now": row["now"] + clocks.ahead} for row in rows]

        monkeypatch.setattr(ledger_db, "fetch", moved)

    return shares_the_clock


async def names(db: Database) -> list[str]:
    return [hold.name for hold in await holds.list_holds(db)]


async def release(db: Database, name: str) -> None:
    async with db.transaction() as session:
        assert await holds.release(session, name, by="a person")


async def test_a_right_clock_is_believed(ledger_db: Database) -> None:
    guard = a_guard(ledger_db)
    before = clock.now()
    assert before <= await guard.checked("demo", None) <= clock.now()
    await guard.checked("demo", clock.now() - timedelta(hours=35))
    assert await names(ledger_db) == []


@pytest.mark.parametrize("ahead", [AHEAD, timedelta(minutes=6), -timedelta(minutes=6), -AHEAD])
async def test_another_clock_than_the_database_s_holds_until_they_agree(
    ledger_db: Database, clocks: Clocks, ahead: timedelta
) -> None:
    clocks.ahead = ahead
    guard = a_guard(ledger_db)  # started with it: it has not seen the clock jump
    for _ in range(3):
        with pytest.raises(Held, match="the database's"):
            await guard.checked("demo", None)
    assert await names(ledger_db) == [DIFFERENCE]
    clocks.ahead = timedelta()
    await guard.checked("demo", None)
    assert await names(ledger_db) == []


async def test_a_difference_that_only_others_see_holds_while_they_see_it(
    ledger_db: Database, clocks: Clocks
) -> None:
    right, wrong = a_guard(ledger_db), a_guard(ledger_db)
    clocks.ahead = AHEAD
    with pytest.raises(Held):
        await wrong.checked("demo", None)
    clocks.ahead = timedelta()
    with pytest.raises(Held):
        await right.checked("demo", None)
    await ledger_db.fetch("update holds set seen_at = seen_at - interval '6 minutes'")
    await right.checked("demo", None)  # whoever saw it is gone
    assert await names(ledger_db) == []


async def test_a_jump_of_a_machine_with_its_own_database_is_seen(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    guard = a_guard(ledger_db)
    await guard.checked("demo", clock.now())
    assert not guard.has_jumped()
    clocks.ahead = timedelta(hours=3)
    assert guard.has_jumped()
    with pytest.raises(Held, match="3 hours ahead at once"):
        await guard.checked("demo", clock.now())
    with pytest.raises(Held):
        await a_guard(ledger_db).checked("demo", clock.now())  # started since: holds all the same
    clocks.ahead = timedelta()
    await guard.checked("demo", clock.now())
    assert await names(ledger_db) == []


async def test_a_confirmed_jump_is_not_refused_again_but_the_next_is(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    guard, other, last = a_guard(ledger_db), a_guard(ledger_db), clock.now()
    clocks.ahead = AHEAD
    for each in (guard, other):
        with pytest.raises(Held, match="ahead at once"):
            await each.checked("demo", last)
    await ledger_db.fetch("update holds set since_at = since_at")  # only so that it stands
    await release(ledger_db, JUMP)
    await ledger_db.fetch(
        "update holds set released_at = released_at + $1::interval", AHEAD
    )  # as that server's clock would say
    for each in (guard, guard, other):
        await each.checked("demo", last)  # the gap is confirmed with the jump
    clocks.ahead += AHEAD
    with pytest.raises(Held, match="ahead at once"):
        await guard.checked("demo", last + AHEAD)


async def test_steps_that_follow_each_other_add_up(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    guard = a_guard(ledger_db)
    minute = timedelta(minutes=1)
    for _ in range(2):
        clocks.later += minute
        clocks.ahead += 3 * minute
        await guard.checked("demo", clock.now())
    clocks.later += minute
    clocks.ahead += 3 * minute
    with pytest.raises(Held, match="6 minutes ahead"):
        await guard.checked("demo", clock.now())
    await release(ledger_db, JUMP)
    await ledger_db.fetch(
        "update holds set released_at = released_at + $1::interval", clocks.ahead
    )  # as that server's clock would say
    await guard.checked("demo", clock.now())  # and is believed from here
    assert not guard.has_jumped()


async def test_a_drift_as_clocks_have_it_does_not_add_up(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    guard = a_guard(ledger_db)
    for _ in range(60):
        clocks.later += timedelta(hours=1)
        clocks.ahead += timedelta(hours=1, seconds=10)
        await guard.checked("demo", clock.now())
    assert await names(ledger_db) == []


async def test_a_clock_that_goes_back_and_forth_has_not_jumped(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    guard = a_guard(ledger_db)
    for _ in range(5):
        for ahead in (4, 0):
            clocks.ahead = timedelta(minutes=ahead)
            await guard.checked("demo", clock.now())
    assert await names(ledger_db) == []


async def test_a_machine_that_slept_has_not_jumped(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    guard = a_guard(ledger_db)
    clocks.ahead = clocks.later = timedelta(hours=9)
    await guard.checked("demo", clock.now() - timedelta(hours=9))
    assert await names(ledger_db) == []


async def test_a_clock_set_back_does_no_harm(
    ledger_db: Database, clocks: Clocks, server: Callable[[], None]
) -> None:
    server()
    clocks.ahead = AHEAD
    guard = a_guard(ledger_db)
    clocks.ahead = timedelta()
    await guard.checked("demo", MACHINE())
    assert await names(ledger_db) == []


async def test_a_gap_waits_for_a_person_and_is_confirmed_once(ledger_db: Database) -> None:
    guard, last = a_guard(ledger_db), clock.now() - timedelta(days=4)
    for _ in range(2):
        with pytest.raises(Held, match=r"4 days after the last begun day .*release clock-gap"):
            await guard.checked("demo", last)
    await guard.checked("other", None)  # nothing has begun: another tenant's gap is not theirs
    (hold,) = await holds.list_holds(ledger_db)
    assert (hold.name, hold.tenant) == (GAP, "demo")
    await release(ledger_db, GAP)
    for _ in range(2):
        await guard.checked("demo", last)
        await a_guard(ledger_db).checked("demo", last)
    assert await names(ledger_db) == []


async def test_a_gap_that_a_person_has_closed_holds_no_longer(ledger_db: Database) -> None:
    guard = a_guard(ledger_db)
    with pytest.raises(Held):
        await guard.checked("demo", clock.now() - timedelta(days=4))
    await guard.checked("demo", clock.now())  # `start-day`, by hand
    assert await names(ledger_db) == []


async def test_a_confirmed_gap_does_not_confirm_the_next(ledger_db: Database) -> None:
    guard = a_guard(ledger_db)
    with pytest.raises(Held):
        await guard.checked("demo", clock.now() - timedelta(days=4))
    await release(ledger_db, GAP)
    await ledger_db.fetch(
        "update holds set released_at = released_at - interval '3 days', measure = measure - 259200"
    )
    with pytest.raises(Held):
        await guard.checked("demo", clock.now() - timedelta(days=3))


async def test_what_was_recorded_in_the_future_holds_until_it_is_past(ledger_db: Database) -> None:
    await ledger_db.fetch(
        "insert into outbox (id, aggregatetype, aggregateid, type, sequence, headers, recorded_at)"
        " values (gen_random_uuid(), 't', 'demo/A', 'x', 1, '', $1)",
        datetime.now(UTC) + AHEAD,
    )
    guard = a_guard(ledger_db)
    with pytest.raises(Held, match="recorded at"):
        await guard.checked("demo", None)
    assert await names(ledger_db) == [BEHIND]
    await release(ledger_db, BEHIND)
    await guard.checked("demo", None)
    await guard.checked("demo", None)


async def test_with_the_manual_clock_only_holds_count(ledger_db: Database, clocks: Clocks) -> None:
    guard = a_guard(ledger_db, "manual")
    clocks.ahead = AHEAD
    await guard.checked("demo", MACHINE() - AHEAD)
    async with ledger_db.transaction() as session:
        await holds.place(session, "restore", "look first")
    with pytest.raises(Held, match="look first"):
        await guard.checked("demo", None)
