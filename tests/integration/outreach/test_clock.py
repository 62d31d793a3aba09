"""Nobody is contacted by a clock that is wrong, nor while anything is held."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from services.outreach.activity.store.business_times import get_business_time
from services.outreach.context import Context
from services.outreach.jobs import run_tenants
from shared import clock
from shared.database import holds
from tests.integration.outreach.world import DUE_ON, MORNING, World, a_context

AHEAD = timedelta(days=60)


@pytest.fixture
async def system(world: World) -> AsyncIterator[Context]:
    context = a_context(world.db, world.ledger.url, smtp_url=world.mail.url, clock="system")
    yield context
    await context.close()


async def test_a_clock_ahead_contacts_nobody_and_goes_on_when_it_is_right(
    world: World, system: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.overdue(due_on=DUE_ON)
    with monkeypatch.context() as wrong:
        now = clock.now
        wrong.setattr(clock, "now", lambda: now() + AHEAD)
        await run_tenants(system, stop=asyncio.Event())
        (hold,) = await holds.list_holds(world.db)
        assert "the database's" in hold.reason
        assert world.mail.messages == []
        assert {event["type"] for event in await world.announced()} == {"case-opened"}
        async with world.db.reading() as session:
            assert await get_business_time(session, world.tenant) is None
    await run_tenants(system, stop=asyncio.Event())
    assert await holds.list_holds(world.db) == []
    assert await world.announced() != []


async def test_a_clock_that_jumps_during_a_run_ends_it(
    world: World, system: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.overdue(due_on=DUE_ON)
    jumps = False
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + (AHEAD if jumps else timedelta()))
    checked = system.guard.checked

    async def then_jumps(*args: object) -> object:
        nonlocal jumps
        at = await checked(*args)  # type: ignore[arg-type]
        jumps = True
        return at

    monkeypatch.setattr(type(system.guard), "checked", lambda _guard, *args: then_jumps(*args))
    await run_tenants(system, stop=asyncio.Event())
    assert {event["type"] for event in await world.announced()} == {"case-opened"}
    assert world.mail.messages == []


async def test_a_hold_stops_a_run_by_hand_too_and_says_why(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    async with world.db.transaction() as session:
        await holds.place(session, "restore", "look at what was restored first")
    answer = await client.post("/v1/jobs/run-due", json={"at": MORNING.isoformat()})
    assert answer.status_code == 409
    assert "look at what was restored" in answer.json()["detail"]
    assert world.mail.messages == []
    assert (await client.post("/v1/holds/restore/release")).status_code == 200
    answer = await client.post("/v1/jobs/run-due", json={"at": MORNING.isoformat()})
    assert answer.json()["counts"]["sent"] == 1
