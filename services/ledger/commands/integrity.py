"""What must hold between the facts and everything that follows from them."""

from collections.abc import Mapping

from services.ledger import domain
from services.ledger.commands.accounts import compute_accounts
from services.ledger.commands.terms import terms_for
from services.ledger.context import Context
from services.ledger.domain import AccountState
from services.ledger.store import accounts as account_store
from services.ledger.store import invoices as invoice_store
from services.ledger.store import journal as journal_store
from services.ledger.store.tenants import find_tenant_times
from shared.database import Session

PAGE_ACCOUNTS = 200


async def check_accounts(session: Session, tenant_id: str, context: Context) -> dict[str, int]:
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
    terms = await terms_for(session, tenants[tenant_id].settings, context)
    after = ""
    while ids := await invoice_store.list_account_ids(
        session, tenant_id, after=after, limit=PAGE_ACCOUNTS
    ):
        heads = await account_store.find_heads(session, [(tenant_id, name) for name in ids])
        versions = {key: head.version for key, head in heads.items()}
        computed = await compute_accounts(session, heads, terms)
        counts["the journal's hash chain is whole"] += await journal_store.count_broken_chains(
            session, tenant_id, ids
        )
        stored = await invoice_store.list_stored(session, tenant_id, ids)
        for key, state in computed.items():
            counts["accounts keep the domain's invariants"] += len(domain.invariants(state))
            counts["invoices equal what their facts say"] += _differences(
                stored.get(key[1], {}), state
            )
            # Whoever has its turn may be changing it; of the others this loop sees no half.
            remembered = context.accounts.recall(key)
            if (
                remembered is not None
                and remembered.version == versions[key]
                and remembered.state.tenant_zone == terms.zone
                and not context.accounts.turns.is_taken(key)
                and _of(remembered.state) != _of(state)
            ):
                counts["accounts in memory equal what their facts say"] += 1
            await session.give_way()
        after = ids[-1]
    return counts


def _of(state: AccountState) -> tuple[object, ...]:
    return (state.invoices, state.credits, state.objects.values)


def _differences(
    stored: Mapping[str, tuple[int, int, str, int | None]], state: AccountState
) -> int:
    computed = {
        invoice.invoice_id: (
            invoice.balance_minor,
            invoice.disputed_minor,
            invoice.status,
            invoice.stage,
        )
        for invoice in state.invoices.values()
    }
    return sum(stored.get(key) != computed.get(key) for key in stored.keys() | computed.keys())
