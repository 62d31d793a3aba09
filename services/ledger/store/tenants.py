"""Tenants and their business time."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from shared.business_time import Begun
from shared.database import Session
from shared.events.ledger import Tenant

_COLUMNS = "tenant_id, timezone, calendar, party, reporting_currency, contact_from, organisation"


async def find_tenants(session: Session, tenant_ids: Sequence[str]) -> dict[str, Tenant]:
    rows = await session.fetch(
        f"select {_COLUMNS} from tenants where tenant_id = any($1::text[])", list(tenant_ids)
    )
    return {row["tenant_id"]: Tenant(**dict(row)) for row in rows}


async def find_zones(session: Session, tenant_ids: Iterable[str]) -> dict[str, str]:
    """Time zones, without a lock."""
    rows = await session.fetch(
        "select tenant_id, timezone from tenants where tenant_id = any($1::text[])",
        sorted(tenant_ids),
    )
    return {row[0]: row[1] for row in rows}


async def insert_tenants(session: Session, tenants: Sequence[Tenant]) -> list[str]:
    """Insert those that are not there yet, with a business time of their own; says which."""
    rows = await session.fetch(
        f"insert into tenants ({_COLUMNS}) "
        "select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::date[], $7::text[]) as t(tenant_id, z, c, p, r, f, o) order by 1 "
        "on conflict do nothing returning tenant_id",
        *_transpose(tenants),
    )
    await _insert_business_times(session, [tenant.tenant_id for tenant in tenants])
    return [row["tenant_id"] for row in rows]


async def upsert_tenant(session: Session, tenant: Tenant) -> None:
    await session.execute(
        f"insert into tenants ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7) "
        "on conflict (tenant_id) do update set timezone = excluded.timezone,"
        " calendar = excluded.calendar, party = excluded.party,"
        " reporting_currency = excluded.reporting_currency, contact_from = excluded.contact_from,"
        " organisation = excluded.organisation",
        *(column[0] for column in _transpose([tenant])),
    )
    await _insert_business_times(session, [tenant.tenant_id])


async def _insert_business_times(session: Session, tenant_ids: Sequence[str]) -> None:
    await session.execute(
        "insert into business_times (tenant_id) select unnest($1::text[]) order by 1 "
        "on conflict do nothing",
        list(tenant_ids),
    )


def _transpose(tenants: Sequence[Tenant]) -> list[list[Any]]:
    return [
        [t.tenant_id for t in tenants],
        [t.timezone for t in tenants],
        [t.calendar for t in tenants],
        [t.party for t in tenants],
        [t.reporting_currency for t in tenants],
        [t.contact_from for t in tenants],
        [t.organisation for t in tenants],
    ]


class LockedTenant(Struct, frozen=True, gc=False):
    """A tenant whose begun day stands still until the transaction ends."""

    settings: Tenant
    begun: Begun
    recorded_at: datetime | None  # `recordedtime` never goes below


# Shared row locks pass by whoever waits for the row alone: under steady intake a day would never
# begin. An advisory lock has a queue, so that is stood in first (in one order, as hashes collide).
_GATE = 0x7E4A
_LOCK_TENANTS = (
    "with hashes as (select distinct hashtext(t) as h from unnest($1::text[]) t order by 1),"
    " gate as materialized (select count(pg_advisory_xact_lock{mode}({gate}, h)) from hashes)"
    " select b.tenant_id, timezone, calendar, party, reporting_currency, contact_from,"
    " organisation, begun_on, begun_at, recorded_at"
    " from gate, business_times b join tenants t using (tenant_id)"
    " where b.tenant_id = any($1::text[]) order by b.tenant_id for {strength} of b for share of t"
)
_LOCK_SHARED = _LOCK_TENANTS.format(mode="_shared", gate=_GATE, strength="share")
_LOCK_ALONE = _LOCK_TENANTS.format(mode="", gate=_GATE, strength="update")


async def lock_tenants(
    session: Session, tenant_ids: Iterable[str], *, exclusively: bool = False
) -> dict[str, LockedTenant]:
    """Settings and business time, locked against `start-day` (or, exclusively, against all)."""
    rows = await session.fetch(_LOCK_ALONE if exclusively else _LOCK_SHARED, sorted(tenant_ids))
    return {row[0]: _locked(row) for row in rows}


async def find_tenant_times(session: Session, tenant_ids: Iterable[str]) -> dict[str, LockedTenant]:
    """The same without locks, for reads."""
    rows = await session.fetch(
        "select t.tenant_id, timezone, calendar, party, reporting_currency, contact_from,"
        " organisation, begun_on, begun_at, recorded_at"
        " from business_times b join tenants t using (tenant_id)"
        " where b.tenant_id = any($1::text[])",
        sorted(tenant_ids),
    )
    return {row[0]: _locked(row) for row in rows}


def _locked(row: Any) -> LockedTenant:
    return LockedTenant(
        Tenant(
            tenant_id=row[0],
            timezone=row[1],
            calendar=row[2],
            party=row[3],
            reporting_currency=row[4],
            contact_from=row[5],
            organisation=row[6],
        ),
        Begun(day=row[7], at=row[8]),
        row[9],
    )


async def raise_begun(
    session: Session,
    tenant_id: str,
    *,
    begun_on: date | None,
    begun_at: datetime | None,
    recorded_at: datetime | None,
) -> None:
    """Move the begun day forward, never back."""
    await session.execute(
        "update business_times set begun_on = greatest(begun_on, $2::date),"
        " begun_at = greatest(begun_at, $3::timestamptz),"
        " recorded_at = greatest(recorded_at, $4::timestamptz) where tenant_id = $1",
        tenant_id,
        begun_on,
        begun_at,
        recorded_at,
    )


async def update_recorded_at(session: Session, tenant_id: str, recorded_at: datetime) -> None:
    """Keep the floor of `recordedtime` (only while nothing has begun; the row is locked)."""
    await session.execute(
        "update business_times set recorded_at = greatest(recorded_at, $2) where tenant_id = $1",
        tenant_id,
        recorded_at,
    )


async def list_tenants(session: Session) -> list[Tenant]:
    rows = await session.fetch(f"select {_COLUMNS} from tenants order by tenant_id")
    return [Tenant(**dict(row)) for row in rows]
