"""Days and instants as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.csv_events.days import DayFormats, fault_of, plus_days


@pytest.mark.parametrize(
    ("text", "formats", "year", "day"),
    [
        ("2026-03-31", (), None, date(2026, 3, 31)),
        ("31.12.2026", ("%d.%m.%Y",), None, date(2026, 12, 31)),
        ("2026-12-31", ("%d.%m.%Y", "%Y-%m-%d"), None, date(2026, 12, 31)),
        ("1.2.2026", ("%d.%m.%Y",), None, date(2026, 2, 1)),
        ("45992", ("excel",), None, date(2025, 12, 1)),
        ("45992.0", ("excel",), None, date(2025, 12, 1)),
        ("1", ("excel",), None, date(1900, 1, 1)),
        ("59", ("excel",), None, date(1900, 2, 28)),
        ("61", ("excel",), None, date(1900, 3, 1)),
        ("0103", ("%d%m",), 2026, date(2026, 3, 1)),
        ("103", ("%d%m",), 2026, date(2026, 3, 1)),
        ("2902", ("%d%m",), 2028, date(2028, 2, 29)),
        ("1032026", ("%d%m%Y",), None, date(2026, 3, 1)),
        ("20260301", ("%Y%m%d",), None, date(2026, 3, 1)),
    ],
)
def test_a_day_is_read(text: str, formats: tuple[str, ...], year: int | None, day: date) -> None:
    assert DayFormats(formats, year).day(text) == day


@pytest.mark.parametrize(
    ("text", "formats", "year"),
    [
        ("31.12.2026", (), None),
        ("12/31/2026", ("%d/%m/%Y",), None),
        ("30.2.2026", ("%d.%m.%Y",), None),
        ("60", ("excel",), None),
        ("0", ("excel",), None),
        ("9999999", ("excel",), None),
        ("45992.5", ("excel",), None),
        ("13", ("%d%m",), 2026),
        ("2902", ("%d%m",), 2026),
        ("x" * 1000, (), None),
    ],
)
def test_what_is_no_day_is_refused(text: str, formats: tuple[str, ...], year: int | None) -> None:
    with pytest.raises(ValueError, match=r"not a day like|too long"):
        DayFormats(formats, year).day(text)


@pytest.mark.parametrize(
    ("text", "formats", "at", "zone", "instant"),
    [
        ("2026-02-03", (), "12:00", "Europe/Berlin", "2026-02-03T11:00:00Z"),
        ("2026-02-03", (), "12:00", None, "2026-02-03T12:00:00Z"),
        ("2026-02-03T12:00:00+02:00", (), None, None, "2026-02-03T10:00:00Z"),
        ("2026-02-03 12:00", (), None, "Europe/Berlin", "2026-02-03T11:00:00Z"),
        ("2026-02-03 12:00", ("%Y-%m-%d %H:%M",), None, "UTC", "2026-02-03T12:00:00Z"),
        ("3.2.26 1:05 PM", ("%d.%m.%y %I:%M %p",), None, "UTC", "2026-02-03T13:05:00Z"),
    ],
)
def test_an_instant_is_read(
    text: str, formats: tuple[str, ...], at: str | None, zone: str | None, instant: str
) -> None:
    assert DayFormats(formats).instant(text, at, zone) == instant


@pytest.mark.parametrize(
    ("text", "at", "zone", "reason"),
    [
        ("9999-12-31", "23:00", "America/New_York", "beyond the calendar"),
        ("0001-01-01", "00:00", "Asia/Tokyo", "beyond the calendar"),
        ("9999-12-31T23:59:59-12:00", None, None, "beyond the calendar"),
        ("0001-01-01T00:00:00+14:00", None, None, "beyond the calendar"),
        ("2026-02-03 12:00", None, None, "no offset"),
        ("2026-02-03", None, "UTC", "a day without a time"),
        ("noon", None, "UTC", "not an instant"),
    ],
)
def test_what_is_no_instant_is_refused(
    text: str, at: str | None, zone: str | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        DayFormats().instant(text, at, zone)


def test_days_are_added_within_the_calendar() -> None:
    assert plus_days(date(2026, 1, 31), 14) == date(2026, 2, 14)
    with pytest.raises(ValueError, match="beyond the calendar"):
        plus_days(date.max, 1)


@pytest.mark.parametrize("pattern", ["dd.mm.yyyy", "%Y", "%H:%M %Y", "", 5, "%d.%m", "%Q"])
def test_a_format_that_is_none_is_refused(pattern: object) -> None:
    assert fault_of(pattern, None)


@pytest.mark.parametrize("pattern", ["%d.%m.%Y", "%m/%d/%y", "excel", "%d. %b %Y", "%Y%m%d"])
def test_a_format_that_is_one_is_taken(pattern: str) -> None:
    assert fault_of(pattern, None) is None


@given(
    text=st.text(max_size=70) | st.from_regex(r"[0-9T:.+Z -]{1,40}", fullmatch=True),
    formats=st.sampled_from([(), ("%d.%m.%Y",), ("excel",), ("%d%m",), ("%Y-%m-%d %H:%M",)]),
    at=st.sampled_from([None, "00:00", "23:59"]),
    zone=st.sampled_from([None, "UTC", "America/New_York", "Pacific/Kiritimati"]),
)
def test_no_text_is_anything_but_a_day_or_refused(
    text: str, formats: tuple[str, ...], at: str | None, zone: str | None
) -> None:
    days = DayFormats(formats, 2026)
    for read in (lambda: days.day(text), lambda: days.instant(text, at, zone)):
        try:
            read()
        except ValueError:
            continue
