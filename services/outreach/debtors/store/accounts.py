"""SQL of accounts: what the ledger announced of them, and their arms from segmentation."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from services.outreach.debtors.domain.accounts import AccountFacts, unknown
from services.outreach.debtors.store.rows import AccountKey, columns
from shared.database import Record, Session


async def find_accounts(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, AccountFacts]:
    rows = await session.fetch(
        """
        select a.* from accounts a
        join unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
          using (tenant_id, account_id)
        """,
        *columns(sorted(keys), 2),
    )
    return {(row["tenant_id"], row["account_id"]): _account(row) for row in rows}


def _account(row: Record) -> AccountFacts:
    return AccountFacts(
        account_id=row["account_id"],
        debtor_key=row["debtor_key"],
        debtor_id=row["debtor_id"],
        kind=row["kind"],
        timezone=row["timezone"],
        country=row["country"],
        sequence=row["sequence"],
        is_registered=row["is_registered"],
        is_erased=row["is_erased"],
    )


async def upsert_accounts(
    session: Session, accounts: Iterable[tuple[AccountKey, AccountFacts]]
) -> None:
    """What the ledger announced. Others write columns of their own, segmentation `arms` and a
    contact's result `contacted_at`, so that nobody writes back what another has just changed."""
    rows = [
        (
            tenant,
            account_id,
            a.debtor_key,
            a.debtor_id,
            a.kind,
            a.timezone,
            a.country,
            a.sequence,
            a.is_registered,
            a.is_erased,
        )
        for (tenant, account_id), a in sorted(accounts, key=lambda found: found[0])
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into accounts (tenant_id, account_id, debtor_key, debtor_id, kind, timezone, country,
                              sequence, is_registered, is_erased)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::bigint[], $9::bool[], $10::bool[])
        on conflict (tenant_id, account_id) do update set
          debtor_key = excluded.debtor_key, debtor_id = excluded.debtor_id, kind = excluded.kind,
          timezone = excluded.timezone, country = excluded.country, sequence = excluded.sequence,
          is_registered = excluded.is_registered, is_erased = excluded.is_erased
        """,
        *columns(rows, 10),
    )


async def upsert_arms(
    session: Session, arms: Iterable[tuple[AccountKey, Mapping[str, str]]]
) -> None:
    """What segmentation announced, perhaps before the ledger has."""
    rows = [
        (
            tenant,
            a.account_id,
            a.debtor_key,
            a.kind,
            a.timezone,
            msgspec.json.encode(found).decode(),
        )
        for (tenant, account_id), found in sorted(arms, key=lambda arm: arm[0])
        for a in (unknown(account_id),)
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into accounts (tenant_id, account_id, debtor_key, kind, timezone, arms)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        on conflict (tenant_id, account_id) do update set arms = excluded.arms
        """,
        *columns(rows, 6),
    )
