"""Slots on a database: days that begin slowly, and several workers at once."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.outreach.channels.domain.contract import Later
from services.outreach.dunning.processes.run_due import run_due
from tests.integration.outreach.scripted import ScriptedChannel, over
from tests.integration.outreach.world import MORNING, World

TODAY = MORNING.date()


@pytest.fixture
def channel() -> ScriptedChannel:
    return ScriptedChannel()


async def debtors(world: World, number: int, contact_from: date = TODAY) -> list[str]:
    """So many with an invoice that is due to be reminded of, the last one the most important."""
    await world.tenant_settings(contact_from)
    names = [f"D{n:03}" for n in range(number)]
    for n, name in enumerate(names):
        await world.account(name)
        await world.overdue(f"I{n}", name)
        await world.db.fetch("update accounts set priority = $2 where account_id = $1", name, n)
    return list(reversed(names))


def reached(channel: ScriptedChannel) -> list[str]:
    """To whom the messages went, by debtor."""
    return [intent.to.partition("@")[0].upper() for intent in channel.sent]


async def test_out_g8_by_priority_as_the_ramp_grows(
    world: World, channel: ScriptedChannel, slow_machine: None
) -> None:
    """OUT-G8."""
    world.context = replace(world.context, channels=over(channel))
    await world.settings(ramp={"start": 2, "factor": 2, "most": 5})
    wanted = await debtors(world, 12)
    begun = []
    for day in range(5):
        before = len(channel.sent)
        midnight = (MORNING + timedelta(days=day)).replace(hour=0)
        for moment in (midnight, MORNING + timedelta(days=day)):
            ran = await world.run(moment)
        assert ran.next_due_at is not None
        begun.append(sorted(reached(channel)[before:]))
    assert [len(day) for day in begun] == [2, 4, 5, 1, 0]
    assert begun[:4] == [
        sorted(wanted[first:last]) for first, last in ((0, 2), (2, 6), (6, 11), (11, 12))
    ]
    rules = {event["data"]["rule"] for event in await world.announced("contact-suppressed")}
    assert rules == {"ramp"}


async def test_slots_are_never_exceeded_with_four_workers(
    world: World, channel: ScriptedChannel, slow_machine: None
) -> None:
    world.context = replace(world.context, channels=over(channel))
    await world.settings(ramp={"start": 25})
    wanted = await debtors(world, 60)
    runs = await asyncio.gather(*[run_due(world.context, world.tenant, MORNING) for _ in range(4)])
    await world.run()
    assert sum(run.counts["sent"] for run in runs) == len(channel.sent) == 25
    assert sorted(reached(channel)) == sorted(wanted[:25])
    assert await world.value("select taken from slots where name = 'ramp'") == 25


async def test_the_capacity_of_a_channel_is_its_own(
    world: World, channel: ScriptedChannel, slow_machine: None
) -> None:
    world.context = replace(world.context, channels=over(channel))
    await world.settings(capacity={"email": 3, "letter": 1}, ramp={"start": 1000})
    wanted = await debtors(world, 5)
    ran = await world.run()
    assert (ran.counts["sent"], ran.counts["deferred"]) == (3, 2)
    assert sorted(reached(channel)) == sorted(wanted[:3])
    (first, *_) = await world.announced("contact-suppressed")
    assert (first["data"]["rule"], first["data"]["until"]) == ("capacity", "2026-03-04T00:00:00Z")
    ran = await world.run(MORNING + timedelta(days=1))
    assert ran.counts["sent"] == 2


async def test_what_did_not_leave_gives_its_slot_back(
    world: World, channel: ScriptedChannel, slow_machine: None
) -> None:
    world.context = replace(world.context, channels=over(channel))
    await world.settings(ramp={"start": 1})
    await debtors(world, 1)
    channel.answers = lambda _intent: Later("full", blame="recipient")
    await world.run()
    assert await world.value("select taken from slots where name = 'ramp'") == 0
    channel.answers = ScriptedChannel().answers
    assert (await world.run(MORNING + timedelta(minutes=1))).counts["sent"] == 1
    assert await world.value("select taken from slots where name = 'ramp'") == 1
