"""A tenant whose debtors are due a reminder, and what became of it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from deploy.local.databases import database_name, url_of
from tests.e2e.desk import Desk
from tests.e2e.log import Logged, read_log
from tests.e2e.platform import Platform, wait_for
from tests.factories import an_account, an_invoice

Json = dict[str, Any]

DAY = "2026-03-16"  # a Monday; the invoices were due the day before
MORNING = f"{DAY}T09:00:00Z"
NOON = f"{DAY}T12:00:00Z"
STEP = "reminder"  # the first one after the due day
UNCERTAIN_SECONDS_MAX = 120.0
LEASE_SECONDS = 60


def names(count: int) -> list[str]:
    return [f"C{number:03}" for number in range(count)]


def owing(accounts: Sequence[str]) -> list[Json]:
    """The facts of debtors with one invoice each that was due on the 15th."""
    return [
        event
        for account_id in accounts
        for event in (an_account(account_id), an_invoice(f"I-{account_id}", account_id))
    ]


def overdue(platform: Platform, accounts: Sequence[str]) -> Desk:
    """A tenant with these accounts, overdue, known to outreach, not contacted yet."""
    desk = Desk(platform).settle_in(timezone="Europe/Berlin", contact_from="2026-01-01")
    desk.send(*owing(accounts))
    desk.start_day(DAY)
    platform.wait_quiet()
    return desk


def reminders(desk: Desk, accounts: Sequence[str]) -> dict[str, Json]:
    """The contact of the first step, by account."""
    return {
        account_id: contact
        for account_id in accounts
        for contact in desk.contacts(account_id)
        if contact["step"] == STEP
    }


def states(desk: Desk, accounts: Sequence[str]) -> dict[str, str]:
    return {account: contact["state"] for account, contact in reminders(desk, accounts).items()}


def said(desk: Desk, *types: str) -> list[Logged]:
    """What outreach said about a tenant, once its outbox has reached the log."""
    desk.platform.wait_quiet()
    events = read_log(desk.platform, desk.tenant, "outreach.events")
    return [event for event in events if event.type in types]


def sent_although_paid(desk: Desk) -> list[str]:
    """Mails whose check had a payment of the account in it already: there are none."""
    payments = [e for e in read_log(desk.platform, desk.tenant) if e.type == "payment-received"]
    return [
        f"{cover['account_id']}: sent at {cover['checked_sequence']}, paid at {payment.sequence}"
        for event in said(desk, "contact-sent")
        for cover in event.data["covers"]
        for payment in payments
        if payment.key == f"{desk.tenant}/{cover['account_id']}"
        and payment.sequence <= cover["checked_sequence"]
    ]


def pass_leases(desk: Desk) -> None:
    """As if the minute of a lease had gone by; intents then end as uncertain, by themselves."""
    asyncio.run(
        _write(
            desk.platform,
            "outreach",
            "update contacts set lease_until = lease_until - make_interval(secs => $1)"
            " where tenant_id = $2 and lease_until is not null",
            LEASE_SECONDS,
            desk.tenant,
        )
    )


def pass_intake_seconds(platform: Platform, seconds: int) -> None:
    """As if the ledger's intake had last been at the end so many seconds earlier."""
    asyncio.run(
        _write(
            platform,
            "ledger",
            "update positions set caught_up_at = caught_up_at - make_interval(secs => $1)",
            seconds,
        )
    )


async def _write(platform: Platform, service: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(url_of(platform.postgres, database_name(service)))
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


def wait_no_intent(desk: Desk, accounts: Sequence[str], seconds: float) -> None:
    """Until no contact is between intent and result any more."""
    wait_for(lambda: "intent" not in states(desk, accounts).values(), seconds, "intents have ended")


def finish(desk: Desk, accounts: Sequence[str], seconds: float = 120.0) -> dict[str, str]:
    """Run what is due until every first contact has ended, as a scheduler would; its states.

    A busy machine may not answer a live check in its two seconds: then the next run is for it.
    """
    ended: dict[str, str] = {}

    def have_ended() -> bool:
        desk.run_due(NOON)
        ended.update(states(desk, accounts))
        return not {"planned", "intent"} & set(ended.values())

    wait_for(have_ended, seconds, "every contact has ended")
    return ended
