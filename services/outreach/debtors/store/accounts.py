"""SQL of accounts: what the ledger announced of them, and their arms from segmentation."""

from collections.abc import Collection, Iterable

import msgspec

from services.outreach.debtors.domain.accounts import AccountFacts, unknown
from services.outreach.debtors.domain.segments import SegmentFacts
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
        tags=tuple(row["tags"]),
        sequence=row["sequence"],
        is_registered=row["is_registered"],
        is_erased=row["is_erased"],
    )


async def upsert_accounts(
    session: Session, accounts: Iterable[tuple[AccountKey, AccountFacts]]
) -> None:
    """What the ledger announced. Others write columns of their own (segmentation what it has found,
    a contact's result `contacted_at`): nobody writes back what another has just changed."""
    rows = [
        (
            tenant,
            account_id,
            a.debtor_key,
            a.debtor_id,
            a.kind,
            a.timezone,
            a.country,
            msgspec.json.encode(a.tags).decode(),
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
                              tags, sequence, is_registered, is_erased)
        select k.tenant_id, k.account_id, k.debtor_key, k.debtor_id, k.kind, k.timezone, k.country,
               array(select jsonb_array_elements_text(k.tags::jsonb)),
               k.sequence, k.is_registered, k.is_erased
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::text[], $9::bigint[], $10::bool[], $11::bool[])
          as k (tenant_id, account_id, debtor_key, debtor_id, kind, timezone, country, tags,
                sequence, is_registered, is_erased)
        on conflict (tenant_id, account_id) do update set
          debtor_key = excluded.debtor_key, debtor_id = excluded.debtor_id, kind = excluded.kind,
          timezone = excluded.timezone, country = excluded.country, tags = excluded.tags,
          sequence = excluded.sequence,
          is_registered = excluded.is_registered, is_erased = excluded.is_erased
        """,
        *columns(rows, 11),
    )


async def upsert_segments(
    session: Session, segments: Iterable[tuple[AccountKey, SegmentFacts]]
) -> None:
    """What segmentation announced, perhaps before the ledger has. Of an erased account nothing is
    kept any more."""
    rows = [
        (
            tenant,
            a.account_id,
            a.debtor_key,
            a.kind,
            a.timezone,
            None if found.arms is None else msgspec.json.encode(found.arms).decode(),
            found.segment,
            found.pays_within,
            found.late_payment,
            found.priority,
        )
        for (tenant, account_id), found in sorted(segments, key=lambda each: each[0])
        for a in (unknown(account_id),)
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into accounts (tenant_id, account_id, debtor_key, kind, timezone, arms, segment,
                              pays_within, late_payment, priority)
        select k.tenant_id, k.account_id, k.debtor_key, k.kind, k.timezone,
               coalesce(k.arms, '{}'), k.segment, k.pays_within, k.late_payment, k.priority
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::double precision[], $9::double precision[], $10::int[])
          as k (tenant_id, account_id, debtor_key, kind, timezone, arms, segment, pays_within,
                late_payment, priority)
        on conflict (tenant_id, account_id) do nothing
        """,
        *columns(rows, 10),
    )
    await session.execute(
        """
        update accounts a set
          arms = coalesce(k.arms, a.arms), segment = coalesce(k.segment, a.segment),
          pays_within = coalesce(k.pays_within, a.pays_within),
          late_payment = coalesce(k.late_payment, a.late_payment),
          priority = coalesce(k.priority, a.priority)
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::double precision[],
                    $6::double precision[], $7::int[])
          as k (tenant_id, account_id, arms, segment, pays_within, late_payment, priority)
        where a.tenant_id = k.tenant_id and a.account_id = k.account_id and not a.is_erased
        """,
        *columns([(*row[:2], *row[5:]) for row in rows], 7),
    )


async def erase_segments(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """What segmentation has found of people goes with their details."""
    await session.execute(
        """
        update accounts set tags = '{}', segment = null, pays_within = null, late_payment = null,
          priority = null
        where tenant_id = $1 and account_id = any($2)
        """,
        tenant,
        sorted(account_ids),
    )
