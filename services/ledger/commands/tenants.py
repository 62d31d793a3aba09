"""Tenants: their settings, their begun day, and what `recordedtime` follows from it."""

from dataclasses import dataclass, field
from datetime import datetime

from services.ledger.commands.changes import change_of, contact_of, event_of
from services.ledger.domain import rezone
from services.ledger.store import accounts as account_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.accounts import Memory
from services.ledger.store.tenants import LockedTenant
from shared.business_time import Begun
from shared.clock import day_start
from shared.database import Session
from shared.errors import Conflict
from shared.events import TENANTS, Event
from shared.events.ledger import Tenant
from shared.log import outbox

REZONED_ACCOUNTS_MAX = 5000  # in one transaction: a second or two


@dataclass(frozen=True, slots=True)
class Books:
    """What every command needs beside its batch: how this process runs the ledger."""

    is_manual_clock: bool
    makes_tenants: bool  # local mode: an unknown tenant is made at its first event
    memory: Memory = field(default_factory=Memory)
    begun: set[str] = field(default_factory=set)  # tenants seen to have begun a day


async def lock_tenants(
    session: Session,
    tenant_ids: set[str],
    books: Books,
    *,
    now: datetime,
    exclusively: bool = False,
    makes: bool = True,
) -> dict[str, LockedTenant]:
    """The tenants that exist (in local mode, all then do), their begun days locked.

    While nothing has begun under the manual clock, `recordedtime` grows with the events' times:
    then the row is locked exclusively, because this transaction will move it.
    """
    exclusively |= books.is_manual_clock and not tenant_ids <= books.begun
    locked = await tenant_store.lock_tenants(session, tenant_ids, exclusively=exclusively)
    unknown = sorted(tenant_ids - locked.keys())
    if unknown and makes and books.makes_tenants:
        made = [Tenant(tenant_id=tenant_id) for tenant_id in unknown]
        inserted = await tenant_store.insert_tenants(session, made)
        outbox.append(
            session,
            [_tenant_event(tenant, "made", now) for tenant in made if tenant.tenant_id in inserted],
        )
        locked = await tenant_store.lock_tenants(session, tenant_ids, exclusively=exclusively)
    books.begun.update(t for t, tenant in locked.items() if tenant.begun != Begun(None, None))
    return locked


def recorded_floor(
    tenant: LockedTenant, books: Books, now: datetime
) -> tuple[datetime | None, bool]:
    """Where `recordedtime` stands, and whether it still grows with the events' times."""
    if not books.is_manual_clock:
        return _latest(now, tenant.recorded_at), False
    begun_on = tenant.begun.on(tenant.settings.timezone)
    if begun_on is None:
        return tenant.recorded_at, True
    return _latest(day_start(begun_on, tenant.settings.timezone), tenant.recorded_at), False


def _latest(instant: datetime, floor: datetime | None) -> datetime:
    return instant if floor is None else max(instant, floor)


async def put_tenant(session: Session, tenant: Tenant, books: Books, *, now: datetime) -> None:
    """Store a tenant's settings. In a new time zone, the accounts that live in it are judged again.

    Raises `Conflict` where those are too many for one transaction.
    """
    locked = await lock_tenants(
        session, {tenant.tenant_id}, books, now=now, exclusively=True, makes=False
    )
    before = locked.get(tenant.tenant_id)
    if before is not None and before.settings == tenant:
        return
    await tenant_store.upsert_tenant(session, tenant)
    recorded_at = now
    if before is not None:
        floor, _ = recorded_floor(before, books, now)
        recorded_at = floor or now
        if before.settings.timezone != tenant.timezone:
            await _rezone(session, tenant, before, books, recorded_at)
    outbox.append(session, [_tenant_event(tenant, now.isoformat(), recorded_at)])


async def _rezone(
    session: Session, tenant: Tenant, before: LockedTenant, books: Books, recorded_at: datetime
) -> None:
    rows = await account_store.lock_zoneless_accounts(
        session, tenant.tenant_id, REZONED_ACCOUNTS_MAX + 1
    )
    if len(rows) > REZONED_ACCOUNTS_MAX:
        raise Conflict(
            f"more than {REZONED_ACCOUNTS_MAX} accounts live in the tenant's zone: give them zones"
            " of their own (account-updated) first"
        )
    zones = {tenant.tenant_id: before.settings.timezone}
    loaded = await account_store.load_accounts(session, rows, zones, books.memory)
    changes = []
    for key, found in loaded.items():
        decision = rezone(
            found.account,
            tenant.timezone,
            at=recorded_at,
            recordedtime=recorded_at,
            begun=before.begun,
        )
        change = change_of(key, found, decision, recorded_at)
        changes.append(change)
        outbox.append(
            session, [event_of(key, said, recorded_at, {}) for said in decision.announcements]
        )
        if found.account.profile is not None:
            outbox.append(session, [contact_of(key, found.account, recorded_at)])
    await account_store.save_changes(session, changes, books.memory)


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
