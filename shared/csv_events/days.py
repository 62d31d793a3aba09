"""Days and instants as people write them, by the formats that a mapping names."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from shared.clock import zone
from shared.csv_events.amounts import shown
from shared.csv_events.typed import DayCell

EXCEL = "excel"  # a serial number of the 1900 system
PLUS_DAYS_MAX = 36_525
_EXCEL_FIRST = date(1899, 12, 30)
_EXCEL_NO_DAY = 60  # 1900-02-29, which Excel thinks there was
_TIME_OF_DAY = re.compile(r"%[HIMSfpcXTRr]")
_YEAR = re.compile(r"%[YyGcxDF]")
_WIDTHS = {"%d": 2, "%m": 2, "%y": 2, "%Y": 4, "%H": 2, "%M": 2, "%S": 2}
_PACKED = re.compile(r"(?:%[dmyYHMS])+")
_DAY_ALONE = re.compile(r"[0-9W-]+")
_SERIAL = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,20}))?")  # days, and the part of one
_TEXT_MAX = 60
_FORMAT_MAX = 100


@dataclass(frozen=True)
class DayFormats:
    """The formats of days, in order: the first that fits. None: ISO 8601."""

    formats: tuple[str, ...] = ()
    year: int | None = None  # of days without one

    def day(self, text: str) -> date:
        """Raises `ValueError`."""
        if isinstance(text, DayCell):
            return text.day
        if len(text) > _TEXT_MAX:
            raise ValueError(f"{shown(text)} is too long for a day")
        return _day(text, self.formats, self.year)

    def instant(self, text: str, at: str | None, zone_name: str | None) -> str:
        """A day at a time of day in a zone; without `at`, an instant that says it all, or one in
        the zone. Raises `ValueError`."""
        if at is not None:
            moment = datetime.combine(
                self.day(text), time.fromisoformat(at), tzinfo=zone(zone_name or "UTC")
            )
        else:
            moment = self._moment(text)
            if moment.tzinfo is None:
                if zone_name is None:
                    raise ValueError(f"{shown(text)} has no offset from UTC")
                moment = moment.replace(tzinfo=zone(zone_name))
        try:
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        except OverflowError:
            raise ValueError(f"{shown(text)} is beyond the calendar") from None

    def both_ways(self, text: str) -> bool | None:
        """Whether a text fits with day and month the other way round, too, and would be another
        day. None: it is none, or the same day."""
        if len(text) > _TEXT_MAX:
            return None
        for pattern in self.formats:
            try:
                day = _excel(text) if pattern == EXCEL else _parsed(text, pattern, self.year).date()
            except (ValueError, OverflowError):
                continue
            other = swapped(pattern)
            if other is None:
                return False
            try:
                turned = _parsed(text, other, self.year).date()
            except (ValueError, OverflowError):
                return False
            return None if turned == day else True
        return None

    def _moment(self, text: str) -> datetime:
        if len(text) > _TEXT_MAX:
            raise ValueError(f"{shown(text)} is too long for an instant")
        if EXCEL in self.formats and (moment := _excel_moment(text)) is not None:
            return moment
        timed = [pattern for pattern in self.formats if _TIME_OF_DAY.search(pattern)]
        if isinstance(text, DayCell):
            timed = []
        for pattern in timed:
            try:
                return _parsed(text, pattern, self.year)
            except ValueError:
                continue
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            example = " or ".join(timed) or "2026-03-31T14:30:00Z"
            raise ValueError(f"{shown(text)} is not an instant like {example}") from None
        if moment.tzinfo is None and _DAY_ALONE.fullmatch(text):
            raise ValueError(f"{shown(text)} is a day without a time: say which with `at`")
        return moment


def swapped(pattern: str) -> str | None:
    """The format with day and month the other way round; None: its order is beyond doubt."""
    day, month = pattern.find("%d"), pattern.find("%m")
    year = min((pattern.find(word) for word in ("%Y", "%y") if word in pattern), default=-1)
    if day < 0 or month < 0 or 0 <= year < min(day, month):  # 2026-03-31
        return None
    return pattern.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def plus_days(day: date, days: int) -> date:
    """Raises `ValueError` beyond the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise ValueError(f"{day} and {days} days are beyond the calendar") from None


def fault_of(pattern: object, year: int | None) -> str | None:
    """Why this can be no format of days; None: it can."""
    if not isinstance(pattern, str) or not pattern:
        return "must be a text"
    if len(pattern) > _FORMAT_MAX:
        return f"must have at most {_FORMAT_MAX} characters"
    if pattern == EXCEL:
        return None
    if "%" not in pattern:
        return 'is no format like "%d.%m.%Y" (31.12.2026), nor excel'
    if not _YEAR.search(pattern) and year is None:
        return "has no %Y: name the year with `year`"
    first = datetime(2026, 3, 31, 14, 30, tzinfo=UTC)
    try:
        again = _parsed(first.strftime(pattern), pattern, year)
    except (ValueError, re.error):
        return "is no format of days that can be read"
    if (again.month, again.day) != (3, 31):
        return "does not hold a day and a month"
    return None


@lru_cache(maxsize=65536)
def _day(text: str, formats: tuple[str, ...], year: int | None) -> date:
    if not formats:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{shown(text)} is not a day like 2026-03-31") from None
    for pattern in formats:
        try:
            if pattern == EXCEL:
                return _excel(text)
            return _parsed(text, pattern, year).date()
        except (ValueError, OverflowError):
            continue
    raise ValueError(f"{shown(text)} is not a day like {' or '.join(formats)}")


def _parsed(text: str, pattern: str, year: int | None) -> datetime:
    if _PACKED.fullmatch(pattern) and text.isascii() and text.isdigit():
        width = sum(_WIDTHS[pattern[i : i + 2]] for i in range(0, len(pattern), 2))
        if len(text) not in (width - 1, width):
            raise ValueError("other digits than the format has")
        text = text.zfill(width)  # 1032026 is 01032026
    if not _YEAR.search(pattern):
        text, pattern = f"{text} {year:04d}", f"{pattern} %Y"
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - its zone is the mapping's affair


def _excel(text: str) -> date:
    """The day of a serial number. Raises `ValueError`, `OverflowError`."""
    match = _SERIAL.fullmatch(text)
    if match is None or _part_of_day(match):
        raise ValueError("no serial number")
    return _serial_day(int(match[1]))


def _serial_day(serial: int) -> date:
    if serial in (0, _EXCEL_NO_DAY):
        raise ValueError("no day")
    return _EXCEL_FIRST + timedelta(days=serial + (serial < _EXCEL_NO_DAY))


def _part_of_day(match: re.Match[str]) -> float:
    return float(f"0.{match[2] or 0}")


def _excel_moment(text: str) -> datetime | None:
    """The day and the time of a serial number that has a part of a day, to the second."""
    match = _SERIAL.fullmatch(text)
    if match is None or not (part := _part_of_day(match)):
        return None
    try:
        day = datetime.combine(_serial_day(int(match[1])), time())
        return day + timedelta(seconds=round(part * 86_400))
    except (ValueError, OverflowError):
        return None
