"""The statement of an account: what it owed, what happened, what it owes (per currency)."""

from datetime import date
from typing import cast

from msgspec import Struct

from services.ledger.domain.consequences import day_of
from services.ledger.domain.facts import CREDIT_NOTE, INVOICE, PAYMENT, REVERSED, VOIDED, Fact
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeline import arrange
from shared.clock import local_day
from shared.events import billing


class Line(Struct, frozen=True):
    """One movement: above zero it adds to the debt, below it takes from it."""

    on: date
    kind: str  # the event's type
    id: str
    amount_minor: int
    balance_minor: int  # after it


class Statement(Struct, frozen=True):
    """One currency between two days, both included.

    Balances are net: below zero, the account has money with us. The closing balance of a window is
    the opening one of the window that begins the day after.
    """

    currency: str
    from_on: date
    to_on: date
    opening_minor: int
    lines: tuple[Line, ...]
    closing_minor: int


def statement(state: AccountState, from_on: date, to_on: date) -> tuple[Statement, ...]:
    """The account's statements, by currency, of the days `from_on` to `to_on`."""
    balances: dict[str, int] = dict.fromkeys(sorted(state.totals), 0)
    opening = dict(balances)
    lines: dict[str, list[Line]] = {currency: [] for currency in balances}
    for on, kind, line_id, currency, amount in _movements(state):
        if on > to_on or not amount:
            continue
        balances[currency] += amount
        if on < from_on:
            opening[currency] = balances[currency]
        else:
            lines[currency].append(Line(on, kind, line_id, amount, balances[currency]))
    return tuple(
        Statement(
            currency, from_on, to_on, opening[currency], tuple(lines[currency]), balances[currency]
        )
        for currency in balances
    )


def _movements(state: AccountState) -> list[tuple[date, str, str, str, int]]:
    """Everything that changed what is owed, in fact order: day, kind, id, currency, amount."""
    taken = {
        known.reversal_id: known.amount_minor
        for source in state.credits.values()
        for known in source.reversals
    }
    found = []
    for position, fact in arrange(state.facts, state.zone, state.registered).ordered:
        day = day_of(fact, position[0], state.zone)
        movement = _movement(state, fact, taken)
        if movement is not None:
            found.append((day, fact.kind, fact.fact_id, *movement))
    given = {fact.fact_id for fact in state.facts if fact.kind == CREDIT_NOTE}
    for (kind, source_id), source in state.credits.items():
        if kind == "credit_note" and source_id not in given:  # posted by a resolution
            day = source.issued_on or local_day(source.at, state.zone)
            found.append((day, CREDIT_NOTE, source_id, source.currency, -source.amount_minor))
    found.sort(key=lambda movement: movement[0])  # stable: fact order within a day
    return found


def _movement(state: AccountState, fact: Fact, taken: dict[str, int]) -> tuple[str, int] | None:
    if fact.kind == INVOICE:
        invoice = cast(billing.InvoiceIssued, fact.data)
        return (invoice.currency, invoice.amount_minor)
    if fact.kind == CREDIT_NOTE:
        note = cast(billing.CreditNoteIssued, fact.data)
        return (note.currency, -note.amount_minor)
    if fact.kind == PAYMENT:
        payment = cast(billing.PaymentReceived, fact.data)
        return (payment.currency, -payment.amount_minor)
    if fact.kind == REVERSED:
        reversal = cast(billing.PaymentReversed, fact.data)
        return (reversal.currency, taken[reversal.reversal_id])
    if fact.kind == VOIDED:
        void = state.invoices[fact.fact_id]
        return (void.currency, -void.amount_minor)
    return None
