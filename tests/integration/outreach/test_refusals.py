"""A mailbox that refuses for now is given up after days; a server that is away burns no step."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from shared.events import CONTACTS, ledger
from tests.integration.outreach.world import DUE_ON, MORNING, World, channels_over
from tests.unit.outreach.builders import at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HANDED_OVER_ON = DUE_ON + timedelta(days=45)  # a Thursday


async def age(world: World, on: date, account_id: str = "C1", invoice_id: str = "I1") -> None:
    """The stage that the ledger announces on that day, if any."""
    days = (on - DUE_ON).days
    if days in (31, 61):
        stage: ledger.Stage = 31 if days == 31 else 61
        data = ledger.InvoiceOverdue(
            invoice_id=invoice_id, account_id=account_id, currency="EUR", due_on=DUE_ON,
            stage=stage, days_past_due=days, since_on=on, balance_minor=10_000, disputed_minor=0,
            amounts=(),
        )  # fmt: skip
        await world.take(world.ledger_event("invoice-overdue", account_id, data, on))
        world.answers(account_id)


async def run_days(world: World, first: datetime, last: date) -> None:
    moment = first
    while moment.date() <= last:
        await age(world, moment.date())
        await world.run(moment)
        moment += DAY


async def tasks(world: World) -> list[str]:
    return [str(event["data"]["due_on"]) for event in await world.announced("task-created")]


async def rules(world: World) -> list[str]:
    """Why contacts were put off or given up, hours of contact aside."""
    found = [e["data"]["rule"] for e in await world.announced("contact-suppressed")]
    return [rule for rule in found if not rule.startswith("HOUSE-")]


async def test_a_mailbox_that_refuses_for_ever_is_given_up_and_a_person_takes_over(
    world: World, slow_machine: None
) -> None:
    world.mail.mode = "greylist"
    await world.overdue()
    await run_days(world, MORNING, HANDED_OVER_ON + DAY)
    assert await tasks(world) == [str(HANDED_OVER_ON)]
    assert world.mail.messages == []
    assert await rules(world) == ["mailbox-refuses-for-now", "mailbox-given-up"] * 4
    assert "contact-sent" not in await world.types_announced()


async def test_the_pauses_grow_and_no_run_in_between_tries(
    world: World, slow_machine: None
) -> None:
    world.mail.mode = "greylist"
    await world.overdue()
    tried = []
    for minutes in range(0, 11 * 60, 10):
        before = len(world.mail.named)
        await world.run(MORNING + timedelta(minutes=minutes))
        if len(world.mail.named) > before:
            tried.append(minutes)
    assert tried == [0, 10, 20, 40, 100, 340]
    world.mail.mode = "accept"
    ran = await world.run(MORNING + 30 * HOUR)
    assert ran.counts["sent"] == 1
    assert len(world.mail.messages) == 1


async def test_a_restart_forgets_no_pause(world: World, slow_machine: None) -> None:
    world.mail.mode = "greylist"
    await world.overdue()
    await world.run(MORNING)
    world.mail.mode = "accept"
    world.context = replace(world.context, channels=channels_over(world.mail.url))
    assert (await world.run(MORNING + timedelta(seconds=59))).counts["sent"] == 0
    assert (await world.run(MORNING + timedelta(minutes=1))).counts["sent"] == 1


async def test_another_address_begins_anew(world: World, slow_machine: None) -> None:
    world.mail.refusing = {"c1@example.com", "new@example.com"}
    await world.overdue()
    await world.run(MORNING)
    await world.run(MORNING + 3 * DAY)
    person = ledger.Contact(account_id="C1", name="Ada", email="new@example.com", timezone="UTC")
    await world.take(world.event(CONTACTS, "C1", "contact-details", person, time=MORNING))
    await world.run(MORNING + 6 * DAY)  # the old one has refused for that long
    assert await rules(world) == ["mailbox-refuses-for-now"]
    world.mail.refusing = set()
    assert (await world.run(MORNING + 6 * DAY + HOUR)).counts["sent"] == 1


async def test_one_full_mailbox_holds_up_nobody(world: World, slow_machine: None) -> None:
    await world.account("C2")
    await world.overdue()
    await world.overdue("I2", "C2")
    world.mail.refusing = {"c1@example.com"}
    ran = await world.run(MORNING)
    assert (ran.counts["sent"], ran.counts["deferred"]) == (1, 1)


@pytest.mark.parametrize("mode", ["no-lookup", "nobody"])
async def test_a_server_that_is_away_for_weeks_burns_nobodys_step(
    world: World, slow_machine: None, mode: str
) -> None:
    await world.overdue()
    before = world.context
    if mode == "nobody":
        world.context = replace(before, channels=channels_over("smtp://127.0.0.1:1"))
    else:
        world.mail.mode = mode  # type: ignore[assignment]
    await run_days(world, MORNING, DUE_ON + timedelta(days=14))
    assert "mailbox-given-up" not in await rules(world)
    assert set(await rules(world)) >= {"channel-unavailable"}
    world.mail.mode = "accept"
    world.context = replace(before, channels=channels_over(world.mail.url))  # no breaker is open
    assert (await world.run(at("2026-03-17 09:00"))).counts["sent"] == 1


@pytest.mark.parametrize("are_others_served", [True, False])
async def test_a_line_that_breaks_at_a_recipient_is_its_fault_if_others_are_served(
    world: World, slow_machine: None, are_others_served: bool
) -> None:
    await world.overdue()
    world.mail.breaking = {"c1@example.com"}
    await world.run(MORNING)
    if are_others_served:
        await world.account("C2")
        await world.overdue("I2", "C2")
        assert (await world.run(MORNING + HOUR)).counts["sent"] == 1
    await run_days(world, MORNING + DAY, DUE_ON + timedelta(days=7))
    assert ("mailbox-given-up" in await rules(world)) is are_others_served
