"""Discounts for early payment: granted when enough lies on an invoice in time, and taken back as a
whole (docs/charges.md)."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.ledger.domain.facts import Position
from services.ledger.domain.interest import half_up
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.objects import AccountObject
from services.ledger.domain.placing import relieve, withdraw
from services.ledger.domain.state import AccountState
from shared.clock import local_day

NOUN = "discount"
_RELIEF: Final = "discount"


class Discount(AccountObject, frozen=True, kw_only=True):
    """What was granted on an invoice; one that was taken back stays, with 0."""

    invoice_id: str
    amount_minor: int
    least_minor: int  # so much must lie there that was put in time, or credited
    until_on: date
    moves: tuple[tuple[Position, int], ...]  # granted, taken back (below 0)


def discount_id(invoice_id: str) -> str:
    return f"{NOUN}:{invoice_id}"


def discount_of(state: AccountState, invoice_id: str) -> Discount | None:
    known = state.objects.values.get((NOUN, invoice_id))
    return known if isinstance(known, Discount) else None


def look_at_discounts(state: AccountState, currency: str, at: datetime) -> None:
    """Grant and take back what is earned or forfeited by now, on the invoices that were touched."""
    for invoice in _offering(state, currency):
        offer = invoice.data.early_discount
        assert offer is not None
        known = discount_of(state, invoice.invoice_id)
        if known is not None and known.amount_minor:
            if _lying(state, invoice, known.until_on) < known.least_minor:
                _revoke(state, known, at)
        elif (
            invoice.voided_at is None
            and state.position is not None
            and state.position[1]  # a boundary grants nothing
            and local_day(at, state.zone) <= offer.until_on
        ):
            _grant(state, invoice, offer.until_on, at)


def _offering(state: AccountState, currency: str) -> list[Invoice]:
    found = [state.invoices[invoice_id] for invoice_id in state.before_invoices]
    return [
        invoice
        for invoice in found
        if invoice.data.early_discount is not None and invoice.currency == currency
    ]


def right_minor(state: AccountState, invoice: Invoice) -> int:
    """The discount at most: of the amount less the credit notes that are aimed at it."""
    offer = invoice.data.early_discount
    assert offer is not None
    aimed = sum(
        holding.amount_minor
        for holding in invoice.holdings
        if holding.kind == "credit_note"
        and state.credits[holding.kind, holding.credit_id].invoice_id == invoice.invoice_id
    )
    percent = Fraction(Decimal(str(offer.percent)))
    return half_up((invoice.amount_minor - aimed) * percent / 100)


def _grant(state: AccountState, invoice: Invoice, until_on: date, at: datetime) -> None:
    right, rest = right_minor(state, invoice), invoice.balance_minor
    if not 0 < rest <= right:
        return
    assert state.position is not None
    known = discount_of(state, invoice.invoice_id)
    granted = Discount(
        currency=invoice.currency,
        invoice_id=invoice.invoice_id,
        amount_minor=rest,
        least_minor=invoice.amount_minor - right,
        until_on=until_on,
        moves=(*(known.moves if known is not None else ()), (state.position, rest)),
    )
    state.objects.set((NOUN, invoice.invoice_id), granted)
    relieve(state, _RELIEF, discount_id(invoice.invoice_id), {invoice.invoice_id: rest}, at)


def _lying(state: AccountState, invoice: Invoice, until_on: date) -> int:
    """What counts for a discount: cash that was put in time, credit notes whenever."""
    return sum(
        holding.amount_minor
        for holding in invoice.holdings
        if holding.kind == "credit_note"
        or (holding.kind == "payment" and local_day(holding.applied_at, state.zone) <= until_on)
    )


def _revoke(state: AccountState, known: Discount, at: datetime) -> None:
    assert state.position is not None
    state.objects.set(
        (NOUN, known.invoice_id),
        Discount(
            currency=known.currency,
            invoice_id=known.invoice_id,
            amount_minor=0,
            least_minor=known.least_minor,
            until_on=known.until_on,
            moves=(*known.moves, (state.position, -known.amount_minor)),
        ),
    )
    withdraw(state, _RELIEF, discount_id(known.invoice_id), at)
