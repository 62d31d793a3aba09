"""The amounts of an account, per currency (docs/ledger.md, amounts)."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from services.ledger.domain.charges import charges_of
from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import TAKERS, taken
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
    if sums.counted or state.objects.values:
        more = _of_objects(state, sums, currency, day)
        asked = overdue - disputed_overdue - more.taken_minor + more.charges_minor
        return Amounts(
            currency,
            sums.balance_minor,
            overdue,
            sums.disputed_minor,
            unapplied,
            sums.unapplied_credit_minor,
            max(0, asked + more.arrears_minor - unapplied),
            oldest_due_on,
            days_past_due,
            arranged_minor=more.arranged_minor,
            arrears_minor=more.arrears_minor,
            promised_minor=sums.counted.get("promised_minor", 0),
            recoverable_minor=sums.counted.get("recoverable_minor", 0),
            charges_minor=sums.counted.get("charges_minor", 0),
            disputed_charges_minor=sums.counted.get("disputed_charges_minor", 0),
        )
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


class _OfObjects(Struct, frozen=True):
    """What arrangements and charges change in what may be asked for (docs/ledger.md, Amounts)."""

    arranged_minor: int  # overdue principal of taken invoices
    taken_minor: int  # the undisputed part of it
    arrears_minor: int
    charges_minor: int  # open, undisputed, and of no invoice that is taken


def _of_objects(
    state: AccountState, sums: CurrencyState, currency: str, day: date | None
) -> _OfObjects:
    out = taken(state)
    arranged = free = 0
    for invoice_id in out:
        invoice = state.invoices.get(invoice_id)
        if invoice is not None and invoice.currency == currency and day and invoice.due_on < day:
            arranged += invoice.balance_minor
            free += invoice.balance_minor - invoice.disputed_minor
    arrears = sum(
        [
            value.arrears_minor(day)
            for noun in TAKERS
            for value in state.objects.of(noun).values()
            if day is not None and value.currency == currency
        ]
    )
    charges = sums.counted.get("charges_minor", 0) - sums.counted.get("disputed_charges_minor", 0)
    if charges:
        charges -= sum(
            [
                charge.balance_minor - charge.disputed_minor
                for invoice_id in out
                for charge in charges_of(state, invoice_id)
                if charge.currency == currency
            ]
        )
    return _OfObjects(arranged, free, arrears, charges)


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
