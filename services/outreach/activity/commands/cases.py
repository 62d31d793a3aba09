"""Open and close the cases of accounts: one is open at a time, numbered from 1."""

from collections.abc import Collection, Mapping
from datetime import datetime

from services.outreach.activity.commands.announcements import announce
from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.desk_events import CaseEnd, CaseOpening
from services.outreach.activity.store import cases as store
from services.outreach.activity.store.accounts import find_zones
from shared.database import Session
from shared.events import outreach


async def open_cases(
    session: Session,
    tenant: str,
    recorded_at: datetime,
    because: CaseOpening,
    opened_at: Mapping[str, datetime],  # business time by account
) -> dict[str, str]:
    """The open case of each account: that which is open already, else its next one."""
    known = await store.find_open_cases(session, tenant, opened_at)
    missing = {account for account in opened_at if account not in known}
    if missing:
        last = await store.find_last_numbers(session, tenant, missing)
        new = [
            (
                desk_events.case_id(tenant, account, last.get(account, 0) + 1),
                account,
                last.get(account, 0) + 1,
                opened_at[account],
            )
            for account in sorted(missing)
        ]
        written = await store.insert_cases(session, tenant, new, because)
        known = await store.find_open_cases(session, tenant, opened_at)
        zones = await find_zones(session, tenant, missing)
        entries = [
            desk_events.entry(
                "case-opened",
                case,
                "opened",
                at,
                zones.get(account),
                outreach.CaseOpened(
                    case_id=case, account_id=account, number=number, because=because, opened_at=at
                ),
                (account,),
            )
            for case, account, number, at in new
            if case in written
        ]
        await announce(session, tenant, recorded_at, entries)
    return known


async def close_cases(
    session: Session,
    tenant: str,
    recorded_at: datetime,
    because: CaseEnd,
    accounts: Collection[str],
    at: datetime,
) -> None:
    """Close those open cases of the accounts of which nothing is left to be worked on."""
    closed = await store.update_finished_cases(
        session, tenant, accounts, because, at, is_erased=because == "erased"
    )
    if not closed:
        return
    zones = await find_zones(session, tenant, {row["account_id"] for row in closed})
    entries = [
        desk_events.entry(
            "case-closed",
            row["case_id"],
            "closed",
            at,
            zones.get(row["account_id"]),
            outreach.CaseClosed(
                case_id=row["case_id"],
                account_id=row["account_id"],
                number=row["number"],
                because=row["closed_because"],
                closed_at=at,
            ),
            (row["account_id"],),
        )
        for row in closed
    ]
    await announce(session, tenant, recorded_at, entries)
