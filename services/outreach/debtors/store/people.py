"""SQL of personal data: the last details of each account, deleted by their tombstone."""

from collections.abc import Collection, Iterable

import msgspec

from services.outreach.debtors.store.rows import AccountKey, columns
from shared.database import Session
from shared.events import ledger


async def upsert_people(session: Session, people: Iterable[tuple[AccountKey, bytes]]) -> None:
    rows = [(*key, details) for key, details in sorted(people)]
    if not rows:
        return
    await session.execute(
        """
        insert into people (tenant_id, account_id, details)
        select * from unnest($1::text[], $2::text[], $3::bytea[])
        on conflict (tenant_id, account_id) do update set details = excluded.details
        """,
        *columns(rows, 3),
    )


async def delete_people(session: Session, keys: Collection[AccountKey]) -> None:
    if not keys:
        return
    await session.execute(
        """
        delete from people p using unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
        where p.tenant_id = k.tenant_id and p.account_id = k.account_id
        """,
        *columns(sorted(keys), 2),
    )


async def find_people(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, ledger.Contact]:
    rows = await session.fetch(
        "select account_id, details from people where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )
    return {
        row["account_id"]: msgspec.json.decode(row["details"], type=ledger.Contact) for row in rows
    }
