"""Tenants: their settings, their begun day, and what `recordedtime` follows from it."""

from datetime import date, datetime
from functools import partial

from services.ledger.commands.accounts import (
    HeldTurns,
    in_slices,
    lock_accounts,
    remember_updates,
    take_turns,
)
from services.ledger.commands.decisions import contact_of, events_of, update_of
from services.ledger.commands.terms import terms_for
from services.ledger.context import Context
from services.ledger.domain import rezone_in_slices
from services.ledger.domain.recorded_time import RecordedTime
from services.ledger.store import accounts as account_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.tenants import LockedTenant
from shared.business_time import EARLIEST_ZONE, NOTHING_BEGUN
from shared.clock import local_day
from shared.database import Session
from shared.errors import Conflict
from shared.events import TENANTS, Event
from shared.events.ledger import Tenant
from shared.log import outbox

REZONED_ACCOUNTS_MAX = 5000  # in one transaction: a second or two


async def lock_tenants(
    session: Session,
    tenant_ids: set[str],
    context: Context,
    *,
    now: datetime,
    exclusively: bool = False,
    makes: bool = True,
) -> dict[str, LockedTenant]:
    """The tenants that exist (in local mode, all then do), their begun days locked.

    While nothing has begun under the manual clock, `recordedtime` grows with the events' times:
    then the row is locked exclusively, because this transaction will move it.
    """
    exclusively |= context.clock == "manual" and not tenant_ids <= context.begun
    locked = await tenant_store.lock_tenants(session, tenant_ids, exclusively=exclusively)
    unknown = sorted(tenant_ids - locked.keys())
    if unknown and makes and context.makes_tenants:
        made = [Tenant(tenant_id=tenant_id) for tenant_id in unknown]
        inserted = await tenant_store.insert_tenants(session, made)
        outbox.append(
            session,
            [_tenant_event(tenant, "made", now) for tenant in made if tenant.tenant_id in inserted],
        )
        locked = await tenant_store.lock_tenants(session, tenant_ids, exclusively=exclusively)
    context.begun.update(t for t, tenant in locked.items() if tenant.begun != NOTHING_BEGUN)
    return locked


def recorded_time(tenant: LockedTenant, context: Context, now: datetime) -> RecordedTime:
    """Where the tenant's `recordedtime` stands."""
    return RecordedTime(
        context.clock,
        tenant.begun,
        floor=tenant.recorded_at,
        zone=tenant.settings.timezone,
        machine=now,
    )


def latest_day(tenant: LockedTenant, context: Context, now: datetime) -> date | None:
    """The latest day that has begun in any zone; None: none has."""
    known = [tenant.begun.anywhere()]
    if context.clock == "system":
        known.append(local_day(now, EARLIEST_ZONE))
    return max((day for day in known if day is not None), default=None)


async def put_tenant(session: Session, tenant: Tenant, context: Context, *, now: datetime) -> None:
    """Store a tenant's settings. In a new time zone, the accounts that live in it are judged again.

    Raises `Conflict` where those are too many for one transaction.
    """
    tenant_id = tenant.tenant_id
    zones = await tenant_store.find_zones(session, {tenant_id})
    moving = []
    if zones.get(tenant_id, tenant.timezone) != tenant.timezone:
        moving = await account_store.list_zoneless_accounts(
            session, tenant_id, REZONED_ACCOUNTS_MAX
        )
    hold = await take_turns(session, moving, context)
    locked = await lock_tenants(
        session, {tenant_id}, context, now=now, exclusively=True, makes=False
    )
    before = locked.get(tenant_id)
    if before is not None and before.settings == tenant:
        return
    await tenant_store.upsert_tenant(session, tenant)
    recorded_at = now
    if before is not None:
        recorded_at = recorded_time(before, context, now).now
        if before.settings.timezone != tenant.timezone:
            await _rezone(session, hold, tenant, before, context, recorded_at)
    outbox.append(session, [_tenant_event(tenant, now.isoformat(), recorded_at)])


async def _rezone(
    session: Session,
    hold: HeldTurns,
    tenant: Tenant,
    before: LockedTenant,
    context: Context,
    recorded_at: datetime,
) -> None:
    heads = await account_store.lock_zoneless_heads(
        session, tenant.tenant_id, REZONED_ACCOUNTS_MAX + 1
    )
    if len(heads) > REZONED_ACCOUNTS_MAX:
        raise Conflict(
            f"more than {REZONED_ACCOUNTS_MAX} accounts live in the tenant's zone: give them zones"
            " of their own (account-updated) first"
        )
    terms = {tenant.tenant_id: await terms_for(session, before.settings, context)}
    locked = await lock_accounts(session, hold, heads, terms, context)
    hold.changing.update(locked)
    updates = []
    for key, account in locked.items():
        decision = await in_slices(
            session,
            rezone_in_slices(
                account.state,
                tenant.timezone,
                at=recorded_at,
                recordedtime=recorded_at,
                begun=before.begun,
            ),
            key[1],
        )
        updates.append(update_of(key, account, decision, recorded_at))
        outbox.append(session, events_of(key, decision.announcements, recorded_at, {}))
        is_erased = account.state.timeless.erased_at is not None
        if account.state.profile is not None and not is_erased:
            outbox.append(session, [contact_of(key, account.state, recorded_at)])
    await account_store.save_updates(session, updates)
    session.after_commit(partial(remember_updates, hold, context, locked, updates))


def _tenant_event(tenant: Tenant, cause: str, now: datetime) -> Event:
    return Event(
        topic=TENANTS,
        tenant=tenant.tenant_id,
        key="",
        type="tenant-settings",
        entity=tenant.tenant_id,
        cause=cause,
        time=now,
        recordedtime=now,
        data=tenant,
    )
