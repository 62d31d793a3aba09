"""Statutory calendars: the days that laws name, the years they are known for, business days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.compliance.validation_notices import (
    assumed_receipt,
    validation_period_end,
)
from shared.calendars import (
    CALENDARS,
    FIRST_YEAR,
    LAST_YEAR,
    business_days_after,
    calendar,
    names,
)

DAYS = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("us-federal-6103", date(2026, 7, 4)),
        ("us-federal-6103", date(2026, 11, 26)),
        ("us-federal", date(2026, 7, 3)),  # observed
        ("ca-on", date(2026, 12, 25)),
        ("ca-on", date(2026, 12, 26)),
        ("ca-on", date(2026, 12, 28)),  # Boxing Day, observed
        ("ca-on", date(2026, 2, 16)),
        ("ca-qc", date(2026, 4, 6)),  # Easter Monday, which the library's public list lacks
        ("ca-qc", date(2026, 5, 18)),  # the Monday before 25 May
        ("ca-qc", date(2026, 6, 24)),
        ("ca-qc", date(2026, 7, 1)),
        ("ca-qc", date(2029, 7, 2)),  # 1 July is a Sunday
        ("ca-bc", date(2026, 4, 6)),
        ("ca-bc", date(2026, 8, 3)),
        ("ca-ab", date(2026, 4, 6)),
        ("ca-nb", date(2026, 5, 18)),
        ("ca-federal", date(2026, 7, 1)),
        ("ca-federal", date(2026, 4, 6)),
        ("ca-federal", date(2026, 11, 11)),
        ("au-national", date(2026, 4, 25)),
        ("au-vic", date(2026, 11, 3)),  # Melbourne Cup
        ("br", date(2026, 11, 20)),
        ("br-sp", date(2026, 7, 9)),
        ("br-rj", date(2026, 11, 20)),
        ("br-rj", date(2026, 2, 17)),  # Carnival
        ("gb-eng", date(2026, 8, 31)),
    ],
)
def test_a_day_that_the_law_names_is_a_holiday(name: str, day: date) -> None:
    assert calendar(name).is_holiday(day) is True
    assert calendar(name).is_business_day(day) is False
    assert calendar(name).holiday_name(day)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("us-federal-6103", date(2026, 7, 3)),  # the statute lists 4 July itself
        ("us-federal", date(2026, 11, 27)),
        ("ca-qc", date(2029, 7, 1)),
        ("ca-qc", date(2026, 12, 26)),  # Boxing Day isn't on the list
        ("ca-qc", date(2026, 5, 25)),
        ("au-national", date(2026, 11, 3)),
        ("br", date(2026, 7, 9)),
        ("gb-sct", date(2026, 8, 31)),
    ],
)
def test_a_day_that_the_law_leaves_out_is_none(name: str, day: date) -> None:
    assert calendar(name).is_holiday(day) is False
    assert calendar(name).holiday_name(day) is None


@pytest.mark.parametrize("name", sorted(names()))
def test_a_year_outside_is_unknown_and_never_no_holiday(name: str) -> None:
    found = calendar(name)
    for day in (date(FIRST_YEAR - 1, 12, 31), date(LAST_YEAR + 1, 1, 1)):
        assert found.is_holiday(day) is None
        assert found.is_business_day(day) is None
        assert not found.covers(day)
    assert found.is_holiday(date(FIRST_YEAR, 1, 2)) is not None
    assert found.is_holiday(date(LAST_YEAR, 12, 31)) is not None


@pytest.mark.parametrize("name", sorted(names()))
def test_every_calendar_has_holidays_in_every_year(name: str) -> None:
    years = {day.year for day in calendar(name).days}
    assert years == set(range(FIRST_YEAR, LAST_YEAR + 1))


def test_an_unknown_calendar_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        calendar("atlantis")


@pytest.mark.parametrize(
    ("sent_on", "received", "ends", "ends_by_statute"),
    [
        (date(2026, 11, 23), date(2026, 12, 1), date(2026, 12, 31), date(2026, 12, 31)),
        (date(2026, 6, 29), date(2026, 7, 7), date(2026, 8, 6), date(2026, 8, 5)),
        (date(2026, 11, 1), date(2026, 11, 6), date(2026, 12, 6), date(2026, 12, 6)),  # a Sunday
    ],
)
def test_the_validation_period(
    sent_on: date, received: date, ends: date, ends_by_statute: date
) -> None:
    assert assumed_receipt(sent_on) == received
    assert validation_period_end(sent_on) == ends
    assert validation_period_end(sent_on, observed=False) == ends_by_statute


def test_a_period_that_leads_out_of_the_calendar_is_unknown() -> None:
    assert assumed_receipt(date(LAST_YEAR, 12, 30)) is None
    assert validation_period_end(date(LAST_YEAR, 12, 30)) is None


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 20), 10, date(2026, 12, 7)),  # a revocation of consent: Thanksgiving
        (date(2026, 11, 23), 5, date(2026, 12, 1)),  # a first contact in Massachusetts
        (date(2026, 11, 28), 1, date(2026, 11, 30)),  # from a Saturday
        (date(2026, 11, 30), -1, date(2026, 11, 27)),
        (date(2026, 11, 26), 0, date(2026, 11, 26)),
    ],
)
def test_business_days_skip_weekends_and_holidays(start: date, count: int, end: date) -> None:
    assert calendar("us-federal").add_business_days(start, count) == end


@given(DAYS, st.integers(1, 30))
def test_business_days_there_and_back(start: date, count: int) -> None:
    named = calendar("us-federal")
    end = named.add_business_days(start, count)
    if end is None:
        assert start + timedelta(days=count) > date(LAST_YEAR, 11, 1)
        return
    assert named.is_business_day(end)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(bool(named.is_business_day(day)) for day in between) == count
    assert named.add_business_days(end, 1 - count) == next(
        day for day in between if named.is_business_day(day)
    )


@given(st.sampled_from(sorted(names())), DAYS)
def test_a_business_day_is_no_weekend_and_no_holiday(name: str, day: date) -> None:
    named = calendar(name)
    assert named.is_business_day(day) is (day.weekday() < 5 and day not in named.days)


def test_the_two_federal_readings_differ_by_observed_days_alone() -> None:
    listed, observed = calendar("us-federal-6103"), calendar("us-federal")
    assert set(listed.days) < set(observed.days)
    assert all("observed" in observed.days[day] for day in set(observed.days) - set(listed.days))


# What the laws' calendars hold. A new version of `holidays` that changes one turns this red: look
# at what changed and why before taking the new value over.
PINNED = {
    "au-national": "4343e010a6a4",
    "br": "9d58498ae85a",
    "br-al": "d3329024944c",
    "br-am": "3981e8ea21ca",
    "br-es": "44d8751552a2",
    "br-rj": "f9e1b1c612d3",
    "br-sp": "669b8bf11edc",
    "ca-ab": "f2ebb87ea38d",
    "ca-bc": "a8c0e46d2394",
    "ca-federal": "8022b3d2fe04",
    "ca-nb": "0e236078a7d3",
    "ca-on": "d3078ca807a1",
    "ca-qc": "380f2f71bf0d",
    "gb-eng": "c3c3e274c807",
    "us-federal": "7467fa012053",
    "us-federal-6103": "ff033d54b725",
}


@pytest.mark.parametrize("name", sorted(PINNED))
def test_what_a_calendar_holds_is_pinned(name: str) -> None:
    assert calendar(name).fingerprint[:12] == PINNED[name]


def test_the_names_are_those_of_the_calendars() -> None:
    assert frozenset(names()) == CALENDARS


@pytest.mark.parametrize(
    ("day", "count", "name", "expected"),
    [
        (date(2027, 1, 15), 0, None, date(2027, 1, 15)),  # a Friday
        (date(2027, 1, 16), 0, None, date(2027, 1, 16)),  # the day itself, business day or not
        (date(2027, 1, 15), 1, None, date(2027, 1, 18)),
        (date(2027, 1, 15), 2, None, date(2027, 1, 19)),
        (date(2027, 1, 16), 1, None, date(2027, 1, 18)),
        (date(2027, 1, 17), 5, None, date(2027, 1, 22)),
        (date(2027, 12, 24), 1, None, date(2027, 12, 27)),
        (date(2027, 12, 24), 1, "gb-eng", date(2027, 12, 29)),  # 27 and 28: observed
        (date(2027, 3, 25), 1, "gb-eng", date(2027, 3, 30)),  # Easter
        (date(2027, 3, 25), 1, "us-federal", date(2027, 3, 26)),
        (date(LAST_YEAR, 12, 31), 1, "gb-eng", date(LAST_YEAR + 1, 1, 3)),  # a Saturday, a Sunday
        (date(2050, 12, 23), 2, "gb-eng", date(2050, 12, 27)),  # nobody knows: Monday to Friday
        (date(2010, 12, 24), 1, "gb-eng", date(2010, 12, 27)),
    ],
)
def test_business_days_after(day: date, count: int, name: str | None, expected: date) -> None:
    assert business_days_after(day, count, name) == expected


def test_no_day_lies_after_the_last() -> None:
    assert business_days_after(date(9999, 12, 30), 20, None) == date.max


@given(DAYS, st.integers(0, 40), st.sampled_from([None, "de", "ca-qc"]))
def test_between_lie_as_many_business_days_as_asked_for(
    day: date, count: int, name: str | None
) -> None:
    found = business_days_after(day, count, name)
    named = None if name is None else calendar(name)
    days = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    business = [
        each
        for each in days
        if each.weekday() < 5 and not (named is not None and named.is_holiday(each))
    ]
    assert len(business) == count
    assert not count or business[-1] == found
