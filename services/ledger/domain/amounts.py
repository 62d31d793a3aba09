"""The amounts of an account, per currency (LEDGER.md, Amounts)."""

from collections.abc import Iterable
from datetime import date

from services.ledger.domain.journal import NO_TOTALS
from services.ledger.domain.state import AccountState
from shared.events.ledger import Amounts


def figures(state: AccountState, currency: str, day: date | None) -> Amounts:
    """One currency's amounts, days past due counted at `day` (None: nothing has begun)."""
    totals = state.totals.get(currency, NO_TOTALS)
    queue = state.open.get(currency, ())
    overdue = disputed_overdue = days_past_due = 0
    if queue and day is not None and queue[0][0] < day:
        days_past_due = (day - queue[0][0]).days
        for due_on, _, invoice_id in queue:  # oldest due first: the past due ones are in front
            if due_on >= day:
                break
            invoice = state.invoices[invoice_id]
            overdue += invoice.balance_minor
            disputed_overdue += invoice.disputed_minor
    unapplied = totals.unapplied_cash_minor + totals.unapplied_credit_minor
    return Amounts(
        currency,
        totals.balance_minor,
        overdue,
        totals.disputed_minor,
        unapplied,
        totals.unapplied_credit_minor,
        max(0, overdue - disputed_overdue - unapplied),
        queue[0][0] if queue else None,
        days_past_due,
    )


def all_figures(
    state: AccountState, day: date | None, currencies: Iterable[str] | None = None
) -> tuple[Amounts, ...]:
    """The amounts of these currencies (default: all that the account ever had), by code."""
    chosen = state.totals if currencies is None else currencies
    return tuple([figures(state, currency, day) for currency in sorted(chosen)])
