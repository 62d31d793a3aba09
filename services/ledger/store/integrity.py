"""Invariants that one query can count: each gives the number of violations."""

from shared.database import Session

CHECKS: dict[str, str] = {
    "journal entries are numbered without gaps": (
        "select count(*) from accounts a where tenant_id = $1 and entries <> (select count(*) from"
        " journal j where j.tenant_id = a.tenant_id and j.account_id = a.account_id)"
    ),
    "balances lie between zero and the invoice's amount": (
        "select count(*) from invoices where tenant_id = $1"
        " and (balance_minor < 0 or balance_minor > amount_minor)"
    ),
    "disputed parts are not more than the balance": (
        "select count(*) from invoices where tenant_id = $1"
        " and (disputed_minor < 0 or disputed_minor > balance_minor)"
    ),
    "an invoice is open exactly while something is owed": (
        "select count(*) from invoices where tenant_id = $1"
        " and (status = 'open') <> (balance_minor > 0)"
    ),
    "events are numbered without gaps": (
        "with written as (select aggregateid, count(*) as n, min(sequence) as first,"
        " max(sequence) as last from outbox where aggregatetype = 'ledger.events'"
        " and aggregateid like $1 || '/%' group by 1)"
        " select count(*) from sequences s left join written w"
        " on w.aggregateid = s.tenant || '/' || s.key where s.tenant = $1"
        " and s.topic = 'ledger.events' and w.n is not null"  # all pruned: nothing to compare
        " and (s.last <> w.last or w.n <> w.last - w.first + 1)"
    ),
}


async def count_violations(session: Session, tenant_id: str) -> dict[str, int]:
    return {name: await session.fetchval(query, tenant_id) for name, query in CHECKS.items()}
