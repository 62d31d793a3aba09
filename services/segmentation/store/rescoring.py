"""SQL of re-scores: jobs that go through all accounts of a tenant, slice by slice."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from shared.database import Record, Session


class Rescoring(Struct, frozen=True, kw_only=True):
    """One re-score and how far it is."""

    tenant_id: str
    number: int
    because: str
    at: datetime  # business time from which what it changes holds
    cursor: str
    accounts: int
    done: int
    changed: int
    begun_at: datetime
    ended_at: datetime | None
    is_superseded: bool
    with_shadows: bool  # let challengers answer for everybody too


async def insert_rescoring(
    session: Session,
    tenant: str,
    *,
    because: str,
    at: datetime,
    accounts: int,
    with_shadows: bool,
    now: datetime,
) -> int:
    """Begin a re-score; one under way for the tenant ends, for this one does its work too."""
    await session.execute(  # one after the other: two would take the same number
        "select pg_advisory_xact_lock(hashtextextended('segmentation rescoring ' || $1, 0))", tenant
    )
    await session.execute(
        """update rescorings set ended_at = $2, is_superseded = true
           where tenant_id = $1 and ended_at is null""",
        tenant,
        now,
    )
    number: int = await session.fetchval(
        """insert into rescorings
             (tenant_id, number, because, at, accounts, begun_at, ended_at, with_shadows)
           select $1, coalesce(max(number), 0) + 1, $2, $3::timestamptz, $4::bigint,
                  $5::timestamptz, case when $4::bigint = 0 then $5::timestamptz end, $6
             from rescorings where tenant_id = $1
           returning number""",
        tenant,
        because,
        at,
        accounts,
        now,
        with_shadows,
    )
    return number


async def claim_rescoring(session: Session, tenant: str | None = None) -> Rescoring | None:
    """The oldest open re-score (of a tenant) that nobody else is at; held until the transaction
    ends."""
    row = await session.fetchrow(
        """select * from rescorings
           where ended_at is null and ($1::text is null or tenant_id = $1)
           order by begun_at, tenant_id limit 1 for update skip locked""",
        tenant,
    )
    return None if row is None else _rescoring(row)


async def list_open(
    session: Session, *, except_tenants: Collection[str], limit: int
) -> list[Rescoring]:
    """Open re-scores, the oldest first."""
    rows = await session.fetch(
        """select * from rescorings where ended_at is null and tenant_id <> all($1::text[])
           order by begun_at, tenant_id limit $2""",
        sorted(except_tenants),
        limit,
    )
    return [_rescoring(row) for row in rows]


async def advance_rescoring(
    session: Session,
    job: Rescoring,
    *,
    cursor: str,
    done: int,
    changed: int,
    ended_at: datetime | None,
) -> None:
    """Note a slice that was done."""
    await session.execute(
        """update rescorings set cursor = $3, done = done + $4, changed = changed + $5,
             ended_at = $6 where tenant_id = $1 and number = $2""",
        job.tenant_id,
        job.number,
        cursor,
        done,
        changed,
        ended_at,
    )


async def list_rescorings(
    session: Session, tenant: str, *, before: int | None, limit: int
) -> list[Rescoring]:
    """The tenant's re-scores, the latest first."""
    rows = await session.fetch(
        """select * from rescorings where tenant_id = $1 and ($2::bigint is null or number < $2)
           order by number desc limit $3""",
        tenant,
        before,
        limit,
    )
    return [_rescoring(row) for row in rows]


async def left_to_do(session: Session, now: datetime) -> tuple[int, float]:
    """How many accounts open re-scores have still to go through (at least one each), and the age
    of the oldest in seconds."""
    row = await session.fetchrow(
        """select coalesce(sum(greatest(accounts - done, 1)), 0)::bigint as behind,
                  min(begun_at) as begun_at from rescorings where ended_at is null"""
    )
    assert row is not None, "an aggregate has a row"
    if row["begun_at"] is None:
        return 0, 0.0
    return row["behind"], max(0.0, (now - row["begun_at"]).total_seconds())


def _rescoring(row: Record) -> Rescoring:
    return Rescoring(**dict(row))
