"""SQL of what stops contact about accounts' invoices."""

from collections.abc import Collection, Iterable

from services.outreach.debtors.domain.stops import Stop
from services.outreach.debtors.store.rows import AccountKey, columns
from shared.database import Record, Session


async def find_stops(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, dict[str, Stop]]:
    """By account and name; those that have ended too."""
    if not keys:
        return {}
    rows = await session.fetch(
        """
        select s.* from stops s
        join unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
          using (tenant_id, account_id)
        order by s.account_id, s.name
        """,
        *columns(sorted(keys), 2),
    )
    found: dict[AccountKey, dict[str, Stop]] = {}
    for row in rows:
        found.setdefault((row["tenant_id"], row["account_id"]), {})[row["name"]] = _stop(row)
    return found


def _stop(row: Record) -> Stop:
    ids = row["invoice_ids"]
    return Stop(
        account_id=row["account_id"],
        name=row["name"],
        kind=row["kind"],
        currency=row["currency"],
        invoice_ids=None if ids is None else tuple(ids),
        from_on=row["from_on"],
        ended_on=row["ended_on"],
        outcome=row["outcome"],
        is_silence=row["is_silence"],
    )


async def upsert_stops(session: Session, stops: Iterable[tuple[str, Stop]]) -> None:
    """Each with its tenant. Few at a time: their lists of invoices differ in length."""
    rows = [
        (
            tenant,
            s.account_id,
            s.name,
            s.kind,
            s.currency,
            None if s.invoice_ids is None else list(s.invoice_ids),
            s.from_on,
            s.ended_on,
            s.outcome,
            s.is_silence,
        )
        for tenant, s in stops
    ]
    for row in sorted(rows, key=lambda row: row[:3]):
        await session.execute(
            """
            insert into stops (tenant_id, account_id, name, kind, currency, invoice_ids, from_on,
                               ended_on, outcome, is_silence)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (tenant_id, account_id, name) do update set
              kind = excluded.kind, currency = excluded.currency,
              invoice_ids = excluded.invoice_ids, from_on = excluded.from_on,
              ended_on = excluded.ended_on, outcome = excluded.outcome,
              is_silence = excluded.is_silence
            """,
            *row,
        )
