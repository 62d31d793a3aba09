"""SQL of what may be answered."""

from collections.abc import Collection, Iterable
from datetime import date

from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.store.rows import AccountKey, columns
from shared.database import Record, Session


async def find_occasions(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, dict[tuple[str, str], Occasion]]:
    """All of these accounts, by reaction and subject; those that have ended too."""
    if not keys:
        return {}
    rows = await session.fetch(
        """
        select o.* from occasions o
        join unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
          using (tenant_id, account_id)
        order by o.account_id, o.reaction, o.subject_id
        """,
        *columns(sorted(keys), 2),
    )
    found: dict[AccountKey, dict[tuple[str, str], Occasion]] = {}
    for row in rows:
        known = _occasion(row)
        found.setdefault((row["tenant_id"], row["account_id"]), {})[known.key] = known
    return found


async def list_standing(
    session: Session, tenant: str, account_ids: Collection[str], since: date
) -> dict[str, list[Occasion]]:
    """By account those that stand, and are not long past."""
    rows = await session.fetch(
        """
        select * from occasions
        where tenant_id = $1 and account_id = any($2) and stands and anchor_on >= $3
        order by account_id, reaction, subject_id
        """,
        tenant,
        sorted(account_ids),
        since,
    )
    found: dict[str, list[Occasion]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(_occasion(row))
    return found


def _occasion(row: Record) -> Occasion:
    ids = row["invoice_ids"]
    return Occasion(
        account_id=row["account_id"],
        reaction=row["reaction"],
        subject=row["subject"],
        subject_id=row["subject_id"],
        anchor_on=row["anchor_on"],
        currency=row["currency"],
        invoice_ids=None if ids is None else tuple(ids),
        stands=row["stands"],
        since_on=row["since_on"],
        amount_minor=row["amount_minor"],
        due_on=row["due_on"],
        base_minor=row["base_minor"],
        outcome=row["outcome"],
    )


async def upsert_occasions(session: Session, occasions: Iterable[tuple[str, Occasion]]) -> None:
    """Each with its tenant. Few at a time: their lists of invoices differ in length."""
    rows = [
        (
            tenant,
            o.account_id,
            o.reaction,
            o.subject_id,
            o.subject,
            o.anchor_on,
            o.currency,
            None if o.invoice_ids is None else list(o.invoice_ids),
            o.stands,
            o.since_on,
            o.amount_minor,
            o.due_on,
            o.base_minor,
            o.outcome,
        )
        for tenant, o in occasions
    ]
    for row in sorted(rows, key=lambda row: row[:4]):
        await session.execute(
            """
            insert into occasions (tenant_id, account_id, reaction, subject_id, subject, anchor_on,
                                   currency, invoice_ids, stands, since_on, amount_minor, due_on,
                                   base_minor, outcome)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            on conflict (tenant_id, account_id, reaction, subject_id) do update set
              anchor_on = excluded.anchor_on, currency = excluded.currency,
              invoice_ids = excluded.invoice_ids, stands = excluded.stands,
              since_on = excluded.since_on, amount_minor = excluded.amount_minor,
              due_on = excluded.due_on, base_minor = excluded.base_minor,
              outcome = excluded.outcome
            """,
            *row,
        )
