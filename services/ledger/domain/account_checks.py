"""What must hold of each account, by name: its state, and what its journal comes to.

A new check is a line of `CHECKS`. `GET /v1/integrity` gives each name its number of violations.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from services.ledger.domain.chart import (
    CASH,
    RECEIVABLE,
    REVENUE_CLEARING,
    UNAPPLIED_CASH,
    UNAPPLIED_CREDIT,
)
from services.ledger.domain.integrity import invariants
from services.ledger.domain.journal import NO_TOTALS, Totals
from services.ledger.domain.state import AccountState

Booked = Counter[tuple[str, str]]  # signed minor units by currency and ledger account
_Check = Callable[[AccountState, Booked], int]
_Expected = Mapping[str, Callable[[Totals], int]]  # balances by ledger account


def booked_otherwise(expected: _Expected, state: AccountState, booked: Booked) -> int:
    """In how many currencies the journal's balances are not what the account's totals say."""
    return sum(
        any(booked[currency, name] != amount(totals) for name, amount in expected.items())
        for currency, totals in _totals(state, booked)
    )


def _totals(state: AccountState, booked: Booked) -> Iterator[tuple[str, Totals]]:
    for currency in sorted({*state.currencies, *(currency for currency, _ in booked)}):
        sums = state.currencies.get(currency)
        yield currency, NO_TOTALS if sums is None else sums.totals


def _invariant_faults(state: AccountState, booked: Booked) -> int:
    return len(invariants(state))


def _idle_money(state: AccountState, booked: Booked) -> int:
    if not state.registered:
        return 0
    return sum(bool(sums.open and sums.loose) for sums in state.currencies.values())


_RECEIVABLE: _Expected = {RECEIVABLE: lambda totals: totals.balance_minor}
_CASH: _Expected = {CASH: lambda totals: totals.cash_minor}
_UNAPPLIED: _Expected = {
    UNAPPLIED_CASH: lambda totals: -totals.unapplied_cash_minor,
    UNAPPLIED_CREDIT: lambda totals: -totals.unapplied_credit_minor,
}
_CLEARING: _Expected = {REVENUE_CLEARING: lambda totals: -totals.billed_minor}

CHECKS: Mapping[str, _Check] = {
    "receivable equals invoices' balances": partial(booked_otherwise, _RECEIVABLE),
    "cash equals payments less what was taken back and withheld": partial(booked_otherwise, _CASH),
    "unapplied accounts equal unapplied money": partial(booked_otherwise, _UNAPPLIED),
    "revenue-clearing equals credit notes less invoices": partial(booked_otherwise, _CLEARING),
    "nothing lies unapplied beside an open balance": _idle_money,
    "accounts keep the domain's invariants": _invariant_faults,
}
