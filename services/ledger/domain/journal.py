"""The journal: what each fact moved between ledger accounts, as double entry.

Where money lies among the invoices of one account and currency is a view, not a posting. So an
entry is the change of a few totals, whether its fact came last or was back-dated.
"""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

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
    misposted,
)

# What objects count by name, and what more of it posts.
_COUNTED: Mapping[str, tuple[tuple[str, int], ...]] = {
    "concession_minor": ((SETTLEMENT_CONCESSION, 1),),
    "bad_debt_minor": ((BAD_DEBT, 1),),
    "discount_minor": ((DISCOUNTS, 1),),
    "recovered_minor": ((RECOVERIES, -1),),
    "sold_minor": ((SUSPENSE, 1), (BAD_DEBT, -1)),  # the price of what was sold
    "sale_paid_minor": ((CASH, 1), (SUSPENSE, -1)),
    "charges_minor": ((CHARGES_RECEIVABLE, 1),),
    "charges_waived_minor": ((CHARGES_WAIVED, 1),),
    "fee_charged_minor": ((FEE_INCOME, -1),),
    "cost_charged_minor": ((COST_RECOVERY, -1),),
    "interest_charged_minor": ((INTEREST_INCOME, -1),),
    # Withheld from what the agency hands over; or owed to it.
    "commission_net_minor": ((AGENCY_COMMISSION, 1), (CASH, -1)),
    "commission_payable_minor": ((AGENCY_COMMISSION, 1), (AGENCY_PAYABLE, -1)),
}


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
    found = (
        (RECEIVABLE, after.balance_minor - before.balance_minor),
        (CASH, after.cash_minor - before.cash_minor),
        (UNAPPLIED_CASH, before.unapplied_cash_minor - after.unapplied_cash_minor),
        (UNAPPLIED_CREDIT, before.unapplied_credit_minor - after.unapplied_credit_minor),
        (REVENUE_CLEARING, before.billed_minor - after.billed_minor),
    )
    if before.counted == after.counted:
        return tuple([posting for posting in found if posting[1]])
    moved = dict(found)
    for account, more in _counted(before, after).items():
        moved[account] = moved.get(account, 0) + more
    return tuple([posting for posting in moved.items() if posting[1]])


def _counted(before: Totals, after: Totals) -> dict[str, int]:
    """What the sums of objects post, by ledger account."""
    moved: dict[str, int] = {}
    was, now = dict(before.counted), dict(after.counted)
    for name, sides in _COUNTED.items():
        more = now.get(name, 0) - was.get(name, 0)
        for account, sign in sides if more else ():
            moved[account] = moved.get(account, 0) + sign * more
    return moved
