"""SQL of early warnings: what a task about one depends on."""

from collections.abc import Collection
from datetime import date

from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.store.invoices import to_invoice
from services.outreach.debtors.store.rows import AccountKey
from shared.database import Session


async def find_contact_from(session: Session, tenants: Collection[str]) -> dict[str, date]:
    """From which day on each tenant lets its debtors be contacted; the others don't."""
    rows = await session.fetch(
        """
        select tenant_id, contact_from from tenants
        where tenant_id = any($1) and contact_from is not null
        """,
        sorted(tenants),
    )
    return {row["tenant_id"]: row["contact_from"] for row in rows}


async def find_open_invoices(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, list[Invoice]]:
    tenants, account_ids = zip(*sorted(keys), strict=True)
    rows = await session.fetch(
        """
        select i.* from invoices i
        join unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
          using (tenant_id, account_id)
        where i.state = 'open'
        """,
        list(tenants),
        list(account_ids),
    )
    found: dict[AccountKey, list[Invoice]] = {key: [] for key in keys}
    for row in rows:
        found[row["tenant_id"], row["account_id"]].append(to_invoice(row))
    return found
