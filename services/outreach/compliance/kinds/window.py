"""Windows: hours of the debtor's clock in which a contact may be made."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import UNSET

from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.params import Params, Whether, Word
from services.outreach.compliance.question.terms import Clock, given
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    DEFER,
    Attempt,
    Finding,
    Guards,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    ever,
    exempt,
    not_known,
)
from services.outreach.compliance.schedules import (
    ALL_DAY,
    DAYS,
    SEARCH_DAYS,
    Schedule,
    Spans,
    earliest_open,
    minutes_of,
    next_open,
    open_hours,
    schedule_without,
)
from shared.calendars import calendar, names
from shared.clock import local_day, zone

Hours = tuple[Clock, ...] | None  # opens, closes, opens, closes …; null: closed all day
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAY = timedelta(days=1)


class Window(Params, frozen=True, kw_only=True):
    """Hours of the debtor's local clock, half-open, open in every plausible zone at once.

    {hours: {mon-sat: ["07:00", "21:00"], sun: ["13:00", "17:00"]}, calendar: ca-on}
    """

    hours: dict[str, Hours] | None = None  # by day: all, mon-fri, sat …; a day not named is closed
    calendar: Word | None = None  # of statutory holidays
    holidays: Literal["closed"] | tuple[str, ...] | None = "closed"  # only with a calendar
    inconvenient: bool = False  # also closed at the times the debtor ruled out
    zones: Literal["any", "several"] = "any"  # several: binds where the place is ambiguous
    consent: bool = False  # lifted by a lawful consent that covers `time`
    inbound: Whether = "exempt"
    reply: Whether = "bound"


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────


def _prepare(params: Window, draft: RuleDraft) -> Schedule:
    """The schedule of a rule."""
    if params.hours is None and not params.inconvenient:
        draft.fault("needs `hours`, or `inconvenient: true`")
    week: list[Spans] = [ALL_DAY if params.hours is None else ()] * 7
    taken: set[int] = set()
    for key, hours in (params.hours or {}).items():
        at = f"/hours/{key}"
        days = _days(key)
        if not days:
            draft.fault("must be all, a day (mon) or days (mon-fri)", at)
        if taken & days:
            draft.fault("names a day that another line has", at)
        taken |= days
        spans = _spans(hours, at, draft)
        for day in days:
            week[day] = spans
    holidays = params.holidays
    if params.calendar is not None and params.calendar not in names():
        draft.fault(f"there is no calendar {params.calendar!r}", "/calendar")
    if params.calendar is None and holidays != "closed":
        draft.fault("needs a calendar", "/holidays")
    on_holidays = () if holidays == "closed" else _spans(holidays, "/holidays", draft)
    return Schedule(tuple(week), params.calendar, on_holidays)


def _days(key: str) -> set[int]:
    if key == "all":
        return set(range(7))
    first, _, last = key.partition("-")
    if first not in DAYS or (last and last not in DAYS):
        return set()
    low = DAYS.index(first)
    high = DAYS.index(last) if last else low
    return set(range(low, high + 1))


def _spans(hours: Sequence[str] | None, at: str, draft: RuleDraft) -> Spans:
    if not all(_CLOCK.fullmatch(each) for each in hours or ()):
        draft.fault("must be times like 08:00", at)
        return ()
    minutes = [minutes_of(each) for each in hours or ()]
    if len(minutes) % 2 or minutes != sorted(set(minutes)):
        draft.fault("must be pairs of rising times, like [08:00, 21:00]", at)
        return ()
    return tuple(zip(minutes[::2], minutes[1::2], strict=True))


# ── Deciding ────────────────────────────────────────────────────────────────────────────────────


def _evaluate(rule: Rule, attempt: Attempt, _debt: int) -> Finding | None:
    params: Window = rule.params
    facts, at = attempt.facts, attempt.at
    zones = facts.zones
    if params.zones == "several" and len(zones) < 2:
        return None
    free = exempt(rule, attempt, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    schedule: Schedule = rule.plan
    if params.inconvenient:
        spans = facts.question.debtor.inconvenient
        if spans is UNSET:
            return not_known(rule, ["debtor.inconvenient"])
        if spans:
            schedule = schedule_without(schedule, spans)
        elif params.hours is None:
            return Finding(rule, ALLOW, "the debtor ruled out no times")
    if params.consent and facts.question.debtor.consents and _consented(facts, at, schedule):
        return Finding(rule, ALLOW, "the debtor consented to contact outside these hours")
    guards = attempt.guards
    openings = [next_open(schedule, name, at, guards) for name in zones]
    if None in openings:
        return _shut(rule, schedule, zones, at)
    latest = max(opening for opening in openings if opening is not None)
    if latest <= at:
        return Finding(rule, ALLOW, lambda: _open_text(schedule, zones, at))
    narrow = zones[openings.index(latest)]
    until = earliest_open(schedule, zones, latest, guards)
    if until is None:
        return Finding(
            rule, APPROVAL, "the hours of all plausible zones never meet", None, "compliance"
        )
    return Finding(rule, DEFER, lambda: _closed_text(schedule, narrow, at, latest), until)


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
        and earliest_open(schedule, facts.zones, consent.at.astimezone(UTC)) == consent.at
        for consent in given(facts.question.debtor.consents)
    )


def _changes(rule: Rule, facts: Facts, end: datetime, guards: Guards) -> Iterator[datetime]:
    """When the window opens and closes, in every zone."""
    params: Window = rule.params
    spans = given(facts.question.debtor.inconvenient) if params.inconvenient else ()
    schedule = schedule_without(rule.plan, spans) if spans else rule.plan
    for name in facts.zones:
        day = local_day(facts.at, name)
        while day <= local_day(end, name):
            hours = open_hours(schedule, day, name, guards.start_minutes, guards.end_minutes)
            for opens, closes in hours or ():
                yield opens
                yield closes
            day += _DAY


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


def _has_hours(params: Window) -> bool:
    return params.hours is not None


KIND = Kind(
    name="window",
    params=Window,
    stage=Stage.TIME,
    prepare=_prepare,
    by_clock=ever,
    evaluate=_evaluate,
    changes=_changes,
    named_when_satisfied=True,
    named_when_open=_has_hours,
    is_guarded=True,
)
