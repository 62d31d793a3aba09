"""SQL of addresses: which accounts have a mailbox or a number."""

from collections.abc import Collection, Mapping

from services.outreach.debtors.store.rows import AccountKey, columns
from shared.database import Session

Address = tuple[str, str]  # email | phone, and as networks write it


async def replace_addresses(
    session: Session, found: Mapping[AccountKey, Collection[Address]]
) -> None:
    """All that these accounts have now."""
    if not found:
        return
    await session.execute(
        """
        delete from addresses a using unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
        where a.tenant_id = k.tenant_id and a.account_id = k.account_id
        """,
        *columns(sorted(found), 2),
    )
    rows = sorted({(*key, *address) for key, addresses in found.items() for address in addresses})
    if rows:
        await session.execute(
            """
            insert into addresses (tenant_id, account_id, kind, address)
            select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
            """,
            *columns(rows, 4),
        )


async def find_owners(session: Session, tenant: str, kind: str, address: str) -> dict[str, str]:
    """The accounts that have it, with their debtors."""
    rows = await session.fetch(
        """
        select a.account_id, a.debtor_key from addresses d join accounts a
          using (tenant_id, account_id)
        where d.tenant_id = $1 and d.kind = $2 and d.address = $3 and not a.is_erased
        order by a.account_id
        """,
        tenant,
        kind,
        address,
    )
    return {row["account_id"]: row["debtor_key"] for row in rows}


async def list_addresses(
    session: Session, tenant: str, kind: str, account_ids: Collection[str]
) -> list[tuple[str, str]]:
    """Account and address, of these accounts."""
    rows = await session.fetch(
        """
        select account_id, address from addresses
        where tenant_id = $1 and kind = $2 and account_id = any($3) order by account_id, address
        """,
        tenant,
        kind,
        sorted(account_ids),
    )
    return [(row["account_id"], row["address"]) for row in rows]
