"""When work for a person appears: no law of contact binds it, only the hours of an office."""

from datetime import UTC, date, datetime, time, timedelta

from shared.calendars.business_days import is_business_day
from shared.calendars.statutory import Calendar
from shared.clock import zone

OPENS = time(8)
CLOSES = time(21)


def first_in_office(
    instant: datetime, zone_name: str, calendar: Calendar | None = None
) -> datetime:
    """The first instant, not before the given one, at which somebody is there to take work."""
    tz = zone(zone_name)
    local = instant.astimezone(tz)
    day = local.date()
    if is_business_day(day, calendar) and OPENS <= local.time() < CLOSES:
        return instant
    day = day if local.time() < OPENS else day + timedelta(days=1)
    return datetime.combine(_working_day(day, calendar), OPENS, tzinfo=tz).astimezone(UTC)


def _working_day(day: date, calendar: Calendar | None) -> date:
    while not is_business_day(day, calendar):
        day += timedelta(days=1)
    return day
