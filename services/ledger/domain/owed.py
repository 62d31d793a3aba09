"""What is owed on invoices: their open balances and the open charges that belong to them."""

from collections.abc import Iterable

from services.ledger.domain.charges import disputed_charges_of, open_charges_of
from services.ledger.domain.state import AccountState


def owed(state: AccountState, invoice_id: str) -> int:
    """Its balance plus the open charges that belong to it, in minor units."""
    invoice = state.invoices.get(invoice_id)
    if invoice is None:
        return 0
    return invoice.balance_minor + open_charges_of(state, invoice_id)


def undisputed(state: AccountState, invoice_id: str) -> int:
    """What is owed on it less the disputed part."""
    invoice = state.invoices.get(invoice_id)
    if invoice is None:
        return 0
    free = invoice.balance_minor - invoice.disputed_minor
    charged = open_charges_of(state, invoice_id)
    return free + (charged - disputed_charges_of(state, invoice_id) if charged else 0)


def owed_on(state: AccountState, invoice_ids: Iterable[str]) -> int:
    return sum(owed(state, invoice_id) for invoice_id in invoice_ids)


def undisputed_on(state: AccountState, invoice_ids: Iterable[str]) -> int:
    return sum(undisputed(state, invoice_id) for invoice_id in invoice_ids)


def in_currency(state: AccountState, invoice_ids: Iterable[str], currency: str) -> tuple[str, ...]:
    """Those of the invoices that are in a currency."""
    return tuple([i for i in invoice_ids if state.invoices[i].currency == currency])
