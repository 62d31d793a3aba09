"""From sums by slice of time to the figures of a window: flows in it, stocks at its two ends.

The store cuts time into slices (`windows.Slices`). Flows of a window are the sum of its slices, a
stock at its end the sum of all slices up to it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Literal, NamedTuple

from services.metrics.domain.cells import NOTHING, Added
from services.metrics.domain.debt_measures.balances import AGES, EPOCH
from services.metrics.domain.rates import Converter
from services.metrics.domain.windows import Slices, Window

By = Literal["amount", "count"]
Stock = tuple[str, str]  # a measure and its mark

# Buckets of age by the days past due at which they begin.
BUCKETS = {"current": None, "1-30": 1, "31-60": 31, "61-90": 61, "91-120": 91, "121+": 121}


class Key(NamedTuple):
    """What a group of figures is of; texts that are not asked for, or unknown, are empty."""

    currency: str = ""
    segment: str = ""
    country: str = ""
    kind: str = ""
    channel: str = ""
    strategy: str = ""
    collector: str = ""
    arm: str = ""
    mark: str = ""  # the KPI's own split: bucket, rule, result, method, agency


class Row(NamedTuple):
    """One row of the store: what a measure added in a slice. `until`: the slice of the second day,
    where a measure is read by both (n + 1 or later: not within the window)."""

    key: Key
    measure: str
    mark: str  # of a need that is read apart for each mark
    slice: int
    until: int
    added: Added


@dataclass
class Figures:
    """What one group comes to in one window."""

    window: Window
    at: date
    by: By
    per: str
    group: "Group"
    first: int  # its slices
    last: int
    rates_on: date  # the day whose rates hold for what stands
    months: "tuple[Figures, ...]" = ()  # of its calendar months, where a formula needs them
    before: "Figures | None" = None  # of as many days before, where a formula needs them
    currency: str = ""
    asked: frozenset[str] = frozenset()  # the dimensions of which it is a part
    split_by: frozenset[str] = frozenset()  # those by which the answer is split or filtered
    has_unrated_stock: bool = False  # whether what was asked of a stock could not be converted

    def asks(self, *dimensions: str) -> bool:
        """Whether it is a part by any of the dimensions."""
        return not self.asked.isdisjoint(dimensions)

    def flows(self, measure: str) -> dict[str, Added]:
        """What happened in the window, by mark."""
        return {mark: self.flow(measure, mark) for mark in self.group.marks(measure)}

    def flow(self, measure: str, mark: str = "") -> Added:
        """What happened in the window; also of a cohort: what happened to its things by `at`."""
        running = self.group.running(measure, mark)
        return running[self.last] - running[self.first - 1]

    def opening(self, measure: str, mark: str = "") -> Added:
        """What stood when the window began."""
        return self._standing_at(self.first - 1, (measure, mark))

    def closing(self, measure: str, mark: str = "") -> Added:
        """What stands at the end of the window."""
        return self._standing_at(self.last, (measure, mark))

    def _standing_at(self, slice_: int, stock: Stock, less: Stock | None = None) -> Added:
        added = self.group.standing_at(slice_, self.rates_on, stock, less)
        self.has_unrated_stock = self.has_unrated_stock or added is None
        return added or NOTHING

    def standing(self, measure: str) -> Added:
        """What was put in the window and not taken back by its end."""
        total = NOTHING
        for row in self.group.rows_in(measure, self.first, self.last):
            if row.until > self.last:
                added = self.group.converted(row)
                self.has_unrated_stock = self.has_unrated_stock or added is None
                total += added or NOTHING
        return total

    def of(self, added: Added) -> int:
        """The amount or the count, as it is asked for."""
        return added.amount if self.by == "amount" else added.count

    @property
    def lacks_a_rate(self) -> bool:
        """Whether anything of it could not be converted: of what happened, and of what was asked
        of what stands."""
        others = (*self.months, *((self.before,) if self.before else ()))
        return (
            self.has_unrated_stock
            or self.group.lacks_a_rate(self.first, self.last)
            or any(each.lacks_a_rate for each in others)
        )

    @property
    def sales(self) -> int:
        return self.flow("invoiced").amount - self.flow("credited").amount

    @property
    def opening_receivables(self) -> int:
        return _receivables([self.opening(m).amount for m in RECEIVABLES])

    @property
    def closing_receivables(self) -> int:
        return _receivables([self.closing(m).amount for m in RECEIVABLES])

    @property
    def not_yet_due(self) -> int:
        return self._standing_at(self.last, ("open", ""), ("aged", "1")).amount

    @property
    def overdue_days(self) -> int:
        """Σ overdue balance × days past due, at the end."""
        aged = self.closing("aged", "1")
        return aged.amount * (self.window.to_on - EPOCH).days - aged.weight

    def bucket(self, name: str) -> Added:
        """The open balances of one bucket of age, at the end."""
        start = BUCKETS[name]
        since = ("open", "") if start is None else ("aged", str(start))
        later = next((age for age in AGES if start is None or age > start), None)
        return self._standing_at(self.last, since, ("aged", str(later)) if later else None)


RECEIVABLES = ("open", "charges", "credit")


def _receivables(amounts: Sequence[int]) -> int:
    """What is owed, charges included, net of credit that waits."""
    balance, charges, credit = amounts
    return balance + charges - credit


class Group:
    """The sums of one key, ready to be asked for any run of slices.

    With a `converter` the rows are in several currencies, and what is read of them is in one: what
    happened by the rates of its day, what stands (`stocks`) by those of the day that is asked for.
    """

    def __init__(
        self,
        slices: Slices,
        converter: Converter | None = None,
        stocks: frozenset[str] = frozenset(),
    ) -> None:
        self._slices = slices
        self._converter = converter
        self._stock_measures = stocks
        self._nothing = [NOTHING] * (slices.count + 1)
        self._sums: dict[tuple[str, str], list[Added]] = {}
        self._rows: dict[str, dict[int, list[Row]]] = {}
        self._running: dict[tuple[str, str], list[Added]] = {}
        self._stocks: dict[tuple[str, str], dict[str, list[Added]]] = {}  # by currency
        self._gaps: set[int] = set()  # slices with something for which there is no rate

    def add(self, row: Row, currency: str = "") -> None:
        if self._converter is not None and row.measure in self._stock_measures:
            by_currency = self._stocks.setdefault((row.measure, row.mark), {})
            stock = by_currency.setdefault(currency, [*self._nothing])
            stock[row.slice] += row.added
            return
        if row.until:  # converted where it is asked for: what was taken back needs no rate
            by_slice = self._rows.setdefault(row.measure, defaultdict(list))
            by_slice[row.slice].append(row)
            return
        added = self.converted(row, currency)
        if added is None:
            self._gaps.add(row.slice)
            return
        row = row._replace(added=added)
        sums = self._sums.setdefault((row.measure, row.mark), [*self._nothing])
        sums[row.slice] += row.added

    def converted(self, row: Row, currency: str | None = None) -> Added | None:
        """What a row adds, by the rate of its day; None: there is none."""
        if self._converter is None:
            return row.added
        day = self._slices.first_day(row.slice)
        factor = self._converter.factor(row.key.currency if currency is None else currency, day)
        return None if factor is None else row.added.times(factor)

    def add_missing(self, other: "Group | None") -> None:
        """Take over another group's sums of measures that this one has not."""
        if other is not None:
            self._running = {**other._running, **self._running}
            self._stocks = {**other._stocks, **self._stocks}
            self._gaps |= other._gaps

    def close(self) -> None:
        """Running sums: made once, so that any window costs the same."""
        for key, sums in self._sums.items():
            self._running[key] = list(accumulate(sums))
        for by_currency in self._stocks.values():
            for currency, sums in by_currency.items():
                by_currency[currency] = list(accumulate(sums))

    def running(self, measure: str, mark: str = "") -> Sequence[Added]:
        return self._running.get((measure, mark), self._nothing)

    def standing_at(
        self, slice_: int, rates_on: date, stock: Stock, less: Stock | None = None
    ) -> Added | None:
        """What stands at the end of a slice, perhaps less another stock, by the rates of a day;
        None: there is no rate. What comes to nothing in its currency needs none."""
        if self._converter is None:
            standing = self.running(*stock)[slice_]
            return standing if less is None else standing - self.running(*less)[slice_]
        by_currency: dict[str, Added] = {}
        for currency, sums in self._stocks.get(stock, {}).items():
            by_currency[currency] = sums[slice_]
        for currency, sums in self._stocks.get(less, {}).items() if less else ():
            by_currency[currency] = by_currency.get(currency, NOTHING) - sums[slice_]
        total = NOTHING
        for currency, added in by_currency.items():
            if not (added.amount or added.count or (added.weight and less is None)):
                continue
            factor = self._converter.factor(currency, rates_on)
            if factor is None:
                return None
            total += added.times(factor)
        return total

    def lacks_a_rate(self, first: int, last: int) -> bool:
        """Whether something that happened in a run of slices has no rate."""
        return any(first <= gap <= last for gap in self._gaps)

    def rows_in(self, measure: str, first: int, last: int) -> Iterable[Row]:
        """The rows by two days whose first day is in a run of slices."""
        by_slice = self._rows.get(measure, {})
        for slice_, rows in by_slice.items():
            if first <= slice_ <= last:
                yield from rows

    def marks(self, measure: str) -> list[str]:
        """The marks under which a measure has anything."""
        found = {*self._running, *self._stocks}
        return sorted({mark for name, mark in found if name == measure})


def grouped(
    slices: Slices,
    rows: Iterable[Row],
    key_of: Callable[[Key], Key] = lambda key: key,
    converter: Converter | None = None,
    stocks: frozenset[str] = frozenset(),
) -> dict[Key, Group]:
    """Groups by the key that `key_of` makes of the rows'. Rows that come to nothing make none."""
    groups: dict[Key, Group] = {}
    for row in rows:
        key = key_of(row.key)
        found = groups.get(key)
        if found is None:
            found = groups[key] = Group(slices, converter, stocks)
        found.add(row, row.key.currency)
    for each in groups.values():
        each.close()
    return groups
