"""The only place that asks what time it is, and the calendar arithmetic of zones.

Machine time (`now`, `monotonic`, `steady`) is for leases, retries, retention and the edge of the
system clock mode. Business time comes in with the work and is passed down as a value.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)

# Days further away are slips of the pen, and leave no room for stages, years and zones.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
OUT_OF_CALENDAR = f"must lie between {FIRST_DAY} and {LAST_DAY}"


def now() -> datetime:
    """The machine's instant, UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> float:
    """Seconds on a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(_STEADY)


def is_in_calendar(value: date) -> bool:
    """Whether a day, or an instant in any zone, lies between the first and the last day."""
    if isinstance(value, datetime):
        return FIRST_DAY < value.date() < LAST_DAY
    return FIRST_DAY <= value <= LAST_DAY


_INSTANT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:(?P<t>.)(?P<minutes>[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)


def instant_fault(text: str) -> str:
    """What a text that is no RFC 3339 instant lacks, or has too much of."""
    found = _INSTANT.fullmatch(text[:64])
    if found is None or (found["t"] or "T") not in "Tt _":
        return "must be an instant with its offset, like 2026-03-31T12:00:00Z"
    if found["minutes"] is None:
        return "must have a time of day and an offset: it is a day only, not 2026-03-31T12:00:00Z"
    if found["seconds"] is None:
        return "must have seconds, like 2026-03-31T12:00:00Z"
    if found["seconds"].startswith(":60"):
        return "has a leap second, which this calendar has not: send it as second 59"
    if found["offset"] is None:
        return "must have an offset from UTC, like 2026-03-31T12:00:00Z or …+02:00"
    return "must be an instant of the calendar, like 2026-03-31T12:00:00Z"


@cache
def _zones() -> frozenset[str]:
    """The names of the `tzdata` package's own list, but for the one that stands for no zone."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - {"Factory"}


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA zone, read from the `tzdata` package and not from the host (whose copy may be old).

    Raises `KeyError` when there is no such zone. Names with dots for slashes are read: some were
    stored before `is_zone` refused them.
    """
    known = name if name in _zones() else name.replace(".", "/")
    if known not in _zones():
        raise KeyError(name)
    file = resources.files("tzdata").joinpath("zoneinfo", *known.split("/"))
    with file.open("rb") as content:
        return ZoneInfo.from_file(content, key=name)


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone we know, written as the list has it."""
    return name in _zones()


@lru_cache(maxsize=65536)
def day_start(day: date, zone_name: str) -> datetime:
    """The first instant of `day` in the zone, UTC.

    A 00:00 that the zone skips is the day's first instant; one that comes twice is the first.
    """
    local = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))  # fold=0: the first
    instant = local.astimezone(UTC)
    if instant.astimezone(local.tzinfo).date() == day and instant.astimezone(local.tzinfo).replace(
        tzinfo=None
    ) == local.replace(tzinfo=None):
        return instant
    # 00:00 does not exist: the offset before the gap puts `instant` after the jump by as much as
    # the local clock had not yet reached; the jump itself is the day's first instant.
    return _transition_between(instant - ONE_DAY, instant, day, zone(zone_name))


def _transition_between(low: datetime, high: datetime, day: date, tz: ZoneInfo) -> datetime:
    """The first instant at which the zone's calendar shows `day` or later (to the second)."""
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).date() >= day:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


@lru_cache(maxsize=65536)
def local_day(instant: datetime, zone_name: str) -> date:
    """The calendar day of an instant in the zone."""
    return instant.astimezone(zone(zone_name)).date()
