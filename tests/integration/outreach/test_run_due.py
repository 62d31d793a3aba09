"""`run-due` with a real database, mail server and ledger door."""

import asyncio
from datetime import date, timedelta

import pytest

from services.outreach.dunning.processes.run_due import run_due
from services.outreach.jobs import run_tenants
from shared.events import ledger
from tests.integration.outreach.world import DUE_ON, MORNING, World, a_context, counts
from tests.unit.outreach.builders import at


async def test_an_overdue_invoice_is_asked_for_once(world: World) -> None:
    await world.overdue()
    first = await world.run()
    assert first.counts == counts(planned=2, sent=1)  # the next step is planned at once
    assert first.next_due_at == at("2026-03-10 08:01")
    again = await world.run()
    assert again.counts == counts()
    assert again.next_due_at == first.next_due_at
    (message,) = world.mail.messages
    assert message["To"] == "Name of C1 <c1@example.com>"
    (sent,) = await world.announced("contact-sent")
    assert sent["key"] == "C1"
    assert sent["data"]["covers"] == [
        {"account_id": "C1", "checked_sequence": 3, "invoice_ids": ["I1"]}
    ]
    assert sent["data"]["sent_at"] == "2026-03-03T09:00:00Z"
    assert message["Message-ID"] == sent["data"]["message_id"]
    assert await world.types_announced() == ["contact-planned", "contact-sent", "contact-planned"]


async def test_next_due_at_is_the_first_instant_with_something_to_do(world: World) -> None:
    await world.overdue()
    early = await world.run(at("2026-03-03 00:00"))
    assert early.counts == counts(planned=1)
    assert early.next_due_at == at("2026-03-03 08:01")
    assert (await world.run(at("2026-03-03 07:59:59"))).counts == counts()
    assert (await world.run(at("2026-03-03 08:01"))).counts == counts(planned=1, sent=1)


async def test_without_anything_to_do_there_is_no_next_instant(world: World) -> None:
    assert (await world.run()).next_due_at is None


async def test_the_whole_ladder_up_to_a_person(world: World) -> None:
    await world.overdue()
    instant, made = at("2026-03-03 00:00"), []
    while (ran := await world.run(instant)).next_due_at is not None:
        instant = ran.next_due_at
        made.append(instant.date())
    assert made == [
        date(2026, 3, 3), date(2026, 3, 10), date(2026, 3, 20), date(2026, 4, 1), date(2026, 4, 16),
    ]  # fmt: skip
    sent = await world.announced("contact-sent", "task-created")
    assert [(e["type"], e["data"]["step"]) for e in sent] == [
        ("contact-sent", "reminder"),
        ("contact-sent", "second-reminder"),
        ("contact-sent", "firm-notice"),
        ("contact-sent", "final-notice"),
        ("task-created", "hand-over"),
    ]
    assert sent[-1]["data"]["invoice_ids"] == ["I1"]
    assert len(world.mail.messages) == 4


async def test_a_reminder_before_the_due_day(world: World) -> None:
    await world.due_soon(due_on=date(2026, 3, 10))
    ran = await world.run(at("2026-03-03 08:01"))
    assert ran.counts == counts(planned=1, sent=1)
    assert "Due soon" in str(world.mail.messages[0]["Subject"])


async def test_all_accounts_of_a_debtor_get_one_contact(world: World) -> None:
    for account_id in ("C5", "C3"):
        await world.account(account_id, debtor_id="D1")
        await world.overdue(f"I-{account_id}", account_id)
    await world.overdue("I-firm", "C5", due_on=DUE_ON - timedelta(days=20), stage=1)
    ran = await world.run()
    assert ran.counts["sent"] == 1
    (message,) = world.mail.messages
    assert message["To"] == "Name of C3 <c3@example.com>"
    (sent,) = await world.announced("contact-sent")
    assert sent["key"] == sent["data"]["account_id"] == "C3"
    assert sent["data"]["debtor_id"] == "D1"
    assert [c["account_id"] for c in sent["data"]["covers"]] == ["C3", "C5"]
    body = message.get_body(("plain",))
    assert body is not None
    assert "To pay: €300.00" in body.get_content()


async def test_amounts_come_from_the_answer_and_not_from_events(world: World) -> None:
    await world.overdue(minor=10_000)
    world.answers("C1", ("I1", DUE_ON, 6_001))
    await world.run()
    body = world.mail.messages[0].get_body(("html",))
    assert body is not None
    assert "€60.01" in body.get_content()
    assert "100.00" not in body.get_content()


async def test_nobody_is_contacted_before_the_tenant_says_from_when(world: World) -> None:
    await world.tenant_settings(None)
    await world.overdue()
    ran = await world.run()
    assert (ran.counts, ran.next_due_at) == (counts(), None)
    await world.tenant_settings(date(2026, 3, 5))
    ran = await world.run()
    assert (ran.counts, ran.next_due_at) == (counts(planned=1), at("2026-03-05 08:01"))


async def test_contact_from_taken_away_cancels_what_is_planned(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    await world.tenant_settings(None)
    assert (await world.run()).counts == counts(cancelled=1)
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "hold"


async def test_paid_between_plan_and_instant_cancels(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    await world.paid()
    assert (await world.run()).counts == counts(cancelled=1)
    assert world.mail.messages == []
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "paid"


async def test_a_paid_invoice_removes_only_its_own_steps(world: World) -> None:
    await world.overdue("I1")
    await world.overdue("I2")
    await world.run(at("2026-03-03 01:00"))
    await world.paid("I1")
    world.answers("C1", ("I2", DUE_ON, 10_000), only=True)
    assert (await world.run()).counts == counts(sent=1, planned=1)
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["covers"][0]["invoice_ids"] == ["I2"]


async def test_a_dispute_holds_and_its_end_lets_go_on(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    await world.take(
        world.ledger_event(
            "dispute-opened",
            "C1",
            ledger.DisputeOpened(
                dispute_id="D1", account_id="C1", invoice_id="I1", disputed_minor=10_000
            ),
        )
    )
    assert (await world.run()).counts == counts(cancelled=1)
    await world.take(
        world.ledger_event(
            "dispute-resolved",
            "C1",
            ledger.DisputeResolved(
                dispute_id="D1", account_id="C1", invoice_id="I1", outcome="rejected"
            ),
            date(2026, 3, 12),
        )
    )
    world.answers("C1", ("I1", DUE_ON, 10_000))
    ran = await world.run(at("2026-03-12 09:00"))
    assert ran.counts == counts(planned=2, sent=1)
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["step"] == "reminder"


async def test_without_a_mail_server_contacts_are_suppressed(world: World) -> None:
    await world.overdue()
    silent = a_context(world.db, world.ledger.url, smtp_url=None)
    ran = await run_due(silent, "demo", MORNING)
    assert ran.counts == counts(planned=2, suppressed=1)
    (suppressed,) = await world.announced("contact-suppressed")
    assert suppressed["data"]["rule"] == "channel-not-configured"
    await silent.close()


@pytest.mark.parametrize("email", [None, " "])
async def test_without_any_data_messages_wait_and_persons_go_by(
    world: World, email: str | None
) -> None:
    await world.account("C2", email=email)
    await world.overdue("I2", "C2")
    instant = at("2026-03-03 08:01")
    while (ran := await world.run(instant)).next_due_at is not None:
        instant = ran.next_due_at
    rules = [e["data"]["rule"] for e in await world.announced("contact-suppressed")]
    assert rules == ["no-contact-data"]
    kinds = [e["data"]["kind"] for e in await world.announced("task-created")]
    assert kinds == ["find-contact-data", "call"]
    assert instant == at("2026-04-16 08:00")


async def test_an_address_that_is_none_ends_the_contact_and_a_person_takes_over(
    world: World,
) -> None:
    await world.account("C2", email="ada@exa mple.com")
    await world.overdue("I2", "C2")
    instant = at("2026-03-03 08:01")
    while (ran := await world.run(instant)).next_due_at is not None:
        instant = ran.next_due_at
    rules = [e["data"]["rule"] for e in await world.announced("contact-suppressed")]
    assert rules == ["address-unusable"] * 4
    assert len(await world.announced("task-created")) == 1


async def test_details_that_have_not_come_yet_put_the_contact_off(world: World) -> None:
    """`ledger.contacts` may be read later than `ledger.events`: nobody loses a message by that."""
    registered = ledger.AccountRegistered(account_id="C2", kind="consumer", timezone="UTC")
    await world.take(world.ledger_event("account-registered", "C2", registered))
    await world.overdue("I2", "C2")
    assert (await world.run()).counts == counts(planned=1, deferred=1)
    (put_off,) = await world.announced("contact-suppressed")
    assert put_off["data"]["rule"] == "contact-details-behind"
    await world.account("C2")
    world.answers("C2")
    assert (await world.run()).counts["sent"] == 1


async def test_a_hand_over_that_falls_away_leaves_a_message_for_the_rest(world: World) -> None:
    await world.overdue("I1", due_on=DUE_ON - timedelta(days=60))
    instant = MORNING
    while "final-notice" not in [e["data"]["step"] for e in await world.announced("contact-sent")]:
        instant = (await world.run(instant)).next_due_at or instant
    hand_over, due_on = instant, date(2026, 4, 10)
    await world.overdue("I2", due_on=due_on)
    world.answers("C1", ("I2", due_on, 10_000), only=True, sequence=99)
    before = len(world.mail.messages)
    assert (await world.run(hand_over + timedelta(minutes=1))).counts["sent"] == 1
    assert len(world.mail.messages) == before + 1
    assert await world.announced("task-created", "contact-suppressed") == []


@pytest.mark.parametrize("error", ["query_canceled", "check_violation"])  # for now, for ever
async def test_a_tenant_whose_run_fails_does_not_keep_the_next_from_theirs(
    world: World, error: str
) -> None:
    system = a_context(world.db, world.ledger.url, smtp_url=world.mail.url, clock="system")
    async with world.db.transaction() as session:
        await session.execute(
            "insert into tenants (tenant_id, timezone, contact_from)"
            " values ('a', 'UTC', '2026-01-01')"  # before `demo`
        )
        await session.execute(
            "create function fail() returns trigger language plpgsql as"
            f" $$ begin raise exception 'away' using errcode = '{error}'; end $$"
        )
        await session.execute(
            "create trigger fail before insert on business_times"
            " for each row when (new.tenant_id = 'a') execute function fail()"
        )
    await run_tenants(system, stop=asyncio.Event())
    rows = await world.db.fetch("select tenant_id from business_times")
    assert [row["tenant_id"] for row in rows] == ["demo"]
    await system.close()


async def test_a_run_in_the_evening_defers_to_the_morning(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    ran = await world.run(at("2026-03-06 21:00"))  # Friday evening
    assert ran.counts == counts(deferred=1)
    assert ran.next_due_at == at("2026-03-09 08:01")
    (suppressed,) = await world.announced("contact-suppressed")
    assert suppressed["data"]["rule"] == "HOUSE-HOURS-PERSONS"
    assert "08:00-21:00" in suppressed["data"]["citation"]
    assert suppressed["data"]["until"] == "2026-03-09T08:01:00Z"
    assert (await world.run(at("2026-03-09 08:01"))).counts["sent"] == 1


async def test_business_time_never_goes_back(world: World) -> None:
    await world.run(MORNING)
    await world.overdue()
    assert (await world.run(MORNING - timedelta(days=9))).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["sent_at"] == "2026-03-03T09:00:00Z"


async def test_several_runs_at_once_make_each_contact_once(world: World) -> None:
    for number in range(30):
        await world.account(f"A{number:02}")
        await world.overdue(f"I{number}", f"A{number:02}")
    runs = await asyncio.gather(*(world.run() for _ in range(4)))
    await world.run()
    assert sum(ran.counts["sent"] for ran in runs) == 30
    assert len(set(world.mail.recipients)) == len(world.mail.recipients) == 30


async def test_payments_during_the_run_never_lie_below_the_check(world: World) -> None:
    """Every payment that was recorded before a check keeps its contact from being made."""
    for number in range(60):
        await world.account(f"A{number:02}")
        await world.overdue(f"I{number}", f"A{number:02}")
    paid: dict[str, int] = {}
    rest = iter(range(60))

    def pay_some() -> None:
        for number in (n for n, _ in zip(rest, range(2), strict=False)):
            account_id = f"A{number:02}"
            paid[account_id] = world.ledger.accounts[account_id]["sequence"] + 1
            world.answers(account_id, only=True, sequence=paid[account_id])

    world.mail.before_data = pay_some
    await world.run()
    for sent in await world.announced("contact-sent"):
        for cover in sent["data"]["covers"]:
            assert cover["checked_sequence"] < paid.get(cover["account_id"], 10**9)


async def test_another_tenants_debtors_are_left_alone(world: World) -> None:
    await world.overdue()
    assert (await run_due(world.context, "other", MORNING)).counts == counts()
    assert (await world.run()).counts["sent"] == 1
