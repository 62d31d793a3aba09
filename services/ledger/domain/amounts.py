"""The amounts of an account, per currency (docs/ledger.md, amounts)."""

from collections.abc import Iterable
from datetime import date

from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.state import AccountState
from shared.events.ledger import Amounts

_NOTHING = CurrencyState()


def figures(state: AccountState, currency: str, day: date | None) -> Amounts:
    """One currency's amounts, days past due counted at `day` (None: nothing has begun)."""
    sums = state.currencies.get(currency, _NOTHING)
    oldest_due_on = sums.open[0][0] if sums.open else None
    overdue = disputed_overdue = days_past_due = 0
    if day is not None and oldest_due_on is not None and oldest_due_on < day:
        days_past_due = (day - oldest_due_on).days
        if day == state.aged_on:
            overdue, disputed_overdue = sums.overdue_minor, sums.disputed_overdue_minor
        else:
            overdue, disputed_overdue = _overdue(state, sums, day)
    unapplied = sums.unapplied_cash_minor + sums.unapplied_credit_minor
    return Amounts(
        currency,
        sums.balance_minor,
        overdue,
        sums.disputed_minor,
        unapplied,
        sums.unapplied_credit_minor,
        max(0, overdue - disputed_overdue - unapplied),
        oldest_due_on,
        days_past_due,
    )


def _overdue(state: AccountState, sums: CurrencyState, day: date) -> tuple[int, int]:
    """What is overdue at another day than the one up to which the account is aged."""
    overdue = disputed = 0
    for due_on, _, invoice_id in sums.open:  # oldest due first: those past due are in front
        if due_on >= day:
            break
        invoice = state.invoices[invoice_id]
        overdue += invoice.balance_minor
        disputed += invoice.disputed_minor
    return (overdue, disputed)


def all_figures(
    state: AccountState, day: date | None, currencies: Iterable[str] | None = None
) -> tuple[Amounts, ...]:
    """The amounts of these currencies (default: all that the account ever had), by code."""
    chosen = state.currencies if currencies is None else currencies
    return tuple([figures(state, currency, day) for currency in sorted(chosen)])
