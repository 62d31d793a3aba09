"""What settles everything on a day, as if the day had begun and nothing more came."""

from datetime import date

from msgspec import Struct

from services.ledger.domain.accruals import accrued_minor, interest_charge, per_day_minor
from services.ledger.domain.begin import advance
from services.ledger.domain.buckets import days_past_due
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.charges import (
    INTEREST,
    Charge,
    all_charges,
    charges_of,
    disputed_charges_of,
)
from services.ledger.domain.charging import charging_on, debt_of
from services.ledger.domain.discounts import right_minor
from services.ledger.domain.fork import fork
from services.ledger.domain.interest import minimum_of
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.slices import Slices
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken


class PayoffPart(Struct, frozen=True):
    """Of what is asked for: below 0 it takes from it."""

    kind: str  # principal, cost, interest, fee, discount
    charge_id: str | None
    amount_minor: int
    step: int | None = None  # of a late fee


class InvoicePayoff(Struct, frozen=True):
    invoice_id: str
    number: str | None
    issued_on: date
    due_on: date
    days_past_due: int
    parts: tuple[PayoffPart, ...]
    disputed_minor: int
    taken_by: str | None


class Payoff(Struct, frozen=True):
    """Of one currency. `total_minor` is what is left to pay after what is unapplied."""

    currency: str
    total_minor: int
    unapplied_minor: int
    discount_minor: int
    per_day_minor: int  # what one more day adds
    invoices: tuple[InvoicePayoff, ...]
    charges: tuple[PayoffPart, ...]  # that belong to no invoice


def payoff_in_slices(
    state: AccountState, on: date, currency: str | None = None
) -> Slices[tuple[Payoff, ...]]:
    """By currency; of a day that has begun or is to come."""
    then = state
    if then.aged_on != on:
        then = fork(state)
        yield from advance(DecisionBuilder(then), on)
        then.forget()
    found = []
    for code in sorted(then.currencies):
        if currency in (None, code):
            found.append(_of_currency(then, code, on))
            yield
    return tuple(found)


def _of_currency(state: AccountState, currency: str, on: date) -> Payoff:
    out = taken(state)
    invoices: list[InvoicePayoff] = []
    discount = per_day = 0
    known = [invoice for invoice in state.invoices.values() if invoice.currency == currency]
    for invoice in sorted(known, key=lambda invoice: invoice.order):
        parts = _parts(state, invoice, on)
        if not parts:
            continue
        discount += sum([-part.amount_minor for part in parts if part.kind == "discount"])
        per_day += per_day_minor(state, invoice.invoice_id, on)
        invoices.append(
            InvoicePayoff(
                invoice.invoice_id,
                invoice.number,
                invoice.issued_on,
                invoice.due_on,
                days_past_due(invoice.due_on, on) if invoice.balance_minor else 0,
                parts,
                invoice.disputed_minor + disputed_charges_of(state, invoice.invoice_id),
                out.get(invoice.invoice_id),
            )
        )
    lone = tuple(
        [
            _of_charge(charge)
            for charge in all_charges(state)
            if charge.invoice_id is None and charge.currency == currency and charge.balance_minor
        ]
    )
    sums = state.currencies[currency]
    unapplied = sums.unapplied_cash_minor + sums.unapplied_credit_minor
    asked = sum([part.amount_minor for each in invoices for part in each.parts])
    asked += sum([part.amount_minor for part in lone])
    return Payoff(
        currency,
        max(0, asked - unapplied),
        unapplied,
        discount,
        per_day,
        tuple(invoices),
        lone,
    )


def _parts(state: AccountState, invoice: Invoice, on: date) -> tuple[PayoffPart, ...]:
    """What is open on an invoice and its charges, with the interest that paying would post."""
    found = []
    if invoice.balance_minor:
        found.append(PayoffPart("principal", None, invoice.balance_minor))
    accrued = _to_post_minor(state, invoice, on)
    if accrued and interest_charge(state, invoice.invoice_id) is None:
        found.append(PayoffPart("interest", f"{INTEREST}{invoice.invoice_id}", accrued))
    for charge in charges_of(state, invoice.invoice_id):
        part = _of_charge(charge, accrued if charge.kind == "interest" else 0)
        if part.amount_minor:
            found.append(part)
    discount = _discount(state, invoice, on)
    if discount:
        found.append(PayoffPart("discount", None, -discount))
    return tuple(found)


def _to_post_minor(state: AccountState, invoice: Invoice, on: date) -> int:
    """The interest that paying on a day would post: none while all of it is below the minimum."""
    accrued = accrued_minor(state, invoice.invoice_id, on)
    charge = interest_charge(state, invoice.invoice_id)
    whole = accrued + (charge.amount_minor if charge is not None else 0)
    rule = charging_on(state, on).interest_rule(debt_of(state, invoice, invoice.currency, on))
    least = minimum_of(rule.rule.minimum, invoice.currency) if rule is not None else 0
    return accrued if whole >= least else 0


def _of_charge(charge: Charge, more_minor: int = 0) -> PayoffPart:
    step = charge.step if charge.kind == "fee" else None
    return PayoffPart(charge.kind, charge.charge_id, charge.balance_minor + more_minor, step)


def _discount(state: AccountState, invoice: Invoice, on: date) -> int:
    """What is granted to who pays the rest on a day."""
    offer = invoice.data.early_discount
    if offer is None or on > offer.until_on or not invoice.balance_minor:
        return 0
    return min(right_minor(state, invoice), invoice.balance_minor)
