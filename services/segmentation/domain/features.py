"""The features of an account: the few figures that the score and the segments look at.

Ages are the stages the ledger announced (0, 1, 31, 61, 91, 121 days past due), and tenure and
recency count to the latest day any of its ledger events counted on: nothing here asks a clock.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct

from services.segmentation.domain.account import NO_CASH, NOTHING_PAID, Account, Owed
from services.segmentation.domain.agreements import agreement_features
from services.segmentation.domain.contacts import Engagement, engagement_of
from services.segmentation.domain.invoices import Settled

RECENT = 3  # settled invoices on each side of the trend
TROUBLE_DAYS = 180  # failed and bounced payments older than this are forgotten
NOTHING = (0, 0)
NOTHING_OWED = Owed(0, 0, 0, 0, 0)
_TROUBLE = timedelta(days=TROUBLE_DAYS)
_QUARTERS = ("", *(str((month + 2) // 3) for month in range(1, 13)))
INSURANCE = "insurance"  # as `payer` of an invoice


class Features(Struct, frozen=True, gc=False):
    """Facts of the ledger alone, as of the latest day known. Those with defaults came later: what
    was recorded before them is still read."""

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
    country: str | None = None
    credit_limit_minor: int | None = None  # None: without, or in another currency than this
    terms_days: int | None = None  # to pay, as agreed
    days_past_due: int = 0  # of the oldest open due day; the stage is `age_days`
    insurance_minor: int = 0  # open, and an insurer's to pay
    mean_delay_days: float | None = None  # of all settled
    weighted_delay_days: float | None = None  # the same, each by its amount
    last_delay_days: int | None = None  # of the last settled
    late_amount_percent: int | None = None  # share of the settled amount that was late
    season_late_percent: int | None = None  # of invoices due in the quarter of the year it is now
    late_in_a_row: int = 0  # the latest settled ones, counted back to one in time
    open_disputes: int = 0
    disputes_upheld: int = 0  # wholly or in part: the debtor was right
    reversals: int = 0  # payments ever charged back or bounced
    received_minor: int = 0  # cash ever received
    bounced_minor: int = 0  # of it, what was charged back or bounced
    lifetime_minor: int = 0  # cash ever received and kept
    promised_minor: int = 0  # still missing of open promises
    recoverable_minor: int = 0  # written off and not recovered
    charges_minor: int = 0  # open fees, costs and interest
    open_promises: int = 0
    promises_kept: int = 0
    promises_partly_kept: int = 0
    promises_broken: int = 0  # in the last 180 days
    promises_ever_broken: int = 0
    arrangement: str | None = None  # plan | settlement, while it is in force
    missed_instalments: int = 0  # that stand missed, of what is in force
    plans_defaulted: int = 0
    settlements_lapsed: int = 0
    hold_kinds: tuple[str, ...] = ()  # of the holds in force
    is_placed: bool = False  # with an agency, or in court
    indices: dict[str, float] = {}  # the market's, as last published on that day

    @property
    def late_percent(self) -> int | None:
        """Share of settled invoices that were late, rounded down; None: none settled."""
        return None if self.settled == 0 else 100 * self.settled_late // self.settled

    @property
    def promise_kept_percent(self) -> int | None:
        """Share of judged promises that were kept, rounded down; None: none was judged."""
        judged = self.promises_kept + self.promises_partly_kept + self.promises_ever_broken
        return None if judged == 0 else 100 * self.promises_kept // judged

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


def features_of(account: Account, indices: Mapping[str, float] | None = None) -> Features:
    """The features of an account as its events stand, and the market's indices with them."""
    currency = _main_currency(account)
    owed = account.owed.get(currency, NOTHING_OWED) if currency else NOTHING_OWED
    count, total = account.issued.get(currency or "", NOTHING)
    is_due_soon, age_days, insurance_minor = _of_open(account, currency)
    all_settled = account.settled
    last_six = [item.days_late for item in all_settled[-2 * RECENT :]]
    on, since = account.latest_on, account.customer_since or account.first_issued_on
    paid_on = account.last_payment_on
    recent_from = on - _TROUBLE if on else None
    paid = account.paid.get(currency or "", NOTHING_PAID)
    season = account.seasons.get(_QUARTERS[on.month], NOTHING_PAID) if on else NOTHING_PAID
    settled = len(all_settled)
    days_late = sum([one.days_late for one in account.paid.values()]) if settled else 0
    cash = account.cash.get(currency or "", NO_CASH)
    disputes, outcomes = account.dispute_ids, account.disputes_ended
    agreed = agreement_features(account.agreements, on, recent_from)
    # By place: with so many fields, naming each one takes as long as all the rest of it.
    return Features(
        account.kind,  # kind
        account.tags,  # tags
        currency,  # currency
        owed.balance_minor,  # balance_minor
        owed.overdue_minor,  # overdue_minor
        owed.disputed_minor,  # disputed_minor
        owed.collectable_minor,  # collectable_minor
        total // count if count else 0,  # usual_minor
        len(account.open_ids),  # open_invoices
        is_due_soon,  # is_due_soon
        age_days,  # age_days
        settled,  # settled
        account.settled_late,  # settled_late
        _mean(last_six),  # recent_delay_days
        _trend(last_six),  # delay_trend_days
        len(disputes),  # disputes
        _since(account.failed_on, recent_from, on),  # failed_payments
        _since(account.bounced_on, recent_from, on),  # bounced_payments
        (on - since).days if on and since and on > since else 0,  # tenure_days
        max(0, (on - paid_on).days) if on and paid_on else None,  # days_since_payment
        account.country,  # country
        account.credit_limit_minor if currency == account.currency else None,  # credit_limit_minor
        account.payment_terms_days,  # terms_days
        _days_past(owed.oldest_due_on, on),  # days_past_due
        insurance_minor,  # insurance_minor
        days_late / settled if settled else None,  # mean_delay_days
        paid.minor_days / paid.minor if paid.minor else None,  # weighted_delay_days
        last_six[-1] if settled else None,  # last_delay_days
        100 * paid.late_minor // paid.minor if paid.minor else None,  # late_amount_percent
        100 * season.late // season.invoices if season.invoices else None,  # season_late_percent
        _late_in_a_row(all_settled),  # late_in_a_row
        len(disputes) - _ended(account) if disputes else 0,  # open_disputes
        sum([outcome != "rejected" for outcome in outcomes.values()]),  # disputes_upheld
        len(account.bounced_on),  # reversals
        cash.received_minor,  # received_minor
        cash.bounced_minor,  # bounced_minor
        cash.received_minor - cash.bounced_minor - cash.refunded_minor,  # lifetime_minor
        owed.promised_minor,  # promised_minor
        owed.recoverable_minor,  # recoverable_minor
        owed.charges_minor,  # charges_minor
        *agreed,  # open_promises to is_placed
        dict(indices) if indices else {},  # indices
    )


def _of_open(account: Account, currency: str | None) -> tuple[bool, int, int]:
    """Whether an open invoice falls due soon, the highest stage, and what an insurer has to pay."""
    is_due_soon, stage, insurance = False, 0, 0
    invoices = account.invoices
    for invoice_id in account.open_ids:
        invoice = invoices[invoice_id]
        is_due_soon = is_due_soon or invoice.is_due_soon
        if invoice.stage > stage:
            stage = invoice.stage
        if invoice.payer == INSURANCE and invoice.currency == currency:
            insurance += invoice.open_minor
    return is_due_soon, stage, insurance


def engagement(account: Account, features: Features) -> Engagement:
    """What its contacts say of an account, in the currency of its features."""
    return engagement_of(
        account.contacts, account.last_payment_at, account.latest_on, features.currency
    )


def _main_currency(account: Account) -> str | None:
    """The currency with most overdue, then most open; ties: the account's own, then by name.

    Amounts of two currencies have no common measure here; the counts only choose which one speaks.
    """
    if not account.owed:
        return account.currency
    if len(account.owed) == 1:
        return next(iter(account.owed))
    return min(
        account.owed,
        key=lambda code: (
            -account.owed[code].overdue_minor,
            -account.owed[code].balance_minor,
            code != account.currency,
            code,
        ),
    )


def _mean(days_late: list[int]) -> float | None:
    return sum(days_late) / len(days_late) if days_late else None


def _trend(last_six: list[int]) -> float | None:
    if len(last_six) < 2 * RECENT:
        return None
    return (sum(last_six[RECENT:]) - sum(last_six[:RECENT])) / RECENT


def _since(days: list[date], first: date | None, last: date | None) -> int:
    """How many of the sorted days lie within [first, last]."""
    if not days or first is None or last is None:
        return 0
    return bisect_right(days, last) - bisect_left(days, first)


def _days_past(due_on: date | None, on: date | None) -> int:
    return max(0, (on - due_on).days) if due_on and on else 0


def _late_in_a_row(settled: list[Settled]) -> int:
    count = len(settled)
    while count and settled[count - 1].days_late:
        count -= 1
    return len(settled) - count


def _ended(account: Account) -> int:
    """How many of the disputes that were opened have ended. Some end before their opening is known
    to anybody, where an account becomes known late."""
    return sum([dispute_id in account.disputes_ended for dispute_id in account.dispute_ids])
