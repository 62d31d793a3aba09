"""A question about a KPI: which figure, of which days, of which part of the book, known when.

Everything here may be computed in another process: questions are plain values, and a KPI travels by
its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from services.metrics.domain.figures import By
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.rates import Rates
from services.metrics.domain.windows import (
    ONE_DAY,
    Interval,
    Slices,
    Window,
    is_whole,
    month_end,
    parts,
)

Compare = Literal["previous", "year"]
MONTHS_BACK = 36  # so many of sales a balance may go back through
TRAILING_DAYS = 90  # of a figure whose parts look back (`Kpi.over`), unless asked otherwise


@dataclass(frozen=True)
class Question:
    """Which KPI, of which days, of which money, in which parts; `as_of`: by what was known then.

    `at`: the day at whose end the things of a cohort are looked at. `filters`: by dimension the
    values that count, the empty text for unknown. `experiment`: whose arms `arm` means. `into`: the
    currency that money is converted into.
    """

    kpi: Kpi
    window: Window
    currency: str | None = None
    into: str | None = None
    interval: Interval | None = None
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by: By = "amount"
    per: str = ""
    at: date | None = None
    as_of: date | None = None
    compare: Compare | None = None
    experiment: str = ""
    has_curve: bool = False
    trailing_days: int = TRAILING_DAYS
    today: date | None = None  # the tenant's business day: what ends later is not over yet
    begins_on: Mapping[str, date] = field(default_factory=dict)  # by currency: its first invoice
    rates: Rates | None = None  # into `into`

    def __post_init__(self) -> None:
        """Taken per something else, a KPI may be another one of the same name."""
        object.__setattr__(self, "kpi", self.kpi.taken_per(self.per))

    @cached_property
    def looked_at(self) -> date:
        """The day at whose end the things of a cohort are looked at."""
        if self.at is not None:
            return self.at
        known_on = self.as_of or self.today
        return max(self.window.to_on, known_on) if known_on else self.window.to_on

    @property
    def known_on(self) -> date | None:
        """The last day of which anything can be known."""
        days = [day for day in (self.as_of, self.today) if day is not None]
        return min(days) if days else None

    @cached_property
    def compared(self) -> "Question | None":
        """The same of the days that it is compared with. Things of a cohort are looked at on the
        same day."""
        if self.compare is None:
            return None
        window = self.window
        if self.kpi.is_of_months:  # a running month with whole ones
            window = Window(window.from_on, month_end(window.to_on))
        window = window.before() if self.compare == "previous" else window.year_before()
        return replace(self, window=window, at=self.looked_at, interval=None, compare=None)

    @property
    def is_converted(self) -> bool:
        """Whether amounts of several currencies become one. Things are counted as they are."""
        return self.into is not None and self.by == "amount"

    @cached_property
    def parts(self) -> list[Window]:
        """The windows of the series; the whole one if no interval is asked for."""
        return list(parts(self.window, self.interval)) if self.interval else [self.window]

    @cached_property
    def slices(self) -> Slices:
        """Time, cut for every window that the answer needs figures of."""
        windows = [self.window, *self.parts]
        for currency in (*self.begins_on, ""):  # one may have credit notes and no invoice
            windows.append(self.span(self.window, currency))
            windows += (self.span_in_series(part, currency) for part in self.parts)
            if self.interval:  # the window itself may be taken as a part of a longer series
                windows.append(self.span_in_series(self.window, currency))
        for part in (self.window, *self.parts):
            if self.kpi.over == "months":
                windows += months(part)
            elif self.kpi.over == "countback":
                windows += months_back(part)
            elif self.kpi.over == "before":
                windows.append(part.days_before)
        slices = Slices.of(windows)
        return slices if self.rates is None else slices.cut(self.rates.days)

    def span(self, window: Window, currency: str) -> Window:
        """The days that the figure of a window is of. Sales have no days before the first one; a
        month's rolls are figured on the last day of the month before, on which their base stands.
        """
        if self.kpi.is_of_months:
            return Window(window.from_on - ONE_DAY, window.to_on - ONE_DAY)
        return window.since(self.begins_on.get(currency, window.from_on))

    def span_in_series(self, part: Window, currency: str) -> Window:
        """The days that a part's figure is of: a week's sales say nothing about a balance."""
        if self.kpi.over != "trailing":
            return self.span(part, currency) if self.kpi.is_of_months else part
        since = part.to_on - timedelta(days=self.trailing_days - 1)
        return self.span(Window(since, part.to_on), currency)

    def is_over(self, part: Window) -> bool:
        """Whether a part is a whole day, week or month that has ended."""
        if self.interval is None or not is_whole(part, self.interval):
            return False
        return self.today is None or part.to_on < self.today

    def splits_by(self, dimension: str) -> bool:
        return dimension in self.group_by

    def asks(self, dimension: str) -> bool:
        """Whether it is split or filtered by a dimension."""
        return dimension in self.group_by or dimension in self.filters

    @property
    def splits_by_mark(self) -> bool:
        """Whether it is split by what its measures have as their mark."""
        return self.kpi.mark is not None and self.splits_by(self.kpi.mark)

    @property
    def filters_by_mark(self) -> bool:
        """Whether only some of what its measures have as their mark count."""
        return self.kpi.mark is not None and self.kpi.mark in self.filters


def months(window: Window) -> Iterable[Window]:
    """The calendar months of a window, the first and last cut by it."""
    return parts(window, "month")


def months_back(window: Window) -> list[Window]:
    """The month in which it ends, as far as that, and whole months before it, the newest first."""
    found = [Window(window.to_on.replace(day=1), window.to_on)]
    while len(found) < MONTHS_BACK:
        end = found[-1].from_on - ONE_DAY
        found.append(Window(end.replace(day=1), end))
    return found
