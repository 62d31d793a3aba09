"""Which accounts a dry run of a policy has to look at."""

from collections.abc import Mapping
from datetime import date, datetime

from shared.database import Session


async def list_open_currencies(session: Session, tenant_id: str) -> list[str]:
    rows = await session.fetch(
        "select distinct currency from invoices where tenant_id = $1 and status = 'open'",
        tenant_id,
    )
    return [row[0] for row in rows]


async def list_small_balances(
    session: Session, tenant_id: str, limits: Mapping[str, int], day: date
) -> list[tuple[str, str, str, int, date]]:
    """(account, invoice, currency, balance, due day) of invoices past due, undisputed, with at most
    so much open."""
    rows = await session.fetch(
        "select account_id, invoice_id, i.currency, balance_minor, due_on from invoices i"
        " join unnest($2::text[], $3::bigint[]) as l(currency, most) on l.currency = i.currency"
        " where tenant_id = $1 and status = 'open' and balance_minor <= most"
        " and disputed_minor = 0 and due_on < $4 order by account_id, invoice_id",
        tenant_id,
        list(limits),
        list(limits.values()),
        day,
    )
    return [tuple(row) for row in rows]


async def list_silent_accounts(
    session: Session, tenant_id: str, before: datetime
) -> list[tuple[str, datetime]]:
    """Accounts with nothing open whose last fact is older, and when it was."""
    rows = await session.fetch(
        "select a.account_id, f.last from accounts a cross join lateral"
        " (select max(coalesce(time, recorded_at)) as last from facts"
        "  where tenant_id = a.tenant_id and account_id = a.account_id) f"
        " where a.tenant_id = $1 and f.last < $2 and not exists (select from invoices i"
        " where i.tenant_id = a.tenant_id and i.account_id = a.account_id and i.status = 'open')"
        " order by a.account_id",
        tenant_id,
        before,
    )
    return [(row[0], row[1]) for row in rows]


async def list_registered_accounts(session: Session, tenant_id: str, limit: int) -> list[str]:
    """Those with an invoice, in order of their ids, at most so many."""
    rows = await session.fetch(
        "select account_id from accounts a where tenant_id = $1 and is_registered and exists"
        " (select from invoices i where i.tenant_id = a.tenant_id and i.account_id = a.account_id)"
        " order by account_id limit $2",
        tenant_id,
        limit,
    )
    return [row[0] for row in rows]
