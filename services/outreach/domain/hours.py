"""When a debtor may be contacted: between 8 and 21 o'clock on a working day, wherever they may be.

A window is half-open, [08:00, 21:00), and must be open in every plausible zone at once.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from shared.clock import zone

OPENS = time(8)
CLOSES = time(21)
WEEKEND = frozenset({5, 6})  # Saturday, Sunday
SEARCH_MAX = timedelta(days=21)
CITATION = "contact hours 08:00–21:00, Monday to Friday, in every plausible zone of the debtor"


def is_allowed(instant: datetime, zones: Collection[str]) -> bool:
    """Whether the window is open in every zone at this instant."""
    return all(_is_open(instant.astimezone(zone(name))) for name in zones)


@lru_cache(maxsize=65536)
def first_allowed(instant: datetime, zones: tuple[str, ...]) -> datetime | None:
    """The first instant, not before the given one, at which every zone's window is open.

    None when the zones lie so far apart that their windows never meet.
    """
    moment, limit = instant, instant + SEARCH_MAX
    while moment <= limit:
        opening = max(_opening(moment, name) for name in zones)
        if opening <= moment:
            return moment
        moment = opening
    return None


def working_day(day: date) -> date:
    """The day itself, or the Monday after its weekend."""
    while day.weekday() in WEEKEND:
        day += timedelta(days=1)
    return day


def _is_open(local: datetime) -> bool:
    return local.weekday() not in WEEKEND and OPENS <= local.time() < CLOSES


def _opening(moment: datetime, zone_name: str) -> datetime:
    """The first instant from `moment` on at which this one zone's window is open."""
    tz = zone(zone_name)
    local = moment.astimezone(tz)
    if _is_open(local):
        return moment
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    return datetime.combine(working_day(day), OPENS, tzinfo=tz).astimezone(UTC)
