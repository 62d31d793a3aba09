"""The statement of an account: what it owed, what happened, what it owes (per currency)."""

from datetime import date

from msgspec import Struct

from services.ledger.domain.ordering import arrange
from services.ledger.domain.registry import KINDS
from services.ledger.domain.slices import SLICE_ENTRIES, Slices, run
from services.ledger.domain.state import AccountState
from shared.clock import local_day

_CREDIT_NOTE = "credit-note-issued"


class Line(Struct, frozen=True):
    """One movement: above zero it adds to the debt, below it takes from it."""

    on: date
    kind: str  # the event's type
    id: str
    amount_minor: int
    balance_minor: int  # after it


class CurrencyStatement(Struct, frozen=True):
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


def statement(state: AccountState, from_on: date, to_on: date) -> tuple[CurrencyStatement, ...]:
    """The account's statements, by currency, of the days `from_on` to `to_on`."""
    return run(statement_in_slices(state, from_on, to_on))


def statement_in_slices(
    state: AccountState, from_on: date, to_on: date
) -> Slices[tuple[CurrencyStatement, ...]]:
    """The same, giving way."""
    balances: dict[str, int] = dict.fromkeys(sorted(state.currencies), 0)
    opening = dict(balances)
    lines: dict[str, list[Line]] = {currency: [] for currency in balances}
    movements = yield from _movements(state)
    for number, (on, kind, line_id, currency, amount) in enumerate(movements, start=1):
        if not number % SLICE_ENTRIES:
            yield
        if on > to_on or not amount:
            continue
        balances[currency] += amount
        if on < from_on:
            opening[currency] = balances[currency]
        else:
            lines[currency].append(Line(on, kind, line_id, amount, balances[currency]))
    return tuple(
        [
            CurrencyStatement(
                currency,
                from_on,
                to_on,
                opening[currency],
                tuple(lines[currency]),
                balances[currency],
            )
            for currency in balances
        ]
    )


def _movements(state: AccountState) -> Slices[list[tuple[date, str, str, str, int]]]:
    """Everything that changed what is owed, in fact order: day, kind, id, currency, amount."""
    found = []
    arranged = yield from arrange(state.facts, state.zone, state.registered)
    for number, ((at, _, fact_id), fact) in enumerate(arranged.ordered, start=1):
        kind = KINDS[fact.kind]
        if kind.movement is not None:
            day = kind.day_of(fact.data, at, state.zone)
            found.append((day, fact.kind, fact_id, *kind.movement(state, fact.data)))
        if not number % SLICE_ENTRIES:
            yield
    given = {fact.fact_id for fact in state.facts if fact.kind == _CREDIT_NOTE}
    for (kind_of_credit, credit_id), credit in state.credits.items():
        if kind_of_credit == "credit_note" and credit_id not in given:  # posted by a resolution
            day = credit.issued_on or local_day(credit.at, state.zone)
            found.append((day, _CREDIT_NOTE, credit_id, credit.currency, -credit.amount_minor))
    found.sort(key=lambda movement: movement[0])  # stable: fact order within a day
    return found
