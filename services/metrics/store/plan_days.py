"""SQL of the days that have begun here, and of what was said of each."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from services.metrics.domain.plans.checks import SaidDay
from shared.database import Session

_ENCODER = msgspec.json.Encoder()


_SAID = msgspec.json.Decoder(SaidDay)


class BegunDays(Struct, frozen=True):
    """How far a tenant's days have begun: the day, and the instant of business time."""

    on: date
    at: datetime


async def find_begun(session: Session, tenant: str) -> BegunDays | None:
    row = await session.fetchrow(
        "select begun_on, begun_at from begun_days where tenant_id = $1", tenant
    )
    return None if row is None else BegunDays(row["begun_on"], row["begun_at"])


async def lock_tenant_days(session: Session, tenant: str) -> BegunDays | None:
    """The same; others who would begin a day of the tenant wait until the transaction ends."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('begun-days ' || $1, 0))", tenant
    )
    return await find_begun(session, tenant)


async def upsert_begun(session: Session, tenant: str, on: date, at: datetime) -> None:
    """A day that has begun; never back."""
    await session.execute(
        """
        insert into begun_days (tenant_id, begun_on, begun_at) values ($1, $2, $3)
        on conflict (tenant_id) do update set
            begun_on = greatest(begun_days.begun_on, excluded.begun_on),
            begun_at = greatest(begun_days.begun_at, excluded.begun_at)
        """,
        tenant,
        on,
        at,
    )


async def insert_said(session: Session, tenant: str, plan_id: str, said: SaidDay) -> bool:
    """Whether nothing had been said of the day: it is never rewritten."""
    status = await session.execute(
        "insert into plan_days (tenant_id, plan_id, day, content) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        tenant,
        plan_id,
        said.day,
        _ENCODER.encode(said).decode(),
    )
    return status.endswith(" 1")


async def list_said(
    session: Session, tenant: str, plan_id: str, *, until: date, limit: int
) -> list[SaidDay]:
    """The newest days up to one, in their order."""
    rows = await session.fetch(
        "select content from plan_days where tenant_id = $1 and plan_id = $2 and day <= $3"
        " order by day desc limit $4",
        tenant,
        plan_id,
        until,
        limit,
    )
    return [_SAID.decode(row["content"]) for row in reversed(rows)]


async def page_said(
    session: Session, tenant: str, plan_id: str, *, before: date | None, limit: int
) -> list[SaidDay]:
    """The newest days first, before one."""
    rows = await session.fetch(
        "select content from plan_days where tenant_id = $1 and plan_id = $2"
        " and ($3::date is null or day < $3) order by day desc limit $4",
        tenant,
        plan_id,
        before,
        limit,
    )
    return [_SAID.decode(row["content"]) for row in rows]


async def list_tenants_to_begin(session: Session) -> Sequence[tuple[str, str]]:
    """Tenants with a plan or rules of their own, or a running experiment, each with its zone."""
    rows = await session.fetch(
        """
        select tenant_id, coalesce(timezone, 'UTC') as timezone from (
            select tenant_id from plans where state in ('approved', 'running')
            union select tenant_id from alert_rules
            union select tenant_id from announcements where type = 'experiment-started'
        ) busy left join tenants using (tenant_id) order by 1
        """
    )
    return [(row["tenant_id"], row["timezone"]) for row in rows]
