"""The journal: what each fact moved between ledger accounts, as double entry.

Where money lies among the invoices of one account and currency is a view, not a posting. So an
entry is the change of a few totals, whether its fact came last or was back-dated.
"""

from datetime import date

from msgspec import Struct

from services.ledger.domain.chart import (
    BAD_DEBT,
    CASH,
    DISCOUNTS,
    RECEIVABLE,
    REVENUE_CLEARING,
    SETTLEMENT_CONCESSION,
    UNAPPLIED_CASH,
    UNAPPLIED_CREDIT,
    misposted,
)

# What objects count by name, and the account on whose debit side it stands.
_COUNTED = (
    ("concession_minor", SETTLEMENT_CONCESSION),
    ("bad_debt_minor", BAD_DEBT),
    ("discount_minor", DISCOUNTS),
)


class Totals(Struct, frozen=True, gc=False):
    """What an account has in one currency, without regard to days."""

    balance_minor: int = 0  # open balances of invoices
    disputed_minor: int = 0
    cash_minor: int = 0  # payments less what reversals took
    unapplied_cash_minor: int = 0
    unapplied_credit_minor: int = 0
    billed_minor: int = 0  # invoices that are not void less credit notes
    counted: tuple[tuple[str, int], ...] = ()  # sums of other objects, by name


NO_TOTALS = Totals()


class Entry(Struct, frozen=True, gc=False):
    """One balanced set of postings: ledger account → signed minor units, summing to zero.

    On the accounts that `chart.JOURNAL` gives to its kind of fact, and on no other.
    """

    fact_kind: str
    fact_id: str
    cause: str
    currency: str
    effective_on: date
    postings: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        fault = misposted(self.fact_kind, self.postings)
        assert fault is None, (fault, self.fact_id, self.postings)


def postings(before: Totals, after: Totals) -> tuple[tuple[str, int], ...]:
    """The postings that lead from one set of totals to the other; debits above zero."""
    moved = (
        (RECEIVABLE, after.balance_minor - before.balance_minor),
        (CASH, after.cash_minor - before.cash_minor),
        (UNAPPLIED_CASH, before.unapplied_cash_minor - after.unapplied_cash_minor),
        (UNAPPLIED_CREDIT, before.unapplied_credit_minor - after.unapplied_credit_minor),
        (REVENUE_CLEARING, before.billed_minor - after.billed_minor),
        *_counted(before, after),
    )
    return tuple([posting for posting in moved if posting[1]])


def _counted(before: Totals, after: Totals) -> list[tuple[str, int]]:
    if before.counted == after.counted:
        return []
    was, now = dict(before.counted), dict(after.counted)
    return [(account, now.get(name, 0) - was.get(name, 0)) for name, account in _COUNTED]
