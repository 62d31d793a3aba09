"""What must hold between the facts and everything that follows from them.

Checks that one query can count stand in `store/integrity.py`, those of one account's state and
journal in `domain/account_checks.py`, and what has to be walked through here.
"""

from collections import Counter
from collections.abc import Mapping

from services.ledger.commands.accounts import compute_accounts
from services.ledger.commands.journal_checks import check_entries, count_broken_seals
from services.ledger.commands.terms import Terms, terms_for
from services.ledger.context import Context
from services.ledger.domain import AccountState
from services.ledger.domain.account_checks import CHECKS
from services.ledger.domain.charges import all_charges
from services.ledger.store import accounts as account_store
from services.ledger.store import invoices as invoice_store
from services.ledger.store.open_charges import list_open_charges
from services.ledger.store.tenants import find_tenant_times
from shared.database import Session

PAGE_ACCOUNTS = 200


INVOICES = "invoices equal what their facts say"
CHARGES = "open charges equal what their facts say"
MEMORY = "accounts in memory equal what their facts say"
BALANCED = "entries sum to zero"
CHAINS = "hash chains are whole"
SEALS = "seals equal their heads"


async def check_accounts(session: Session, tenant_id: str, context: Context) -> dict[str, int]:
    """Compute every account from its facts and compare, and hash the journal anew; gives violations
    by invariant."""
    counts = Counter(
        dict.fromkeys((BALANCED, *CHECKS, INVOICES, CHARGES, MEMORY, CHAINS, SEALS), 0)
    )
    tenants = await find_tenant_times(session, [tenant_id])
    if tenant_id not in tenants:
        return dict(counts)
    terms = await terms_for(session, tenants[tenant_id].settings, context)
    after = ""
    while ids := await invoice_store.list_account_ids(
        session, tenant_id, after=after, limit=PAGE_ACCOUNTS
    ):
        counts.update(await _check_page(session, tenant_id, ids, terms, context))
        after = ids[-1]
    counts[SEALS] += await count_broken_seals(session, tenant_id)
    return dict(counts)


async def _check_page(
    session: Session, tenant_id: str, ids: list[str], terms: Terms, context: Context
) -> Counter[str]:
    heads = await account_store.find_heads(session, [(tenant_id, name) for name in ids])
    computed = await compute_accounts(session, heads, terms)
    entries = await check_entries(session, tenant_id, {key[1]: heads[key] for key in heads})
    counts = Counter({BALANCED: entries.unbalanced, CHAINS: entries.broken})
    stored = await invoice_store.list_stored(session, tenant_id, ids)
    charges = await list_open_charges(session, tenant_id, ids)
    for key, state in computed.items():
        booked = entries.booked[key[1]]
        counts.update({name: check(state, booked) for name, check in CHECKS.items()})
        counts[CHARGES] += _other_charges(charges.get(key[1], {}), state)
        counts[INVOICES] += _differences(stored.get(key[1], {}), state)
        # Whoever has its turn may be changing it; of the others this loop sees no half.
        remembered = context.accounts.recall(key)
        if (
            remembered is not None
            and remembered.version == heads[key].version
            and remembered.state.tenant_zone == terms.zone
            and not context.accounts.turns.is_taken(key)
            and _of(remembered.state) != _of(state)
        ):
            counts[MEMORY] += 1
        await session.give_way()
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


def _other_charges(stored: Mapping[str, int], state: AccountState) -> int:
    computed = {charge.charge_id: charge.balance_minor for charge in all_charges(state)}
    return sum(
        stored.get(key, 0) != computed.get(key, 0) for key in stored.keys() | computed.keys()
    )
