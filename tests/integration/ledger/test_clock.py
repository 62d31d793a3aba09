"""Days that begin by themselves: not by a clock that is wrong, and not only for one tenant."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from services.ledger import jobs
from services.ledger.context import Context
from services.ledger.processes.days import StartedDay, start_day, start_day_by_clock
from shared import clock
from shared.database import Database, holds
from tests.factories import an_account, an_invoice
from tests.integration.ledger.processes import a_process, take

AHEAD = timedelta(days=60)


@pytest.fixture
async def system(ledger_db: Database) -> Context:
    """A worker with the system clock; an invoice that falls due in ten days."""
    today = clock.now().date()
    issued_on, due_on = f"{today - timedelta(days=9)}", f"{today + timedelta(days=10)}"
    process = a_process(ledger_db, clock="system")
    await take(process, an_account(time=f"{today - timedelta(days=20)}T09:00:00Z"))
    await take(process, an_invoice(issued_on=issued_on, due_on=due_on))
    return process


async def tick(context: Context) -> None:
    await jobs.start_days(context, stop=asyncio.Event())


async def begun(db: Database, tenant: str = "demo") -> tuple[date | None, datetime | None]:
    (row,) = await db.fetch(
        "select begun_on, begun_at from business_times where tenant_id = $1", tenant
    )
    return row["begun_on"], row["begun_at"]


async def test_a_clock_two_months_ahead_begins_no_day_and_goes_on_when_it_is_right(
    system: Context, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tick(system)
    before = await begun(ledger_db)
    assert before[1] is not None
    with monkeypatch.context() as wrong:
        now = clock.now
        wrong.setattr(clock, "now", lambda: now() + AHEAD)
        for context in (system, a_process(ledger_db, clock="system")):  # one starts with it
            await tick(context)
        assert await begun(ledger_db) == before
        (hold,) = await holds.list_holds(ledger_db)
        assert "the database's" in hold.reason
    await tick(system)
    after = await begun(ledger_db)
    assert after[1] is not None
    assert before[1] < after[1] <= datetime.now(UTC)
    assert await holds.list_holds(ledger_db) == []
    rows = await ledger_db.fetch("select from outbox where type = 'invoice-overdue'")
    assert rows == []


async def test_after_some_days_without_the_platform_a_person_confirms_once(
    system: Context, ledger_db: Database
) -> None:
    long_ago = clock.now().date() - timedelta(days=5)
    await start_day(system, "demo", day=long_ago)  # a person may, of any day that has begun
    await take(system, an_account("N1"), tenant="new")
    await tick(system)
    assert await begun(ledger_db) == (long_ago, None)
    assert (await begun(ledger_db, "new"))[1] is not None  # nothing had begun there
    async with ledger_db.transaction() as session:
        assert await holds.release(session, "clock-gap", by="a person") == 1
    for _ in range(2):
        await tick(system)
        assert await holds.list_holds(ledger_db) == []
    assert (await begun(ledger_db))[1] is not None


async def test_a_day_begun_by_hand_confirms_too(system: Context, ledger_db: Database) -> None:
    await start_day(system, "demo", day=clock.now().date() - timedelta(days=5))
    await tick(system)
    assert len(await holds.list_holds(ledger_db)) == 1
    await start_day(system, "demo", at=clock.now())
    await tick(system)
    assert await holds.list_holds(ledger_db) == []


async def test_a_hold_of_all_stops_each_tenant_s_days(system: Context, ledger_db: Database) -> None:
    async with ledger_db.transaction() as session:
        await holds.place(session, "restore", "look first")
    await tick(system)
    assert await begun(ledger_db) == (None, None)


async def test_a_tenant_whose_day_fails_leaves_the_others_theirs(
    system: Context, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(system, an_account("N1"), tenant="a-before")

    async def fails(context: Context, tenant_id: str) -> StartedDay:
        if tenant_id == "a-before":
            raise KeyError("whatever it is")
        return await start_day_by_clock(context, tenant_id)

    monkeypatch.setattr(jobs, "start_day_by_clock", fails)
    await tick(system)
    assert await begun(ledger_db, "a-before") == (None, None)
    assert (await begun(ledger_db))[1] is not None
