"""Accounts that were left out of a day because they can't be computed."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from services.ledger.store.journal import AccountKey
from shared.database import Session


class Failure(Struct, frozen=True, kw_only=True):
    """An account that waits for its rules or its facts to be mended."""

    account_id: str
    reason: str
    since: datetime  # machine time


async def put_failure(
    session: Session, tenant_id: str, account_id: str, failed_on: date, reason: str, now: datetime
) -> bool:
    """Whether it was not there yet."""
    is_new: bool = await session.fetchval(
        "insert into failures as f (tenant_id, account_id, failed_on, version, reason, since_at)"
        " select tenant_id, account_id, $3, version, $4, $5 from accounts"
        " where tenant_id = $1 and account_id = $2"
        " on conflict (tenant_id, account_id) do update set failed_on = excluded.failed_on,"
        " version = excluded.version, reason = excluded.reason"
        " returning xmax = 0",
        tenant_id,
        account_id,
        failed_on,
        reason,
        now,
    )
    return is_new


async def forget_failures(session: Session, keys: Sequence[AccountKey]) -> None:
    """They could be computed."""
    if keys:
        await session.execute(
            "delete from failures using unnest($1::text[], $2::text[]) as k(t, a)"
            " where tenant_id = t and account_id = a",
            [key[0] for key in keys],
            [key[1] for key in keys],
        )


async def list_failures(
    session: Session, tenant_id: str, *, after: str, limit: int
) -> list[Failure]:
    """Those that have not changed since they failed, by account."""
    rows = await session.fetch(
        "select account_id, reason, since_at as since from failures"
        " join accounts using (tenant_id, account_id, version)"
        " where tenant_id = $1 and account_id > $2 order by account_id limit $3",
        tenant_id,
        after,
        limit,
    )
    return [Failure(**dict(row)) for row in rows]
