"""SQL of the invoices that a visitor has papers of."""

from collections.abc import Collection
from datetime import date

from shared.database import Session


async def list_invoices(
    session: Session, tenant: str, account_ids: Collection[str], limit: int
) -> list[tuple[str, str, date, str]]:
    """Account, invoice, due day and state, the newest first."""
    rows = await session.fetch(
        """
        select account_id, invoice_id, due_on, state from invoices
        where tenant_id = $1 and account_id = any($2)
        order by due_on desc, invoice_id limit $3
        """,
        tenant,
        sorted(account_ids),
        limit,
    )
    return [(row["account_id"], row["invoice_id"], row["due_on"], row["state"]) for row in rows]


async def is_invoice_of(
    session: Session, tenant: str, account_ids: Collection[str], invoice_id: str
) -> bool:
    found = await session.fetchval(
        "select true from invoices"
        " where tenant_id = $1 and account_id = any($2) and invoice_id = $3 limit 1",
        tenant,
        sorted(account_ids),
        invoice_id,
    )
    return bool(found)
