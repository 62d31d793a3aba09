"""SQL of contact records: a chain for each account, whose head is its lock."""

from collections.abc import Collection, Mapping, Sequence

from services.outreach.activity.domain.contact_record import FIRST_PREV, ChainedEntry
from shared.database import Session

AccountName = tuple[str, str]  # tenant, account


async def lock_heads(
    session: Session, accounts: Collection[AccountName]
) -> dict[AccountName, tuple[int, str]]:
    """How far each record has come, and its last hash; nobody else adds to it until the commit."""
    tenants, account_ids = zip(*sorted(accounts), strict=True)
    rows = await session.fetch(
        """
        insert into record_heads as h (tenant_id, account_id, n, hash)
        select tenant_id, account_id, 0, $3
        from unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
        order by tenant_id, account_id
        on conflict (tenant_id, account_id) do update set n = h.n
        returning tenant_id, account_id, n, hash
        """,
        list(tenants),
        list(account_ids),
        FIRST_PREV,
    )
    return {(row["tenant_id"], row["account_id"]): (row["n"], row["hash"]) for row in rows}


async def insert_entries(
    session: Session,
    entries: Sequence[tuple[AccountName, ChainedEntry]],
    heads: Mapping[AccountName, tuple[int, str]],
) -> None:
    await session.execute(
        """
        insert into contact_record (tenant_id, account_id, n, hash, entry)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
        """,
        [key[0] for key, _ in entries],
        [key[1] for key, _ in entries],
        [entry.n for _, entry in entries],
        [entry.hash for _, entry in entries],
        [entry.entry for _, entry in entries],
    )
    await session.execute(
        """
        update record_heads h set n = k.n, hash = k.hash
        from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
          as k (tenant_id, account_id, n, hash)
        where h.tenant_id = k.tenant_id and h.account_id = k.account_id
        """,
        [key[0] for key in heads],
        [key[1] for key in heads],
        [n for n, _ in heads.values()],
        [hash_ for _, hash_ in heads.values()],
    )


async def list_entries(
    session: Session, tenant: str, account_id: str, *, after: int, limit: int
) -> list[tuple[int, str, bytes]]:
    rows = await session.fetch(
        "select n, hash, entry from contact_record"
        " where tenant_id = $1 and account_id = $2 and n > $3 order by n limit $4",
        tenant,
        account_id,
        after,
        limit,
    )
    return [(row["n"], row["hash"], row["entry"]) for row in rows]
