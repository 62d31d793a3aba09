"""The only place that asks what time it is, and the calendar arithmetic of zones.

Machine time (`now`, `monotonic`, `steady`) is for leases, retries, retention and the edge of the
system clock mode. Business time comes in with the work and is passed down as a value.
"""

import time
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


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


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA zone, read from the `tzdata` package and not from the host (whose copy may be old).

    Raises `KeyError` when there is no such zone.
    """
    package, _, leaf = f"tzdata.zoneinfo.{name.replace('/', '.')}".rpartition(".")
    try:
        with resources.files(package).joinpath(leaf).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ModuleNotFoundError, ValueError) as error:
        raise KeyError(name) from error


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone we know."""
    try:
        zone(name)
    except KeyError:
        return False
    return True


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
