"""Statutory calendars and business days: one place for all services.

names.py which there are · statutory.py which days a law calls holidays · business_days.py counting
"""

from shared.calendars.business_days import business_days_after
from shared.calendars.names import CALENDARS
from shared.calendars.statutory import FIRST_YEAR, LAST_YEAR, Calendar, calendar, names

__all__ = [
    "CALENDARS",
    "FIRST_YEAR",
    "LAST_YEAR",
    "Calendar",
    "business_days_after",
    "calendar",
    "names",
]
