"""What is known of one payer at the beginning of a day, and the features that follow from it.

A history takes an invoice when it becomes known and again when it is settled; `advance` brings it
to the beginning of a day. `PayerHistory.of` makes the same from a list of invoices, so that what a
model is asked with is what it was trained with. Everything counts strictly before the day: what
became known, was settled or fell due on the day itself is not in it.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from msgspec import Struct, field

from services.segmentation.learning.cases import InvoiceFacts
from services.segmentation.learning.portfolio import Portfolio

RECENT = 12  # the settlements that are remembered one by one
TREND = 3  # settlements on each side of the trend
FADE = 0.85  # what a settlement weighs against the one after it
SHRINK = 5.0  # how many invoices of the portfolio count with an account's own
SHRINK_RECENT = 2.0  # the same, of the account's own share, for the recent ones
DELAY_DAYS_MIN, DELAY_DAYS_MAX = -90, 365  # beyond these, days say nothing more


class Ask(Struct, frozen=True, kw_only=True, gc=False):
    """The invoice a model is asked about, on a day."""

    day: date
    amount_minor: int
    currency: str
    issued_on: date
    due_on: date
    kind: str = "consumer"
    invoice_id: str | None = None  # where the history has it too: it is no evidence of itself

    @classmethod
    def of(cls, fact: InvoiceFacts, day: date) -> "Ask":
        return cls(
            day=day,
            amount_minor=fact.amount_minor,
            currency=fact.currency,
            issued_on=fact.issued_on,
            due_on=fact.due_on,
            kind=fact.kind,
            invoice_id=fact.invoice_id,
        )


class Open(NamedTuple):
    due: int  # ordinals: they sort and subtract without objects
    invoice_id: str
    amount_minor: int
    currency: str
    was_at_stake: bool


class Settlement(NamedTuple):
    on: int
    invoice_id: str
    delay_days: int  # after the due day, or after it became known if that was later
    is_late: bool
    was_at_stake: bool
    usual: tuple[float, float] | None  # everybody's mean delay and late share at the time


class PayerHistory(Struct):
    """One account as known at the beginning of a day. Mutable: whoever made it owns it."""

    first_on: int | None = None
    amounts: dict[str, tuple[int, int]] = field(default_factory=dict)  # count, sum
    not_due: list[Open] = field(default_factory=list)  # sorted
    overdue: list[Open] = field(default_factory=list)  # sorted
    overdue_at_stake: int = 0
    overdue_minor: dict[str, int] = field(default_factory=dict)
    settled: int = 0
    settled_late: int = 0  # whether or not it was at stake: the baseline's
    outcomes: int = 0  # settled ones that were at stake
    late: int = 0
    outcomes_minor: dict[str, tuple[int, int]] = field(default_factory=dict)  # all, late
    delay_days: int = 0  # sums over all settled
    delay_days_squared: int = 0
    compared: int = 0  # settled ones for which everybody's figures at the time are known
    usual_delay_days: float = 0.0  # the sum of these
    recent: list[Settlement] = field(default_factory=list)  # sorted, the latest RECENT

    @classmethod
    def of(cls, facts: Iterable[InvoiceFacts], day: date, portfolio: Portfolio) -> "PayerHistory":
        """The history of an account at the beginning of a day, from its invoices."""
        history = cls()
        for fact in facts:
            if fact.amount_minor > 0 and fact.day < day:
                history.book(fact)
                if fact.is_settled_before(day):
                    history.settle(fact, portfolio)
        history.advance(day.toordinal())
        return history

    def book(self, fact: InvoiceFacts) -> None:
        """Take an invoice that has become known."""
        on = fact.day.toordinal()
        self.first_on = on if self.first_on is None else min(self.first_on, on)
        count, total = self.amounts.get(fact.currency, (0, 0))
        self.amounts[fact.currency] = (count + 1, total + fact.amount_minor)
        insort(self.not_due, _open(fact))

    def settle(self, fact: InvoiceFacts, portfolio: Portfolio) -> None:
        """Take the settlement of an invoice that was booked."""
        self.take(fact, settlement_of(fact, portfolio))

    def take(self, fact: InvoiceFacts, settlement: Settlement) -> None:
        """The same, where the settlement is known already."""
        item = _open(fact)
        if not _remove(self.not_due, item):
            removed = _remove(self.overdue, item)
            assert removed, "an invoice is booked before it is settled"
            self._count_overdue(item, -1)
        self.settled += 1
        self.settled_late += settlement.is_late
        if settlement.was_at_stake:
            self.outcomes += 1
            self.late += settlement.is_late
            known, late = self.outcomes_minor.get(fact.currency, (0, 0))
            late += fact.amount_minor if settlement.is_late else 0
            self.outcomes_minor[fact.currency] = (known + fact.amount_minor, late)
        self.delay_days += settlement.delay_days
        self.delay_days_squared += settlement.delay_days**2
        if settlement.usual is not None:
            self.compared += 1
            self.usual_delay_days += settlement.usual[0]
        insort(self.recent, settlement)
        if len(self.recent) > RECENT:
            del self.recent[0]

    def advance(self, today: int) -> None:
        """Let what is open and was due before today be overdue."""
        due = bisect_left(self.not_due, (today,))
        for item in self.not_due[:due]:
            insort(self.overdue, item)
            self._count_overdue(item, +1)
        del self.not_due[:due]

    def _count_overdue(self, item: Open, sign: int) -> None:
        self.overdue_at_stake += sign * item.was_at_stake
        before = self.overdue_minor.get(item.currency, 0)
        self.overdue_minor[item.currency] = before + sign * item.amount_minor


def _open(fact: InvoiceFacts) -> Open:
    due = fact.due_on.toordinal()
    return Open(due, fact.invoice_id, fact.amount_minor, fact.currency, fact.was_at_stake)


def _remove(items: list[Open], item: Open) -> bool:
    place = bisect_left(items, item)
    if place == len(items) or items[place] != item:
        return False
    del items[place]
    return True


def settlement_of(fact: InvoiceFacts, portfolio: Portfolio) -> Settlement:
    assert fact.settled_on is not None
    on = max(fact.settled_on, fact.day).toordinal()
    delay = fact.settled_on.toordinal() - max(fact.due_on, fact.day).toordinal()
    delay = min(max(delay, DELAY_DAYS_MIN), DELAY_DAYS_MAX)
    usual = portfolio.at(on)
    return Settlement(on, fact.invoice_id, delay, fact.is_late, fact.was_at_stake, usual)


def baseline(history: PayerHistory, portfolio: Portfolio) -> float:
    """The past late share, drawn towards that of all settled invoices."""
    share = portfolio.settled_late_share
    return (history.settled_late + SHRINK * share) / (history.settled + SHRINK)
