"""Windows of days: a whole window, the days, weeks or months in it, and time cut into slices."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

Interval = Literal["day", "week", "month"]

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """`[from_on, to_on]`, both included."""

    from_on: date
    to_on: date

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days + 1

    @property
    def days_before(self) -> "Window":
        """As many days directly before it."""
        return Window(self.from_on - timedelta(days=self.days), self.from_on - ONE_DAY)

    def since(self, day: date) -> "Window":
        """Without the days before `day`; as it is where no day would be left."""
        return Window(day, self.to_on) if self.from_on < day <= self.to_on else self

    def before(self) -> "Window":
        """As many days directly before; of whole calendar months as many months."""
        last = self.from_on - ONE_DAY
        if self.from_on.day != 1 or (self.to_on + ONE_DAY).day != 1:
            days = min(self.to_on - self.from_on, last - date.min)  # a calendar has a first day
            return Window(last - days, last)
        months = (self.to_on.year - self.from_on.year) * 12 + self.to_on.month - self.from_on.month
        return Window(months_before(last, months), last)

    def year_before(self) -> "Window":
        """The same days a year earlier; the 29 of February is the 28."""
        return Window(_year_before(self.from_on), _year_before(self.to_on))


def _year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


@dataclass(frozen=True)
class Slices:
    """Time cut at days: slice 0 is all before the first start, 1 … n begin at the starts."""

    starts: tuple[date, ...]
    to_on: date

    @classmethod
    def of(cls, windows: Iterable[Window]) -> Self:
        """Cut so that each of the windows is a run of whole slices, in a row without a gap."""
        starts, to_on = set[date](), date.min
        for window in windows:
            starts.add(window.from_on)
            starts.add(window.to_on + ONE_DAY)
            to_on = max(to_on, window.to_on)
        starts.discard(to_on + ONE_DAY)
        return cls(tuple(sorted(starts)), to_on)

    def cut(self, days: Iterable[date]) -> "Slices":
        """Cut at these days, too, as far as they lie within."""
        if not self.starts:
            return self
        within = (day for day in days if self.starts[0] < day <= self.to_on)
        return Slices(tuple(sorted({*self.starts, *within})), self.to_on)

    def first_day(self, slice_: int) -> date:
        """Of a slice but slice 0."""
        return self.starts[slice_ - 1]

    @property
    def count(self) -> int:
        """How many there are, without slice 0."""
        return len(self.starts)

    @property
    def bounds(self) -> list[date]:
        """The first day of each, and the day after the last."""
        return [*self.starts, self.to_on + ONE_DAY]

    def run(self, window: Window) -> tuple[int, int]:
        """The first and the last slice of a window."""
        return bisect_left(self.starts, window.from_on) + 1, bisect_right(self.starts, window.to_on)


def parts(window: Window, interval: Interval) -> Iterator[Window]:
    """The window cut at days, at Mondays or at the first of the months; its ends stay its ends."""
    start = window.from_on
    while start <= window.to_on:
        end = min(_next_start(start, interval) - ONE_DAY, window.to_on)
        yield Window(start, end)
        start = end + ONE_DAY


def month_start(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """The last day of the day's month."""
    return _next_start(day, "month") - ONE_DAY


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before the day's, or of the calendar."""
    number = max(date.min.year * 12, day.year * 12 + day.month - 1 - months)
    return date(number // 12, number % 12 + 1, 1)


def is_whole(part: Window, interval: Interval) -> bool:
    """Whether the part is a calendar day, week or month in full, or only a piece of one."""
    if part.to_on + ONE_DAY != _next_start(part.from_on, interval):
        return False
    if interval == "week":
        return part.from_on.weekday() == 0
    return interval == "day" or part.from_on.day == 1


def _next_start(day: date, interval: Interval) -> date:
    if interval == "day":
        return day + ONE_DAY
    if interval == "week":
        return day + timedelta(days=7 - day.weekday())
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
