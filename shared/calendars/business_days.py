"""Business days: Monday to Friday, without the holidays of a calendar where there is one."""

from datetime import date, timedelta

from shared.calendars.statutory import Calendar, calendar

_SATURDAY = 5
_DAY = timedelta(days=1)


def business_days_after(day: date, count: int, calendar_name: str | None) -> date:
    """The count-th business day after a day; for 0 the day itself.

    In years that the calendar does not know, as without one, Monday to Friday count. The calendar
    ends with 9999: no day lies after its last.
    """
    named = None if calendar_name is None else calendar(calendar_name)
    left = count
    while left > 0 and day < date.max:
        day += _DAY
        left -= is_business_day(day, named)
    return day


def is_business_day(day: date, named: Calendar | None) -> bool:
    known = None if named is None else named.is_business_day(day)
    return day.weekday() < _SATURDAY if known is None else known
