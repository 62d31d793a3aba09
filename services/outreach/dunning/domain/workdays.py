"""When work for a person appears: no law of contact binds it, only the hours of an office."""

from datetime import UTC, date, datetime, time, timedelta

from shared.clock import zone

OPENS = time(8)
CLOSES = time(21)
_WEEKEND = frozenset({5, 6})  # Saturday, Sunday


def first_in_office(instant: datetime, zone_name: str) -> datetime:
    """The first instant, not before the given one, at which somebody is there to take work."""
    tz = zone(zone_name)
    local = instant.astimezone(tz)
    if local.weekday() not in _WEEKEND and OPENS <= local.time() < CLOSES:
        return instant
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    return datetime.combine(_working_day(day), OPENS, tzinfo=tz).astimezone(UTC)


def _working_day(day: date) -> date:
    while day.weekday() in _WEEKEND:
        day += timedelta(days=1)
    return day
