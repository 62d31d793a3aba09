"""Schedules: the open hours of a week on the debtor's clock, as instants.

Half-open, tested on the instant in every plausible zone. The open hours of a local day are worked
out once as instants, so the clock's own jumps need no special case afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from msgspec import UNSET

from services.outreach.compliance.question.debtor import Inconvenient
from services.outreach.compliance.rule import NO_GUARDS, Guards
from shared.calendars import calendar
from shared.clock import day_start, local_day, zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEARCH_DAYS = 16  # a window that stays shut longer is beyond what anybody waits for
MIDNIGHT = 24 * 60
_DAY = timedelta(days=1)

Span = tuple[int, int]  # minutes of the local day, [from, to)
Spans = tuple[Span, ...]
Instants = tuple[tuple[datetime, datetime], ...]
ALL_DAY: Spans = ((0, MIDNIGHT),)


@dataclass(frozen=True, eq=False)
class Schedule:
    """The open hours of a week, those of holidays, and the times the debtor ruled out."""

    week: tuple[Spans, ...]
    calendar: str | None = None
    holidays: Spans = ()
    closed: tuple[Spans, ...] | None = None

    def on(self, day: date) -> Spans | None:
        """The open spans of a local day; None where nobody knows whether it is a holiday."""
        spans = self.week[day.weekday()]
        if self.calendar is not None:
            holiday = calendar(self.calendar).is_holiday(day)
            if holiday is None:
                return None
            spans = self.holidays if holiday else spans
        if self.closed is not None:
            spans = _without(spans, self.closed[day.weekday()])
        return spans


def earliest_open(
    schedule: Schedule, zones: Sequence[str], at: datetime, guards: Guards = NO_GUARDS
) -> datetime | None:
    """The first instant from `at` on at which the window is open in all zones at once."""
    limit = at + SEARCH_DAYS * _DAY
    while at <= limit:
        latest = at
        for name in zones:
            opening = next_open(schedule, name, at, guards)
            if opening is None:
                return None
            latest = max(latest, opening)
        if latest == at:
            return at
        at = latest
    return None


def next_open(schedule: Schedule, zone_name: str, at: datetime, guards: Guards) -> datetime | None:
    """The first instant from `at` on at which the window is open in one zone. None: not within the
    days searched, or nobody knows the holidays."""
    day = local_day(at, zone_name)
    for _ in range(SEARCH_DAYS):
        spans = open_hours(schedule, day, zone_name, guards.start_minutes, guards.end_minutes)
        if spans is None:
            return None
        for start, end in spans:
            if at < end:
                return max(start, at)
        day += _DAY
    return None


@lru_cache(maxsize=65536)
def open_hours(
    schedule: Schedule, day: date, zone_name: str, guard_start: int, guard_end: int
) -> Instants | None:
    """The open hours of a local day as instants, without the guards at their true edges."""
    found = _unguarded(schedule, day, zone_name)
    if found is None or not (guard_start or guard_end):
        return found
    before = _unguarded(schedule, day - _DAY, zone_name) or ()
    after = _unguarded(schedule, day + _DAY, zone_name) or ()
    narrowed = []
    for start, end in found:
        if not any(start == other_end for _, other_end in before):
            start += timedelta(minutes=guard_start)
        if not any(end == other_start for other_start, _ in after):
            end -= timedelta(minutes=guard_end)
        if start < end:
            narrowed.append((start, end))
    return tuple(narrowed)


@lru_cache(maxsize=65536)
def _unguarded(schedule: Schedule, day: date, zone_name: str) -> Instants | None:
    spans = schedule.on(day)
    if spans is None:
        return None
    found: list[tuple[datetime, datetime]] = []
    for begin, end, minute in _offset_stretches(day, zone_name):
        last = minute + int((end - begin).total_seconds() // 60)
        for low, high in spans:
            start, stop = max(low, minute), min(high, last)
            if start < stop:
                one = begin + timedelta(minutes=start - minute)
                two = begin + timedelta(minutes=stop - minute)
                if found and found[-1][1] == one:
                    found[-1] = (found[-1][0], two)
                else:
                    found.append((one, two))
    return tuple(found)


@lru_cache(maxsize=65536)
def _offset_stretches(day: date, zone_name: str) -> tuple[tuple[datetime, datetime, int], ...]:
    """A local day in stretches of one UTC offset: from, to, the local minute it starts with."""
    tz = zone(zone_name)
    begin, end = day_start(day, zone_name), day_start(day + _DAY, zone_name)
    found = []
    while begin < end:
        offset = begin.astimezone(tz).utcoffset()
        stop = end
        if (end - timedelta(microseconds=1)).astimezone(tz).utcoffset() != offset:
            low, high = begin, end
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                if middle.astimezone(tz).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            stop = high.replace(microsecond=0)
        local = begin.astimezone(tz)
        found.append((begin, stop, local.hour * 60 + local.minute))
        begin = stop
    return tuple(found)


@lru_cache(maxsize=16384)
def schedule_without(schedule: Schedule, spans: tuple[Inconvenient, ...]) -> Schedule:
    """The schedule without the times the debtor ruled out."""
    closed: list[list[Span]] = [[] for _ in DAYS]
    for span in spans:
        start, end = minutes_of(span.start), minutes_of(span.end)
        for name in DAYS if span.days is UNSET else span.days:
            day = DAYS.index(name)
            if start < end:
                closed[day].append((start, end))
            else:  # over midnight: it begins on the day named
                closed[day].append((start, MIDNIGHT))
                closed[(day + 1) % 7].append((0, end))
    return Schedule(
        schedule.week, schedule.calendar, schedule.holidays, tuple(tuple(each) for each in closed)
    )


def _without(spans: Spans, closed: Spans) -> Spans:
    for low, high in closed:
        spans = tuple(
            part
            for start, end in spans
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        )
    return spans


def minutes_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
