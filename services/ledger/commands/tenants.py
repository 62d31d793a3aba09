"""Tenants: their settings, their begun day, and what `recordedtime` follows from it."""

from dataclasses import dataclass, field
from datetime import datetime

from services.ledger.domain import Begun
from services.ledger.store import accounts as account_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.accounts import Memory
from services.ledger.store.tenants import LockedTenant
from shared import outbox
from shared.clock import day_start
from shared.db import Session
from shared.errors import NotFound
from shared.events import TENANTS, Event
from shared.events.ledger import Tenant


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
) -> dict[str, LockedTenant]:
    """The tenants that exist (in local mode, all then do), their begun days locked.

    While nothing has begun under the manual clock, `recordedtime` grows with the events' times:
    then the row is locked exclusively, because this transaction will move it.
    """
    exclusively |= books.is_manual_clock and not tenant_ids <= books.begun
    locked = await tenant_store.lock_tenants(session, tenant_ids, exclusively=exclusively)
    unknown = sorted(tenant_ids - locked.keys())
    if unknown and books.makes_tenants:
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


async def get_tenant(session: Session, tenant_id: str, books: Books, *, now: datetime) -> Tenant:
    """A tenant's settings; in local mode an unknown one is made. Raises `NotFound`."""
    locked = await lock_tenants(session, {tenant_id}, books, now=now)
    if tenant_id not in locked:
        raise NotFound(f"there is no tenant {tenant_id!r}")
    return locked[tenant_id].settings


async def put_tenant(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Store a tenant's settings. A new time zone makes its accounts be judged again."""
    before = await tenant_store.upsert_tenant(session, tenant)
    if before == tenant:
        return
    if before is not None and before.timezone != tenant.timezone:
        await account_store.update_zoneless_accounts(session, tenant.tenant_id)
    outbox.append(session, [_tenant_event(tenant, now.isoformat(), now)])


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
