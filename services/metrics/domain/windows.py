"""Windows of days: a whole window, and the days, weeks or months in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

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


def parts(window: Window, interval: Interval) -> Iterator[Window]:
    """The window cut at days, at Mondays or at the first of the months; its ends stay its ends."""
    start = window.from_on
    while start <= window.to_on:
        end = min(_next_start(start, interval) - ONE_DAY, window.to_on)
        yield Window(start, end)
        start = end + ONE_DAY


def _next_start(day: date, interval: Interval) -> date:
    if interval == "day":
        return day + ONE_DAY
    if interval == "week":
        return day + timedelta(days=7 - day.weekday())
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
