"""What must always hold of an account. Checked after every test that moves money, and live."""

from collections.abc import Iterator

from services.ledger.domain.credits import Credit
from services.ledger.domain.invoices import Invoice, disputed_part
from services.ledger.domain.journal import Totals
from services.ledger.domain.state import AccountState


def invariants(state: AccountState) -> list[str]:
    """Every violation in plain words; none: all is well."""
    found = [
        fault for invoice in state.invoices.values() for fault in _invoice_faults(state, invoice)
    ]
    found += [fault for source in state.credits.values() for fault in _source_faults(source)]
    found += _total_faults(state)
    if state.registered:
        found += _loose_faults(state)
    return found


def _invoice_faults(state: AccountState, invoice: Invoice) -> Iterator[str]:
    name = f"invoice {invoice.invoice_id}"
    due = 0 if invoice.voided_at else invoice.amount_minor
    if invoice.balance_minor != due - invoice.credited_minor - invoice.paid_minor:
        yield f"{name}: balance is not amount less credit and cash"
    if invoice.balance_minor < 0 or invoice.credited_minor < 0 or invoice.paid_minor < 0:
        yield f"{name}: an amount is below zero"
    if invoice.disputed_minor != disputed_part(invoice.balance_minor, invoice.disputes):
        yield f"{name}: the disputed part does not follow from its disputes"
    held = {"payment": 0, "credit_note": 0}
    for holding in invoice.holdings:
        held[holding.kind] += holding.amount_minor
        source = state.credits.get((holding.kind, holding.credit_id))
        there = sum(
            piece.amount_minor
            for piece in (source.allocations if source else ())
            if piece.invoice_id == invoice.invoice_id and piece.released_at is None
        )
        if there < holding.amount_minor:
            yield f"{name}: holds money of {holding.credit_id} that is not there"
    if (held["payment"], held["credit_note"]) != (invoice.paid_minor, invoice.credited_minor):
        yield f"{name}: what it holds is not what was put on it"
    last = invoice.levels[-1]
    if (last.balance_minor, last.disputed_minor) != (invoice.balance_minor, invoice.disputed_minor):
        yield f"{name}: its last level is not what is open on it"


def _source_faults(source: Credit) -> Iterator[str]:
    name = f"{source.kind} {source.credit_id}"
    placed = sum(piece.amount_minor for piece in source.allocations if piece.released_at is None)
    if source.amount_minor != placed + source.unapplied_minor + source.taken_minor:
        yield f"{name}: amount is not applied, unapplied and taken back together"
    if min(source.unapplied_minor, source.taken_minor) < 0:
        yield f"{name}: an amount is below zero"
    if source.taken_minor != sum(taken.amount_minor for taken in source.reversals):
        yield f"{name}: what its reversals took is not what was taken back"


def _total_faults(state: AccountState) -> Iterator[str]:
    for currency, totals in state.totals.items():
        invoices = [known for known in state.invoices.values() if known.currency == currency]
        cash = [
            known
            for known in state.credits.values()
            if known.currency == currency and known.kind == "payment"
        ]
        credit = [
            known
            for known in state.credits.values()
            if known.currency == currency and known.kind == "credit_note"
        ]
        counted = Totals(
            sum(known.balance_minor for known in invoices),
            sum(known.disputed_minor for known in invoices),
            sum(known.amount_minor - known.taken_minor for known in cash),
            sum(known.unapplied_minor for known in cash),
            sum(known.unapplied_minor for known in credit),
            sum(known.amount_minor for known in invoices if not known.voided_at)
            - sum(known.amount_minor for known in credit),
        )
        if totals != counted:
            yield f"{currency}: totals {totals} are not the sums {counted}"
        if tuple(sorted(known.order for known in invoices if known.balance_minor)) != (
            state.open.get(currency, ())
        ):
            yield f"{currency}: the queue of open invoices is not the open invoices"


def _loose_faults(state: AccountState) -> Iterator[str]:
    for source in state.credits.values():
        if source.free_minor and state.open.get(source.currency):
            yield f"{source.kind} {source.credit_id}: unapplied beside an open balance"
