"""Windows: hours of the debtor's clock in which a contact may be made.

Half-open, tested on the instant in every plausible zone. The open hours of a local day are worked
out once as instants, so the clock's own jumps need no special case afterwards.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from msgspec import UNSET

from services.outreach.compliance.calendars import calendar, names
from services.outreach.compliance.facts import Facts
from services.outreach.compliance.params import Window
from services.outreach.compliance.question import Inconvenient, given
from services.outreach.compliance.rules import (
    ALLOW,
    APPROVAL,
    DEFER,
    Case,
    Finding,
    Guards,
    Rule,
    exempt,
    not_known,
)
from shared.clock import day_start, local_day, zone
from shared.errors import FieldError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEARCH_DAYS = 16  # a window that stays shut longer is beyond what anybody waits for
MIDNIGHT = 24 * 60
_DAY = timedelta(days=1)
_NO_GUARDS = Guards()

Span = tuple[int, int]  # minutes of the local day, [from, to)
Spans = tuple[Span, ...]
Instants = tuple[tuple[datetime, datetime], ...]
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_ALL_DAY: Spans = ((0, MIDNIGHT),)


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


def prepare(params: Window, pointer: str, errors: list[FieldError]) -> Schedule:
    """The schedule of a rule."""
    if params.hours is None and not params.inconvenient:
        errors.append(FieldError(pointer, "needs `hours`, or `inconvenient: true`"))
    week: list[Spans] = [_ALL_DAY if params.hours is None else ()] * 7
    taken: set[int] = set()
    for key, hours in (params.hours or {}).items():
        at = f"{pointer}/hours/{key}"
        days = _days(key)
        if not days:
            errors.append(FieldError(at, "must be all, a day (mon) or days (mon-fri)"))
        if taken & days:
            errors.append(FieldError(at, "names a day that another line has"))
        taken |= days
        spans = _spans(hours, at, errors)
        for day in days:
            week[day] = spans
    holidays = params.holidays
    if params.calendar is not None and params.calendar not in names():
        errors.append(
            FieldError(f"{pointer}/calendar", f"there is no calendar {params.calendar!r}")
        )
    if params.calendar is None and holidays != "closed":
        errors.append(FieldError(f"{pointer}/holidays", "needs a calendar"))
    on_holidays = () if holidays == "closed" else _spans(holidays, f"{pointer}/holidays", errors)
    return Schedule(tuple(week), params.calendar, on_holidays)


def judge(rule: Rule, case: Case, _debt: int) -> Finding | None:
    params: Window = rule.params
    facts, at = case.facts, case.at
    zones = facts.zones
    if params.zones == "several" and len(zones) < 2:
        return None
    free = exempt(rule, case, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    schedule: Schedule = rule.plan
    if params.inconvenient:
        spans = facts.question.debtor.inconvenient
        if spans is UNSET:
            return not_known(rule, ["debtor.inconvenient"])
        if spans:
            schedule = _with_closed(schedule, spans)
        elif params.hours is None:
            return Finding(rule, ALLOW, "the debtor ruled out no times")
    if params.consent and facts.question.debtor.consents and _consented(facts, at, schedule):
        return Finding(rule, ALLOW, "the debtor consented to contact outside these hours")
    guards = case.guards
    openings = [_next_open(schedule, name, at, guards) for name in zones]
    if None in openings:
        return _shut(rule, schedule, zones, at)
    latest = max(opening for opening in openings if opening is not None)
    if latest <= at:
        return Finding(rule, ALLOW, lambda: _open_text(schedule, zones, at))
    narrow = zones[openings.index(latest)]
    until = earliest(schedule, zones, latest, guards)
    if until is None:
        return Finding(
            rule, APPROVAL, "the hours of all plausible zones never meet", None, "compliance"
        )
    return Finding(rule, DEFER, lambda: _closed_text(schedule, narrow, at, latest), until)


def earliest(
    schedule: Schedule, zones: Sequence[str], at: datetime, guards: Guards = _NO_GUARDS
) -> datetime | None:
    """The first instant from `at` on at which the window is open in all zones at once."""
    limit = at + SEARCH_DAYS * _DAY
    while at <= limit:
        latest = at
        for name in zones:
            opening = _next_open(schedule, name, at, guards)
            if opening is None:
                return None
            latest = max(latest, opening)
        if latest == at:
            return at
        at = latest
    return None


def _next_open(schedule: Schedule, zone_name: str, at: datetime, guards: Guards) -> datetime | None:
    """The first instant from `at` on at which the window is open in one zone. None: not within the
    days searched, or nobody knows the holidays."""
    day = local_day(at, zone_name)
    for _ in range(SEARCH_DAYS):
        spans = _instants(schedule, day, zone_name, guards.start_minutes, guards.end_minutes)
        if spans is None:
            return None
        for start, end in spans:
            if at < end:
                return max(start, at)
        day += _DAY
    return None


def edges(
    rule: Rule, spans: tuple[Inconvenient, ...], zone_name: str, day: date, guards: Guards
) -> Instants:
    """When a rule's window opens and closes on a local day."""
    schedule = _with_closed(rule.plan, spans) if spans else rule.plan
    return _instants(schedule, day, zone_name, guards.start_minutes, guards.end_minutes) or ()


@lru_cache(maxsize=65536)
def _instants(
    schedule: Schedule, day: date, zone_name: str, guard_start: int, guard_end: int
) -> Instants | None:
    """The open hours of a local day as instants, without the guards at their true edges."""
    found = _raw(schedule, day, zone_name)
    if found is None or not (guard_start or guard_end):
        return found
    before = _raw(schedule, day - _DAY, zone_name) or ()
    after = _raw(schedule, day + _DAY, zone_name) or ()
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
def _raw(schedule: Schedule, day: date, zone_name: str) -> Instants | None:
    spans = schedule.on(day)
    if spans is None:
        return None
    found: list[tuple[datetime, datetime]] = []
    for begin, end, minute in _stretches(day, zone_name):
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
def _stretches(day: date, zone_name: str) -> tuple[tuple[datetime, datetime, int], ...]:
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


# ── Preferences and consent ─────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=16384)
def _with_closed(schedule: Schedule, spans: tuple[Inconvenient, ...]) -> Schedule:
    """The schedule without the times the debtor ruled out."""
    closed: list[list[Span]] = [[] for _ in DAYS]
    for span in spans:
        start, end = _minutes(span.start), _minutes(span.end)
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


def _consented(facts: Facts, at: datetime, schedule: Schedule) -> bool:
    """Whether a consent covers the time: one to this collector, given while contact was lawful."""
    if facts.value("consent.time", 0, at) is not True:
        return False
    return any(
        consent.covers is not UNSET
        and "time" in consent.covers
        and consent.given_to == "collector"
        and not consent.revoked_at
        and not (consent.until and at >= consent.until)
        and earliest(schedule, facts.zones, consent.at.astimezone(UTC)) == consent.at
        for consent in given(facts.question.debtor.consents)
    )


# ── Words ───────────────────────────────────────────────────────────────────────────────────────


def _shut(rule: Rule, schedule: Schedule, zones: Sequence[str], at: datetime) -> Finding:
    """No opening in sight: either always shut, or the calendar ends."""
    if schedule.calendar is not None:
        days = (local_day(at, name) + _DAY * ahead for name in zones for ahead in (0, SEARCH_DAYS))
        if any(calendar(schedule.calendar).is_holiday(day) is None for day in days):
            return not_known(rule, [f"the holidays of calendar {schedule.calendar} at that time"])
    return Finding(rule, APPROVAL, "the window does not open for weeks", None, "compliance")


def _clock(at: datetime, zone_name: str) -> str:
    local = at.astimezone(zone(zone_name))
    return f"{local.hour:02}:{local.minute:02}"


def _span_text(spans: Spans) -> str:
    return " and ".join(f"{_time(low)}–{_time(high)}" for low, high in spans)


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _open_text(schedule: Schedule, zones: Sequence[str], at: datetime) -> str:
    spans = schedule.on(local_day(at, zones[0])) or ()
    where = ", ".join(f"{_clock(at, name)} in {name}" for name in zones[:3])
    if len(zones) > 3:
        where += f" and {len(zones) - 3} more zones"
    return f"{where}, window {_span_text(spans)}"


def _closed_text(schedule: Schedule, name: str, at: datetime, opens: datetime) -> str:
    today, then = local_day(at, name), local_day(opens, name)
    text = f"{_clock(at, name)} in {name}"
    if schedule.calendar is not None:
        holiday = calendar(schedule.calendar).holiday_name(today)
        text += f" ({holiday})" if holiday else ""
    day = "" if then == today else f" on {DAYS[then.weekday()].capitalize()} {then}"
    return f"{text}, window opens at {_clock(opens, name)}{day}"


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────


def _days(key: str) -> set[int]:
    if key == "all":
        return set(range(7))
    first, _, last = key.partition("-")
    if first not in DAYS or (last and last not in DAYS):
        return set()
    low = DAYS.index(first)
    high = DAYS.index(last) if last else low
    return set(range(low, high + 1))


def _spans(hours: Sequence[str] | None, at: str, errors: list[FieldError]) -> Spans:
    if not all(_CLOCK.fullmatch(each) for each in hours or ()):
        errors.append(FieldError(at, "must be times like 08:00"))
        return ()
    minutes = [_minutes(each) for each in hours or ()]
    if len(minutes) % 2 or minutes != sorted(set(minutes)):
        errors.append(FieldError(at, "must be pairs of rising times, like [08:00, 21:00]"))
        return ()
    return tuple(zip(minutes[::2], minutes[1::2], strict=True))


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _without(spans: Spans, closed: Spans) -> Spans:
    for low, high in closed:
        spans = tuple(
            part
            for start, end in spans
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        )
    return spans
