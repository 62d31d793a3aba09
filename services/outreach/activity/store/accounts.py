"""SQL of an account as every area needs it: whether it is there, its debtor's lock, its zone."""

from collections.abc import Collection
from datetime import datetime

from shared.database import Session
from shared.errors import Conflict, NotFound


async def get_known_account(session: Session, tenant: str, account_id: str) -> None:
    """Raise `NotFound` unless the tenant has such an account."""
    known = await session.fetchval(
        "select true from accounts where tenant_id = $1 and account_id = $2", tenant, account_id
    )
    if not known:
        raise NotFound(f"There is no account {account_id}.")


async def get_zone(session: Session, tenant: str, account_id: str) -> str:
    """The time zone in which a known account is kept."""
    zone: str = await session.fetchval(
        "select timezone from accounts where tenant_id = $1 and account_id = $2", tenant, account_id
    )
    return zone


async def find_zones(session: Session, tenant: str, accounts: Collection[str]) -> dict[str, str]:
    """The time zones in which known accounts are kept."""
    rows = await session.fetch(
        "select account_id, timezone from accounts where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(accounts),
    )
    return {row["account_id"]: row["timezone"] for row in rows}


async def lock_debtor_of(session: Session, tenant: str, account_id: str) -> None:
    """Lock the account's debtor for the plans that a statement changes, and have it planned again.
    Raises `NotFound` for an unknown account, `Conflict` for an erased one."""
    row = await session.fetchrow(
        "select debtor_key, is_erased from accounts where tenant_id = $1 and account_id = $2",
        tenant,
        account_id,
    )
    if row is None:
        raise NotFound(f"There is no account {account_id}.")
    if row["is_erased"]:
        raise Conflict(f"Account {account_id} was erased: it takes no personal data any more.")
    await session.execute(
        """
        insert into debtors (tenant_id, debtor_key, is_dirty) values ($1, $2, true)
        on conflict (tenant_id, debtor_key) do update set is_dirty = true
        """,
        tenant,
        row["debtor_key"],
    )


async def find_business_instant(session: Session, tenant: str, account_id: str) -> datetime | None:
    """How far business time has come for an account: of the runs, else of its timeline."""
    at: datetime | None = await session.fetchval(
        """
        select greatest(
          (select at from business_times where tenant_id = $1),
          (select max(at) from story where tenant_id = $1 and account_id = $2))
        """,
        tenant,
        account_id,
    )
    return at
