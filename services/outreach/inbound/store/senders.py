"""SQL of who writes: the contact that is answered, its debtor, the debtor's accounts."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.database import Session


@dataclass(frozen=True)
class AnsweredContact:
    contact_id: str
    debtor_key: str
    account_ids: tuple[str, ...]


@dataclass(frozen=True)
class DebtorAccount:
    account_id: str
    zone: str
    country: str | None
    debtor_id: str | None


async def find_contact(session: Session, tenant: str, contact_id: str) -> AnsweredContact | None:
    row = await session.fetchrow(
        """
        select c.contact_id, c.debtor_key, array(
          select a.account_id from contact_accounts a
          where a.tenant_id = c.tenant_id and a.contact_id = c.contact_id order by a.account_id)
          as account_ids
        from contacts c where c.tenant_id = $1 and c.contact_id = $2
        """,
        tenant,
        contact_id,
    )
    if row is None:
        return None
    return AnsweredContact(row["contact_id"], row["debtor_key"], tuple(row["account_ids"]))


async def find_message(
    session: Session, tenant: str, contact_id: str, message_id: str
) -> AnsweredContact | None:
    """The contact, if its message had this id: ids are in what everybody sees, so they are no
    proof of anything else."""
    known = await session.fetchval(
        "select message_id from contacts where tenant_id = $1 and contact_id = $2",
        tenant,
        contact_id,
    )
    if known is None or known.strip("<>") != message_id:
        return None
    return await find_contact(session, tenant, contact_id)


async def find_tenants_of_contact(
    session: Session, tenants: Collection[str], contact_id: str
) -> list[str]:
    """Which of these tenants made the contact: one, or none."""
    rows = await session.fetch(
        "select tenant_id from contacts where tenant_id = any($1) and contact_id = $2",
        sorted(tenants),
        contact_id,
    )
    return [row["tenant_id"] for row in rows]


async def list_debtor_accounts(
    session: Session, tenant: str, debtor_key: str
) -> list[DebtorAccount]:
    """Not those that were erased."""
    rows = await session.fetch(
        """
        select account_id, timezone, country, debtor_id from accounts
        where tenant_id = $1 and debtor_key = $2 and not is_erased order by account_id
        """,
        tenant,
        debtor_key,
    )
    return [
        DebtorAccount(row["account_id"], row["timezone"], row["country"], row["debtor_id"])
        for row in rows
    ]


async def find_debtor_key(session: Session, tenant: str, account_id: str) -> str | None:
    key: str | None = await session.fetchval(
        "select debtor_key from accounts where tenant_id = $1 and account_id = $2"
        " and not is_erased",
        tenant,
        account_id,
    )
    return key
