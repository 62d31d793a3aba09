"""A day begins: due-soon notices and overdue stages, exactly once each."""

from datetime import date, datetime
from functools import partial

from msgspec import Struct

from services.ledger.commands.accounts import (
    in_slices,
    lock_accounts,
    remember_updates,
    take_turns,
    try_turns,
)
from services.ledger.commands.decisions import events_of, update_of
from services.ledger.commands.tenants import lock_tenants, recorded_time
from services.ledger.commands.terms import terms_for
from services.ledger.context import Context
from services.ledger.domain import begin_in_slices
from services.ledger.store import accounts as account_store
from services.ledger.store import failures as failure_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.accounts import AccountUpdate, DueAccount
from services.ledger.store.journal import AccountKey
from services.ledger.store.rejections import Rejection, insert_rejections
from shared.business_time import Begun, refuse_future, refuse_future_day
from shared.clock import day_start, monotonic
from shared.database import Session
from shared.errors import AppError, FieldError, NotFound
from shared.log import outbox

_REASON_MAX = 500
RANGE_SECONDS_MAX = 0.4  # of computing: then the rest of a range is left to the next


class AnnouncedRange(Struct, frozen=True):
    """A range of accounts that `start-day` has done."""

    last: str | None  # the last account looked at; None: there are no more
    counts: dict[str, int]  # events announced, by type


async def raise_day(
    session: Session,
    tenant_id: str,
    context: Context,
    *,
    day: date | None = None,
    at: datetime | None = None,
    now: datetime,
) -> None:
    """Begin a day (or what days an instant begins in each zone), in a transaction of its own.

    Facts committed from now on are judged by it. Raises `Invalid` for a future with the system
    clock.
    """
    locked = await lock_tenants(session, {tenant_id}, context, now=now, exclusively=True)
    if tenant_id not in locked:
        raise NotFound(f"there is no tenant {tenant_id!r}")
    zone = locked[tenant_id].settings.timezone
    refuse_future(context.clock, now, at=at)
    refuse_future_day(context.clock, now, day=day, zone=zone)
    begun_on = Begun(day, at).on(zone)
    assert begun_on is not None
    floor = day_start(begun_on, zone) if context.clock == "manual" else None
    await tenant_store.raise_begun(session, tenant_id, begun_on=day, begun_at=at, recorded_at=floor)


async def announce_range(
    session: Session,
    tenant_id: str,
    context: Context,
    *,
    after: str,
    limit: int,
    waits: bool,
    now: datetime,
) -> AnnouncedRange:
    """Announce what the begun day shows, for the next range of accounts after one.

    Without `waits`, accounts that another worker has locked are left to it.
    """
    begun = (await tenant_store.find_tenant_times(session, {tenant_id}))[tenant_id].begun
    latest = _latest_day(begun)
    due = await account_store.list_due_accounts(session, tenant_id, latest, after, limit)
    if not due:
        return AnnouncedRange(None, {})
    keys = [(tenant_id, account.account_id) for account in due]
    hold = await (take_turns if waits else try_turns)(session, keys, context)
    tenant = (await lock_tenants(session, {tenant_id}, context, now=now))[tenant_id]
    zone = tenant.settings.timezone
    terms = {tenant_id: await terms_for(session, tenant.settings, context)}
    heads = await account_store.lock_due_heads(
        session, _due_now(tenant_id, due, tenant.begun, zone) & hold.keys, latest, waits=waits
    )
    locked = await lock_accounts(session, hold, heads, terms, context)
    recorded_at = recorded_time(tenant, context, now).now
    counts: dict[str, int] = {}
    updates: list[AccountUpdate] = []
    started, last = monotonic(), due[-1].account_id
    for key, account in sorted(locked.items()):
        hold.changing.add(key)
        decision = await in_slices(session, begin_in_slices(account.state, tenant.begun), key[1])
        updates.append(update_of(key, account, decision, recorded_at))
        outbox.append(session, events_of(key, decision.announcements, recorded_at, {}))
        for announced in decision.announcements:
            counts[announced.type] = counts.get(announced.type, 0) + 1
        if monotonic() - started > RANGE_SECONDS_MAX:
            last = key[1]
            break
    await account_store.save_updates(session, updates)
    await failure_store.forget_failures(session, [update.key for update in updates])
    session.after_commit(partial(remember_updates, hold, context, locked, updates))
    return AnnouncedRange(last, counts)


async def set_next_aside(
    session: Session, tenant_id: str, *, after: str, error: Exception, now: datetime
) -> str | None:
    """Leave the next account that is due out of the day, as it can't be computed; gives which.

    It is tried again when it changes, and on the next day. That it is so is said once, under
    rejections.
    """
    begun = (await tenant_store.find_tenant_times(session, {tenant_id}))[tenant_id].begun
    latest = _latest_day(begun)
    due = await account_store.list_due_accounts(session, tenant_id, latest, after, 1)
    if not due:
        return None
    account_id = due[0].account_id
    detail = error.detail if isinstance(error, AppError) else f"{type(error).__name__}: {error}"
    reason = detail.replace("\x00", "\\0")[:_REASON_MAX]
    if await failure_store.put_failure(session, tenant_id, account_id, latest, reason, now):
        said = FieldError("", f"left out of the day, until it changes or the next begins: {reason}")
        await insert_rejections(
            session,
            [
                Rejection(
                    tenant_id=tenant_id,
                    account_id=account_id,
                    rejected_at=now,
                    origin="start-day",
                    source=None,
                    event_id=None,
                    type=None,
                    errors=(said,),
                )
            ],
        )
    return account_id


def _due_now(tenant_id: str, due: list[DueAccount], begun: Begun, zone: str) -> set[AccountKey]:
    """Those whose day has begun in their own zones."""
    return {
        (tenant_id, account.account_id)
        for account in due
        if account.next_on <= (begun.on(account.zone or zone) or date.min)
    }


def _latest_day(begun: Begun) -> date:
    day = begun.anywhere()
    assert day is not None
    return day
