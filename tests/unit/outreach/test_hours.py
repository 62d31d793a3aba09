"""When a debtor may be contacted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.domain.hours import CLOSES, OPENS, first_allowed, is_allowed
from shared.clock import zone
from tests.unit.outreach.builders import at

BERLIN, LOS_ANGELES = "Europe/Berlin", "America/Los_Angeles"
ZONES = (
    "UTC",
    BERLIN,
    LOS_ANGELES,
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "America/St_Johns",
)


@pytest.mark.parametrize(
    ("instant", "allowed"),
    [
        ("2026-03-02 06:59:59", False),  # 07:59:59 in Berlin
        ("2026-03-02 07:00", True),  # 08:00
        ("2026-03-02 19:59:59", True),  # 20:59:59
        ("2026-03-02 20:00", False),  # 21:00
    ],
)
def test_the_window_is_half_open_in_one_zone(instant: str, allowed: bool) -> None:
    assert is_allowed(at(instant), (BERLIN,)) is allowed


@pytest.mark.parametrize(
    ("instant", "allowed"),
    [
        ("2026-03-02 15:59:59", False),  # 16:59 in Berlin, 07:59 in Los Angeles
        ("2026-03-02 16:00", True),  # 17:00 and 08:00
        ("2026-03-02 19:59:59", True),  # 20:59 and 11:59
        ("2026-03-02 20:00", False),  # 21:00 and 12:00
    ],
)
def test_two_zones_must_both_be_open(instant: str, allowed: bool) -> None:
    assert is_allowed(at(instant), (BERLIN, LOS_ANGELES)) is allowed


@pytest.mark.parametrize(
    ("instant", "opens"),
    [
        ("2026-03-02 07:59", "2026-03-02 08:00"),
        ("2026-03-02 08:00", "2026-03-02 08:00"),
        ("2026-03-02 20:59", "2026-03-02 20:59"),
        ("2026-03-02 21:00", "2026-03-03 08:00"),
        ("2026-03-06 21:00", "2026-03-09 08:00"),  # Friday evening → Monday
        ("2026-03-07 12:00", "2026-03-09 08:00"),  # Saturday
        ("2026-03-08 23:59", "2026-03-09 08:00"),  # Sunday
    ],
)
def test_an_instant_outside_moves_to_the_next_working_morning(instant: str, opens: str) -> None:
    assert first_allowed(at(instant), ("UTC",)) == at(opens)


def test_friday_evening_in_one_zone_is_saturday_in_another() -> None:
    # 2026-03-06 19:30Z: Friday 11:30 in Los Angeles, Saturday 08:30 in Auckland.
    assert first_allowed(at("2026-03-06 19:30"), ("Pacific/Auckland", LOS_ANGELES)) == at(
        "2026-03-09 19:00"
    )  # Tuesday 08:00 in Auckland, Monday 12:00 in Los Angeles


def test_an_hour_that_summer_time_takes_away_moves_the_window() -> None:
    before, after = at("2026-03-27 00:00"), at("2026-03-30 00:00")  # summer time on the 29th
    assert first_allowed(before, (BERLIN,)) == at("2026-03-27 07:00")
    assert first_allowed(after, (BERLIN,)) == at("2026-03-30 06:00")


def test_windows_that_never_meet_give_no_instant() -> None:
    # 08–21 at −8, +8 and 0: no instant is in all three.
    zones = ("America/Los_Angeles", "Asia/Singapore", "UTC")
    assert first_allowed(at("2026-03-02 00:00"), zones) is None


@settings(max_examples=200, deadline=None)
@given(
    instant=st.datetimes(
        datetime(2026, 1, 1),
        datetime(2027, 12, 31),
        timezones=st.just(UTC),
    ),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=4, unique=True),
)
def test_no_contact_ever_leaves_outside_the_window_of_a_plausible_zone(
    instant: datetime, zones: list[str]
) -> None:
    found = first_allowed(instant, tuple(zones))
    if found is None:
        return
    assert found >= instant
    for name in zones:
        local = found.astimezone(zone(name))
        assert local.weekday() < 5
        assert OPENS <= local.time() < CLOSES
    for minutes in range(15, int((found - instant).total_seconds() // 60), 15):
        assert not is_allowed(instant + timedelta(minutes=minutes), zones)
