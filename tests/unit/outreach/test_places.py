"""Where a debtor may be."""

import pytest

from services.outreach.domain.places import (
    address_zones,
    country_zones,
    phone_zones,
    plausible_zones,
)
from shared.clock import is_zone
from shared.events.billing import Address, Phone


def test_every_hint_counts_and_none_narrows_another() -> None:
    zones = plausible_zones(
        ["Europe/Berlin", None],
        [Phone(number="+12125550123")],
        [Address(country="US", region="CA")],
    )
    assert zones == ("America/Los_Angeles", "America/New_York", "Europe/Berlin")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+14235551234", {"America/New_York", "America/Chicago"}),  # an exchange not in the table
        ("+18505551234", {"America/New_York", "America/Chicago"}),
        ("+14585551234", {"America/Los_Angeles", "America/Denver"}),  # overlay of 541
        ("+49301234567", {"Europe/Berlin"}),
        ("+447700900123", {"Europe/London"}),  # the drama range: no entry, so all of the country
    ],
)
def test_a_phone_number_may_ring_in_every_zone_of_its_area(number: str, expected: set[str]) -> None:
    assert expected <= phone_zones(number, None)


def test_a_mobile_of_an_unknown_state_may_be_anywhere_in_the_country() -> None:
    assert {"Australia/Perth", "Australia/Sydney"} <= phone_zones("+61412345678", None)


def test_a_national_number_is_read_in_the_country_of_the_address() -> None:
    zones = plausible_zones(["UTC"], [Phone(number="030 1234567")], [Address(country="DE")])
    assert "Europe/Berlin" in zones


def test_what_is_no_number_tells_nothing() -> None:
    assert phone_zones("ask reception", None) == frozenset()


@pytest.mark.parametrize("region", ["TN", "tn", "US-TN"])
def test_a_state_that_is_split_counts_with_all_its_zones(region: str) -> None:
    assert address_zones("us", region) == {"America/New_York", "America/Chicago"}


def test_an_unknown_region_counts_as_the_whole_country() -> None:
    assert address_zones("US", "Nowhere") == country_zones("US")
    assert len(country_zones("US")) > 20


def test_without_an_address_the_country_of_the_account_counts() -> None:
    assert plausible_zones(["Europe/Lisbon"], country="PT") == (
        "Atlantic/Azores",
        "Atlantic/Madeira",
        "Europe/Lisbon",
    )


def test_an_address_without_a_country_is_in_the_country_of_the_account() -> None:
    assert "Asia/Tokyo" in plausible_zones(["UTC"], addresses=[Address(city="Osaka")], country="JP")


def test_no_hint_at_all_means_utc() -> None:
    assert plausible_zones([None]) == ("UTC",)


def test_every_zone_in_the_tables_exists() -> None:
    for country in ("US", "CA", "AU"):
        for region in ("CA", "TX", "ON", "BC", "NSW", "WA", "NU", "AK", "HI"):
            assert all(is_zone(name) for name in address_zones(country, region))
