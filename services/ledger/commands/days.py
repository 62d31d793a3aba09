"""Days begin: due-soon notices and overdue stages, exactly once each.

`start_day` is the one command with several transactions: the day first, then range by range.
"""

from datetime import date, datetime

from msgspec import Struct

from services.ledger.commands.changes import change_of, event_of
from services.ledger.commands.tenants import Books, lock_tenants, recorded_floor
from services.ledger.domain import begin
from services.ledger.store import accounts as account_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.accounts import Change
from shared import clock
from shared.business_time import Begun
from shared.clock import day_start
from shared.database import Database, Session
from shared.errors import FieldError, Invalid, NotFound
from shared.log import outbox
from shared.process.crash import crash_point

RANGE_ACCOUNTS = 100  # about 0.1 s of work: a range's locks never hold the intake up for long


async def start_day(
    db: Database,
    tenant_id: str,
    books: Books,
    *,
    day: date | None = None,
    at: datetime | None = None,
) -> dict[str, int]:
    """Begin a day and say what it shows; gives the number of events said, by type.

    Safe to call again and by several workers at once: a range belongs to whoever locks it, and a
    last pass waits for the ranges of others, so that all is said when any caller returns.
    """
    async with db.transaction() as session:
        await raise_day(session, tenant_id, books, day=day, at=at, now=clock.now())
    counts: dict[str, int] = {}
    for waits in (False, True):
        after: str | None = ""
        while after is not None:
            async with db.transaction() as session:
                done = await announce_range(
                    session,
                    tenant_id,
                    books,
                    after=after,
                    limit=RANGE_ACCOUNTS,
                    waits=waits,
                    now=clock.now(),
                )
            crash_point("ledger.start_day.between_ranges")
            for name, count in done.counts.items():
                counts[name] = counts.get(name, 0) + count
            after = done.last
    return counts


class Range(Struct, frozen=True):
    """A range of accounts that `start-day` has done."""

    last: str | None  # the last account looked at; None: there are no more
    counts: dict[str, int]  # events said, by type


async def raise_day(
    session: Session,
    tenant_id: str,
    books: Books,
    *,
    day: date | None = None,
    at: datetime | None = None,
    now: datetime,
) -> None:
    """Begin a day (or what days an instant begins in each zone), in a transaction of its own.

    Facts committed from now on are judged by it. Raises `Invalid` for a future with the system
    clock.
    """
    locked = await lock_tenants(session, {tenant_id}, books, now=now, exclusively=True)
    if tenant_id not in locked:
        raise NotFound(f"there is no tenant {tenant_id!r}")
    zone = locked[tenant_id].settings.timezone
    if not books.is_manual_clock:
        _refuse_future(day, at, zone, now)
    begun_on = Begun(day, at).on(zone)
    assert begun_on is not None
    floor = day_start(begun_on, zone) if books.is_manual_clock else None
    await tenant_store.raise_begun(session, tenant_id, begun_on=day, begun_at=at, recorded_at=floor)


def _refuse_future(day: date | None, at: datetime | None, zone: str, now: datetime) -> None:
    if at is not None and at > now:
        raise Invalid(
            "business time follows the system clock here",
            [FieldError("/at", f"{at.isoformat()} is in the future")],
        )
    if day is not None and day_start(day, zone) > now:
        raise Invalid(
            "business time follows the system clock here",
            [FieldError("/day", f"{day.isoformat()} has not begun in {zone}")],
        )


async def announce_range(
    session: Session,
    tenant_id: str,
    books: Books,
    *,
    after: str,
    limit: int,
    waits: bool,
    now: datetime,
) -> Range:
    """Say what the begun day shows, for the next range of accounts after one.

    Without `waits`, accounts that another worker has locked are left to it.
    """
    tenant = (await lock_tenants(session, {tenant_id}, books, now=now))[tenant_id]
    due = await account_store.lock_due_accounts(
        session, tenant_id, _latest_day(tenant.begun), after, limit, waits=waits
    )
    if not due:
        return Range(None, {})
    zone = tenant.settings.timezone
    rows = {
        (tenant_id, account.account_id): account.row
        for account in due
        if account.next_on <= (tenant.begun.on(account.zone or zone) or date.min)
    }
    loaded = await account_store.load_accounts(session, rows, {tenant_id: zone}, books.memory)
    floor, _ = recorded_floor(tenant, books, now)
    recorded_at = floor or now
    counts: dict[str, int] = {}
    changes: list[Change] = []
    for key, found in loaded.items():
        decision = begin(found.account, tenant.begun)
        changes.append(change_of(key, found, decision, recorded_at))
        outbox.append(
            session, [event_of(key, said, recorded_at, {}) for said in decision.announcements]
        )
        for said in decision.announcements:
            counts[said.type] = counts.get(said.type, 0) + 1
    await account_store.save_changes(session, changes, books.memory)
    return Range(due[-1].account_id, counts)


def _latest_day(begun: Begun) -> date:
    """The latest calendar day that has begun anywhere: zones reach to UTC+14."""
    day = begun.on("Pacific/Kiritimati")
    assert day is not None
    return day
