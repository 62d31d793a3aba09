"""What is known of all payers together: what an account with little history is shrunk towards.

Shares fade with a half-life, so that a portfolio that changes is followed; the counts for the
baseline do not. Days are ordinals here, as in `history.py`.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from services.segmentation.learning.cases import InvoiceFacts

Indices = Mapping[str, Sequence[tuple[date, float]]]  # by name: from which day, what value

QUARTER_DAYS = 91
HALF_LIFE_DAYS = 90
ENOUGH = 50.0  # settlements that make everybody's figures worth comparing with
EVENS = 0.5  # where nothing at all is known
DOUBT = 2.0  # how many imagined outcomes, half of them late, count with the known ones


class Portfolio(Struct):
    """Running sums over everything known so far. A model carries those of its training window."""

    on: int = 1  # the day to which the fading sums are faded
    outcomes: float = 0.0  # invoices known to be on time or late, faded
    late: float = 0.0
    settlements: float = 0.0  # faded
    delay_days: float = 0.0  # their delays, faded
    settled: int = 0  # the same, never faded: the baseline's
    settled_late: int = 0
    amounts: dict[str, tuple[int, float]] = field(default_factory=dict)  # count, sum of log2
    months: dict[str, tuple[float, float]] = field(default_factory=dict)  # see `at`
    indices: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # sorted days, values

    def book(self, fact: InvoiceFacts) -> None:
        count, total = self.amounts.get(fact.currency, (0, 0.0))
        self.amounts[fact.currency] = (count + 1, total + math.log2(fact.amount_minor))

    def learn(self, on: int, *, late: bool) -> None:
        """An outcome became known: settled in time, or its due day ended above zero."""
        self.turn_to(on)
        self.outcomes += 1
        self.late += late

    def settle(self, on: int, delay_days: int, *, late: bool) -> None:
        self.turn_to(on)
        self.settlements += 1
        self.delay_days += delay_days
        self.settled += 1
        self.settled_late += late

    def at(self, on: int) -> tuple[float, float] | None:
        """Mean delay and late share as they were known at the beginning of a day's month.

        An account's settlements are held against these, so that a portfolio that changes as a
        whole does not make its old payers look better or worse than its new ones. None: too little
        was known then.
        """
        return self.months.get(_month(on)) if self.months else None

    def market_change(self, today: int) -> float:
        """How far the external indices have moved in a quarter, as known before today; their mean.

        NaN: there is none that is known for so long.
        """
        changes = []
        for values in self.indices.values():
            now = _value_before(values, today)
            then = _value_before(values, today - QUARTER_DAYS)
            if now is not None and then:
                changes.append((now - then) / abs(then))
        return sum(changes) / len(changes) if changes else math.nan

    def turn_to(self, on: int) -> None:
        """Let the sums fade to a day. What was known at the beginning of a month is kept."""
        if on > self.on:
            if _month(on) != _month(self.on) and min(self.outcomes, self.settlements) >= ENOUGH:
                self.months[_month(on)] = (self.mean_delay_days, self.late_share)
            kept = 0.5 ** ((on - self.on) / HALF_LIFE_DAYS)
            self.outcomes *= kept
            self.late *= kept
            self.settlements *= kept
            self.delay_days *= kept
            self.on = on

    @property
    def late_share(self) -> float:
        return (self.late + DOUBT * EVENS) / (self.outcomes + DOUBT)

    @property
    def mean_delay_days(self) -> float:
        return self.delay_days / (self.settlements + DOUBT)

    @property
    def settled_late_share(self) -> float:
        """The baseline's p: share late of all settled."""
        return self.settled_late / self.settled if self.settled else EVENS

    def usual_log2(self, currency: str) -> float | None:
        """The mean of the binary logarithm of amounts; None: no invoice in this currency yet."""
        count, total = self.amounts.get(currency, (0, 0.0))
        return total / count if count else None


def indices_of(indices: Indices, end: date | None) -> dict[str, list[tuple[int, float]]]:
    """External indices as a portfolio keeps them; what holds from `end` on is not known yet."""
    return {
        name: sorted(
            (day.toordinal(), float(value)) for day, value in values if end is None or day < end
        )
        for name, values in sorted(indices.items())
    }


def _value_before(values: list[tuple[int, float]], today: int) -> float | None:
    """The value that held before a day."""
    place = bisect_left(values, (today,))
    return values[place - 1][1] if place else None


def _month(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()[:7]
