"""What must hold between the facts and everything that follows from them."""

from collections.abc import Mapping

from services.ledger import domain
from services.ledger.commands.tenants import Books
from services.ledger.store import invoices as invoice_store
from services.ledger.store import journal as journal_store
from services.ledger.store.accounts import Loaded, Memory, find_accounts
from services.ledger.store.tenants import find_tenant_times
from shared.database import Session

PAGE_ACCOUNTS = 200


async def check_accounts(session: Session, tenant_id: str, books: Books) -> dict[str, int]:
    """Compute every account from its facts and compare; gives violations by invariant."""
    counts = {
        "accounts keep the domain's invariants": 0,
        "invoices equal what their facts say": 0,
        "accounts in memory equal what their facts say": 0,
        "the journal's hash chain is whole": 0,
    }
    tenants = await find_tenant_times(session, [tenant_id])
    if tenant_id not in tenants:
        return counts
    zone = tenants[tenant_id].settings.timezone
    after = ""
    while ids := await invoice_store.list_account_ids(
        session, tenant_id, after=after, limit=PAGE_ACCOUNTS
    ):
        computed = await find_accounts(session, tenant_id, ids, zone, Memory())
        counts["the journal's hash chain is whole"] += await journal_store.count_broken_chains(
            session, tenant_id, ids
        )
        stored = await invoice_store.list_stored(session, tenant_id, ids)
        for account_id, loaded in computed.items():
            broken = domain.invariants(loaded.account)
            counts["accounts keep the domain's invariants"] += len(broken)
            counts["invoices equal what their facts say"] += _differences(
                stored.get(account_id, {}), loaded
            )
            remembered = books.memory.recall((tenant_id, account_id), loaded.row.version, zone)
            if remembered is not None and remembered.invoices != loaded.account.invoices:
                counts["accounts in memory equal what their facts say"] += 1
        after = ids[-1]
    return counts


def _differences(stored: Mapping[str, tuple[int, int, str, int | None]], loaded: Loaded) -> int:
    computed = {
        invoice.invoice_id: (
            invoice.balance_minor,
            invoice.disputed_minor,
            invoice.status,
            invoice.stage,
        )
        for invoice in loaded.account.invoices.values()
    }
    return sum(stored.get(key) != computed.get(key) for key in stored.keys() | computed.keys())
