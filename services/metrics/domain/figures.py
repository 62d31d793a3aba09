"""From sums by slice of time to the figures of a window: flows in it, stocks at its two ends.

The store cuts time into slices (`windows.Slices`). Flows of a window are the sum of its slices, a
stock at its end the sum of all slices up to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from services.metrics.domain.windows import Slices, Window
from shared.events.ledger import STAGES

EPOCH = date(1970, 1, 1)

# Buckets of age by the days past due at which they begin.
BUCKETS = {"current": None, "1-30": 1, "31-60": 31, "61-90": 61, "91-120": 91, "121+": 121}
AGES = STAGES


class Key(NamedTuple):
    """What a group of figures is of; texts that are not asked for, or unknown, are empty."""

    currency: str = ""
    segment: str = ""
    country: str = ""
    kind: str = ""
    channel: str = ""
    strategy: str = ""
    rule: str = ""
    bucket: str = ""
    result: str = ""


class Sums(NamedTuple):
    """One row of the store: what a measure added in a slice."""

    key: Key
    measure: str
    slice: int
    amount: int
    number: int  # of things


class Aged(NamedTuple):
    """Open balances that came to be at least `age` days past due in a slice."""

    key: Key
    age: int
    slice: int
    amount: int
    number: int  # of things
    due: int  # Σ amount × days from the epoch to the due day


class Late(NamedTuple):
    """Cash put on invoices in one slice, and taken back in another (n + 1 or later: not yet)."""

    key: Key
    slice: int
    until: int
    amount: int
    weight: int


@dataclass(slots=True)
class Amount:
    """A sum of money and of things."""

    amount: int = 0
    count: int = 0


@dataclass
class Figures:
    """What one group comes to in one window."""

    window: Window
    flows: dict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    opening: dict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    closing: dict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    opening_aged: dict[int, Amount] = field(default_factory=lambda: defaultdict(Amount))
    closing_aged: dict[int, Amount] = field(default_factory=lambda: defaultdict(Amount))
    overdue_days: int = 0  # Σ overdue balance × days past due, at the end
    late: Amount = field(default_factory=Amount)  # count: Σ amount × days late
    months: "tuple[Figures, ...]" = ()  # of its calendar months, where a formula needs them

    @property
    def sales(self) -> int:
        return self.flows["invoiced"].amount - self.flows["credited"].amount

    @property
    def opening_receivables(self) -> int:
        return _receivables(self.opening)

    @property
    def closing_receivables(self) -> int:
        return _receivables(self.closing)

    @property
    def not_yet_due(self) -> int:
        return self.closing["open"].amount - self.closing_aged[1].amount

    def bucket(self, name: str) -> Amount:
        """The open balances of one bucket of age, at the end."""
        start = BUCKETS[name]
        since = self.closing["open"] if start is None else self.closing_aged[start]
        later = next((age for age in AGES if start is None or age > start), None)
        older = self.closing_aged[later] if later else Amount()
        return Amount(since.amount - older.amount, since.count - older.count)


def _receivables(stocks: dict[str, Amount]) -> int:
    """What is owed, charges included, net of credit that waits."""
    return stocks["open"].amount + stocks["charges"].amount - stocks["credit"].amount


class Group:
    """The sums of one key, ready to be asked for any run of slices."""

    def __init__(self, slices: Slices) -> None:
        self._slices = slices
        self._flows: dict[str, list[tuple[int, int]]] = {}
        self._aged: dict[int, list[tuple[int, int, int]]] = {}
        self._late: dict[int, list[Late]] = defaultdict(list)  # by the slice in which it came
        self._running: dict[str, list[tuple[int, int]]] = {}
        self._ages: dict[int, list[tuple[int, int, int]]] = {}

    def add_sums(self, row: Sums) -> None:
        slices = self._flows.setdefault(row.measure, [(0, 0)] * (self._slices.count + 1))
        amount, count = slices[row.slice]
        slices[row.slice] = (amount + row.amount, count + row.number)

    def add_aged(self, row: Aged) -> None:
        slices = self._aged.setdefault(row.age, [(0, 0, 0)] * (self._slices.count + 1))
        amount, count, due = slices[row.slice]
        slices[row.slice] = (amount + row.amount, count + row.number, due + row.due)

    def add_late(self, row: Late) -> None:
        self._late[row.slice].append(row)

    def add_flows(self, other: "Group | None") -> None:
        """Take over another group's flows of measures that this one has not."""
        if other is not None:
            self._running = {**other._running, **self._running}

    def close(self) -> None:
        """Running sums: made once, so that any window costs the same."""
        for measure, flow in self._flows.items():
            self._running[measure] = list(accumulate(flow, _plus2))
        for age, slices in self._aged.items():
            self._ages[age] = list(accumulate(slices, _plus3))

    def figures(self, window: Window) -> Figures:
        """Of a window that the slices were cut for."""
        first, last = self._slices.run(window)
        figures = Figures(window)
        for measure, running in self._running.items():
            opening, closing = Amount(*running[first - 1]), Amount(*running[last])
            figures.flows[measure] = Amount(
                closing.amount - opening.amount, closing.count - opening.count
            )
            figures.opening[measure], figures.closing[measure] = opening, closing
        for age, aged in self._ages.items():
            figures.opening_aged[age] = Amount(*aged[first - 1][:2])
            figures.closing_aged[age] = Amount(*aged[last][:2])
        if 1 in self._ages:
            amount, _, due = self._ages[1][last]
            figures.overdue_days = amount * (window.to_on - EPOCH).days - due
        for row in self._late_in(first, last):
            if last < row.until:
                figures.late.amount += row.amount
                figures.late.count += row.weight
        return figures

    def _late_in(self, first: int, last: int) -> Iterator[Late]:
        if first == last:
            return iter(self._late.get(first, ()))
        return (row for came, rows in self._late.items() if first <= came <= last for row in rows)


def _plus2(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _plus3(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def grouped(
    slices: Slices, sums: Iterable[Sums], aged: Iterable[Aged] = (), late: Iterable[Late] = ()
) -> dict[Key, Group]:
    """Groups by key. Rows that come to nothing make no group."""
    groups: dict[Key, Group] = {}

    def group(key: Key) -> Group:
        found = groups.get(key)
        if found is None:
            found = groups[key] = Group(slices)
        return found

    for row in sums:
        group(row.key).add_sums(row)
    for old in aged:
        group(old.key).add_aged(old)
    for cash in late:
        group(cash.key).add_late(cash)
    for each in groups.values():
        each.close()
    return groups
