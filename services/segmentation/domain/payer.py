"""A payer's record, kept by difference so that a model's question costs no walk through the past.

It holds what `learning.history.PayerHistory` is made of, over all that is known; `history` takes
away again what is not before the day asked for, which is little: what came on that day. Both ways
give the same (property test).
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, field

from services.segmentation.learning.cases import InvoiceFacts
from services.segmentation.learning.history import (
    RECENT,
    Open,
    PayerHistory,
    Settlement,
    settlement_of,
)
from services.segmentation.learning.portfolio import Portfolio

_NOBODY = Portfolio()
_ON = attrgetter("on")


class EndedInvoice(Struct, array_like=True, frozen=True, order=True, gc=False):
    """A settlement: of which invoice, and how late. Days are ordinals, as in `learning`."""

    on: int
    invoice_id: str
    delay_days: int
    is_late: bool
    was_at_stake: bool
    currency: str
    minor: int
    month: int  # the first day of its month


class Everybody:
    """What was usual among all payers, by month: a portfolio that is asked again and again."""

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._usual: dict[int, tuple[float, float] | None] = {}
        self._usual_by_text: dict[str, tuple[float, float] | None] = {}

    def usual(self, month: int) -> tuple[float, float] | None:
        """Mean delay and late share of the month that begins on a day."""
        if month not in self._usual:
            self._usual[month] = self._portfolio.at(month)
        return self._usual[month]

    def usual_of(self, months: Mapping[str, tuple[int, int]]) -> tuple[int, float]:
        """How many of the settlements of these months can be compared, and the sum of the mean
        delays of their time."""
        compared, delay_days = 0, 0.0
        known = self._usual_by_text
        for month, (settled, _) in months.items():
            if month not in known:
                known[month] = self.usual(int(month))
            usual = known[month]
            if usual is not None:
                compared += settled
                delay_days += settled * usual[0]
        return compared, delay_days


class Payer(Struct, array_like=True):
    """Sums over all invoices that say something of the payer, and the lists to take from them."""

    booked: list[tuple[int, str]] = field(default_factory=list)  # sorted: day, invoice
    ended: list[EndedInvoice] = field(default_factory=list)  # sorted
    amounts: dict[str, tuple[int, int]] = field(default_factory=dict)  # currency: count, sum
    at_stake: dict[str, tuple[int, int]] = field(default_factory=dict)  # currency: all, late
    months: dict[str, tuple[int, int]] = field(default_factory=dict)  # settled, of them at stake
    settled_late: int = 0
    outcomes: int = 0
    late: int = 0
    delay_days: int = 0
    delay_days_squared: int = 0

    def replace(self, before: InvoiceFacts | None, after: InvoiceFacts | None) -> None:
        """Put an invoice as it is known now in the place of what was known; None: nothing."""
        was, now = _booked(before), _booked(after)
        if was != now:
            if was is not None:
                _add(self.amounts, was.currency, -1, -was.minor)
                del self.booked[bisect_left(self.booked, was.entry)]
            if now is not None:
                _add(self.amounts, now.currency, +1, now.minor)
                insort(self.booked, now.entry)
        ended = _ended(before)
        if ended is not None:
            self._sum(ended, -1)
            del self.ended[bisect_left(self.ended, ended)]
        ended = _ended(after)
        if ended is not None:
            self._sum(ended, +1)
            insort(self.ended, ended)

    def _sum(self, ended: EndedInvoice, sign: int) -> None:
        self.settled_late += sign * ended.is_late
        self.delay_days += sign * ended.delay_days
        self.delay_days_squared += sign * ended.delay_days**2
        if ended.was_at_stake:
            self.outcomes += sign
            self.late += sign * ended.is_late
            late_minor = ended.minor if ended.is_late else 0
            _add(self.at_stake, ended.currency, sign * ended.minor, sign * late_minor)
        _add(self.months, str(ended.month), sign, sign * ended.was_at_stake)

    def history(
        self,
        day: date,
        everybody: Everybody,
        open_ids: Iterable[str],
        fact_of: Callable[[str], InvoiceFacts | None],
    ) -> PayerHistory:
        """The payer at the beginning of a day, held against everybody's figures of the time."""
        on = day.toordinal()
        cut = bisect_left(self.ended, on, key=_ON)
        not_yet = self.ended[cut:]
        for ended in not_yet:  # taken away for as long as we look, and put back
            self._sum(ended, -1)
        history = self._history(cut, everybody)
        for ended in not_yet:
            self._sum(ended, +1)
        booked = bisect_left(self.booked, (on, ""))
        for _, invoice_id in self.booked[booked:]:
            fact = fact_of(invoice_id)
            assert fact is not None, "what was booked says something"
            _add(history.amounts, fact.currency, -1, -fact.amount_minor)
        history.first_on = self.booked[0][0] if booked else None
        for invoice_id in (*open_ids, *(ended.invoice_id for ended in not_yet)):
            fact = fact_of(invoice_id)
            if fact is not None and fact.day < day:
                due = fact.due_on.toordinal()
                one = Open(due, invoice_id, fact.amount_minor, fact.currency, fact.was_at_stake)
                insort(history.not_due, one)
        history.advance(on)
        return history

    def _history(self, cut: int, everybody: Everybody) -> PayerHistory:
        history = PayerHistory(
            amounts=dict(self.amounts),
            settled=cut,
            settled_late=self.settled_late,
            outcomes=self.outcomes,
            late=self.late,
            outcomes_minor=dict(self.at_stake),
            delay_days=self.delay_days,
            delay_days_squared=self.delay_days_squared,
            recent=[
                Settlement(
                    ended.on,
                    ended.invoice_id,
                    ended.delay_days,
                    ended.is_late,
                    ended.was_at_stake,
                    everybody.usual(ended.month),
                )
                for ended in self.ended[max(0, cut - RECENT) : cut]
            ],
        )
        history.compared, history.usual_delay_days = everybody.usual_of(self.months)
        return history


class _Booked(NamedTuple):
    """What is counted of an invoice from its day on."""

    entry: tuple[int, str]
    currency: str
    minor: int


def _booked(fact: InvoiceFacts | None) -> _Booked | None:
    if fact is None:
        return None
    return _Booked((fact.day.toordinal(), fact.invoice_id), fact.currency, fact.amount_minor)


def _ended(fact: InvoiceFacts | None) -> EndedInvoice | None:
    if fact is None or fact.settled_on is None:
        return None
    settlement = settlement_of(fact, _NOBODY)
    return EndedInvoice(
        settlement.on,
        fact.invoice_id,
        settlement.delay_days,
        settlement.is_late,
        settlement.was_at_stake,
        fact.currency,
        fact.amount_minor,
        settlement.on - date.fromordinal(settlement.on).day + 1,
    )


def _add(sums: dict[str, tuple[int, int]], key: str, first: int, second: int) -> None:
    """Add to a pair of sums; one that is nothing is not kept."""
    before = sums.get(key, (0, 0))
    after = (before[0] + first, before[1] + second)
    if after == (0, 0):
        sums.pop(key, None)
    else:
        sums[key] = after
