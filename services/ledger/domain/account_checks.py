"""What must hold of each account, by name: its state, and what its journal comes to.

A new check is a line of `CHECKS`. `GET /v1/integrity` gives each name its number of violations.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from services.ledger.domain.accruals import NOUN as INTEREST
from services.ledger.domain.accruals import Accrual, interest_charge, segments_through
from services.ledger.domain.charges import NOUN as CHARGE
from services.ledger.domain.charges import Charge
from services.ledger.domain.chart import (
    AGENCY_COMMISSION,
    AGENCY_PAYABLE,
    BAD_DEBT,
    CASH,
    CHARGES_RECEIVABLE,
    CHARGES_WAIVED,
    COST_RECOVERY,
    DISCOUNTS,
    FEE_INCOME,
    INTEREST_INCOME,
    RECEIVABLE,
    RECOVERIES,
    REVENUE_CLEARING,
    SETTLEMENT_CONCESSION,
    SUSPENSE,
    UNAPPLIED_CASH,
    UNAPPLIED_CREDIT,
)
from services.ledger.domain.integrity import invariants
from services.ledger.domain.interest import days_without_rate, half_up, total
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


def _charge_faults(state: AccountState, booked: Booked) -> int:
    charges = [known for known in state.objects.of(CHARGE).values() if isinstance(known, Charge)]
    return sum(
        min(charge.balance_minor, charge.waived_minor, charge.paid_minor) < 0
        or charge.paid_minor != sum(holding.amount_minor for holding in charge.holdings)
        for charge in charges
    )


def _interest_faults(state: AccountState, booked: Booked) -> int:
    """Invoices whose interest is not the sum of its days, or is posted beyond it."""
    found = 0
    for invoice_id, accrual in state.objects.of(INTEREST).items():
        assert isinstance(accrual, Accrual)
        charge = interest_charge(state, invoice_id)
        posted = 0 if charge is None or charge.is_void else charge.amount_minor
        found += total(accrual.segments) != accrual.interest or posted > half_up(accrual.interest)
    return found


def _days_without_rate(state: AccountState, booked: Booked) -> int:
    """Invoices with days of interest that bear nothing, as no rate is known for them yet."""
    if state.aged_on is None:
        return 0
    return sum(
        days_without_rate(segments_through(state, invoice_id, state.aged_on)) > 0
        for invoice_id in state.objects.of(INTEREST)
    )


def _idle_money(state: AccountState, booked: Booked) -> int:
    if not state.registered:
        return 0
    return sum(
        bool(sums.loose and (sums.open or state.objects.queues.get(currency)))
        for currency, sums in state.currencies.items()
    )


def _counted(*signed: tuple[str, int]) -> Callable[[Totals], int]:
    """The sum of what objects count under some names, each with its sign."""

    def amount(totals: Totals) -> int:
        known = dict(totals.counted)
        return sum(sign * known.get(name, 0) for name, sign in signed)

    return amount


_RECEIVABLE: _Expected = {RECEIVABLE: lambda totals: totals.balance_minor}
_CHARGES: _Expected = {CHARGES_RECEIVABLE: _counted(("charges_minor", 1))}
_OTHER_CASH = _counted(("sale_paid_minor", 1), ("commission_net_minor", -1))
_CASH: _Expected = {CASH: lambda totals: totals.cash_minor + _OTHER_CASH(totals)}
_UNAPPLIED: _Expected = {
    UNAPPLIED_CASH: lambda totals: -totals.unapplied_cash_minor,
    UNAPPLIED_CREDIT: lambda totals: -totals.unapplied_credit_minor,
}
_CLEARING: _Expected = {REVENUE_CLEARING: lambda totals: -totals.billed_minor}
_INCOMES: _Expected = {
    FEE_INCOME: _counted(("fee_charged_minor", -1)),
    COST_RECOVERY: _counted(("cost_charged_minor", -1)),
    INTEREST_INCOME: _counted(("interest_charged_minor", -1)),
    CHARGES_WAIVED: _counted(("charges_waived_minor", 1)),
}
_LOSSES: _Expected = {
    DISCOUNTS: _counted(("discount_minor", 1)),
    SETTLEMENT_CONCESSION: _counted(("concession_minor", 1)),
    BAD_DEBT: _counted(("bad_debt_minor", 1), ("sold_minor", -1)),
    RECOVERIES: _counted(("recovered_minor", -1)),
    AGENCY_COMMISSION: _counted(("commission_net_minor", 1), ("commission_payable_minor", 1)),
    AGENCY_PAYABLE: _counted(("commission_payable_minor", -1)),
    SUSPENSE: _counted(("sold_minor", 1), ("sale_paid_minor", -1)),
}

CHECKS: Mapping[str, _Check] = {
    "receivable equals invoices' balances": partial(booked_otherwise, _RECEIVABLE),
    "charges-receivable equals charges' balances": partial(booked_otherwise, _CHARGES),
    "cash equals payments less what was taken back and withheld": partial(booked_otherwise, _CASH),
    "unapplied accounts equal unapplied money": partial(booked_otherwise, _UNAPPLIED),
    "revenue-clearing equals credit notes less invoices": partial(booked_otherwise, _CLEARING),
    "incomes equal charges, charges-waived equals waivers": partial(booked_otherwise, _INCOMES),
    "discounts, concession, bad-debt, recoveries, commission equal what stands": partial(
        booked_otherwise, _LOSSES
    ),
    "a charge's balance is amount less waived less paid, never below 0": _charge_faults,
    "posted interest equals its segments rounded once": _interest_faults,
    "days of interest have a rate": _days_without_rate,
    "nothing lies unapplied beside an open balance": _idle_money,
    "accounts keep the domain's invariants": _invariant_faults,
}
