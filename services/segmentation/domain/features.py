"""The features of an account: the few figures that the score and the segments look at.

Ages are the stages the ledger announced (0, 1, 31, 61, 91, 121 days past due), and tenure and
recency count to the latest day any of its ledger events counted on: nothing here asks a clock.
"""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta

from msgspec import Struct

from services.segmentation.domain.account import Account, Settled

RECENT = 3  # settled invoices on each side of the trend
TROUBLE_DAYS = 180  # failed and bounced payments older than this are forgotten
NOTHING = (0, 0)


class Features(Struct, frozen=True, kw_only=True):
    kind: str
    tags: tuple[str, ...]
    currency: str | None  # of the amounts here; an account's other currencies are left out
    balance_minor: int
    overdue_minor: int
    disputed_minor: int
    collectable_minor: int
    usual_minor: int  # mean amount of its invoices; 0 without any
    open_invoices: int
    is_due_soon: bool  # an open invoice falls due within a week, or has fallen due
    age_days: int  # the highest stage among open invoices; 0: nothing past due
    settled: int  # invoices settled with cash
    settled_late: int
    recent_delay_days: float | None  # mean of the last six settled
    delay_trend_days: float | None  # mean of the last three less that of the three before
    disputes: int  # ever opened
    failed_payments: int  # in the last 180 days
    bounced_payments: int  # charged back or bounced, in the last 180 days
    tenure_days: int
    days_since_payment: int | None  # None: never paid

    @property
    def late_percent(self) -> int | None:
        """Share of settled invoices that were late, rounded down; None: none settled."""
        return None if self.settled == 0 else 100 * self.settled_late // self.settled

    @property
    def disputed_percent(self) -> int:
        """Disputed share of the open balance, rounded up: a trace is not nothing."""
        return 0 if self.balance_minor <= 0 else -(-100 * self.disputed_minor // self.balance_minor)

    @property
    def overdue_to_usual(self) -> float | None:
        """The overdue amount in usual invoices; None: nothing overdue or nothing to compare."""
        if self.overdue_minor == 0 or self.usual_minor == 0:
            return None
        return self.overdue_minor / self.usual_minor


def features_of(account: Account) -> Features:
    """The features of an account as its events stand."""
    currency = _main_currency(account)
    owed = account.owed.get(currency) if currency else None
    count, total = account.issued.get(currency or "", NOTHING)
    open_invoices = [account.invoices[invoice_id] for invoice_id in account.open_ids]
    last_six = account.settled[-2 * RECENT :]
    on, since = account.latest_on, account.customer_since or account.first_issued_on
    paid_on = account.last_payment_on
    recent_from = on - timedelta(days=TROUBLE_DAYS) if on else None
    return Features(
        kind=account.kind,
        tags=account.tags,
        currency=currency,
        balance_minor=owed.balance_minor if owed else 0,
        overdue_minor=owed.overdue_minor if owed else 0,
        disputed_minor=owed.disputed_minor if owed else 0,
        collectable_minor=owed.collectable_minor if owed else 0,
        usual_minor=total // count if count else 0,
        open_invoices=len(open_invoices),
        is_due_soon=any(invoice.is_due_soon for invoice in open_invoices),
        age_days=max((invoice.stage for invoice in open_invoices), default=0),
        settled=len(account.settled),
        settled_late=account.settled_late,
        recent_delay_days=_mean(last_six),
        delay_trend_days=_trend(last_six),
        disputes=len(account.dispute_ids),
        failed_payments=_since(account.failed_on, recent_from, on),
        bounced_payments=_since(account.bounced_on, recent_from, on),
        tenure_days=max(0, (on - since).days) if on and since else 0,
        days_since_payment=max(0, (on - paid_on).days) if on and paid_on else None,
    )


def contacts_since_payment(account: Account) -> int:
    """How often the account was contacted without paying since (at most the contacts kept)."""
    if account.last_payment_at is None:
        return len(account.contacts_at)
    return len(account.contacts_at) - bisect_right(account.contacts_at, account.last_payment_at)


def _main_currency(account: Account) -> str | None:
    """The currency with most overdue, then most open; ties: the account's own, then by name.

    Amounts of two currencies have no common measure here; the counts only choose which one speaks.
    """
    if not account.owed:
        return account.currency
    return min(
        account.owed,
        key=lambda code: (
            -account.owed[code].overdue_minor,
            -account.owed[code].balance_minor,
            code != account.currency,
            code,
        ),
    )


def _mean(settled: list[Settled]) -> float | None:
    return sum(item.days_late for item in settled) / len(settled) if settled else None


def _trend(last_six: list[Settled]) -> float | None:
    if len(last_six) < 2 * RECENT:
        return None
    before, after = last_six[:RECENT], last_six[RECENT:]
    return (sum(i.days_late for i in after) - sum(i.days_late for i in before)) / RECENT


def _since(days: list[date], first: date | None, last: date | None) -> int:
    """How many of the sorted days lie within [first, last]."""
    if first is None or last is None:
        return 0
    return bisect_right(days, last) - bisect_left(days, first)
