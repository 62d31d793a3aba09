"""Where a debtor may be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.compliance.geography.area_codes import NO_PLACE, OVERLAYS, states_by_code
from services.outreach.compliance.geography.places import (
    address_zones,
    country_zones,
    is_confirmed,
    jurisdictions_of_address,
    jurisdictions_of_number,
    phone_zones,
    plausible_zones,
)
from shared.clock import is_zone
from shared.events.billing import Address, Phone
from tests.unit.outreach.builders import at

ET, CT, MT, PT = (f"America/{city}" for city in ("New_York", "Chicago", "Denver", "Los_Angeles"))


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


@pytest.mark.parametrize(
    ("area_code", "expected"),
    [
        ("219", {ET, CT}),
        ("270", {ET, CT}),
        ("364", {ET, CT}),  # overlay of 270
        ("930", {ET, CT}),  # of 812
        ("448", {ET, CT}),  # of 850
        ("729", {ET, CT}),  # of 423, too new for the table
        ("308", {CT, MT}),
        ("928", {MT, "America/Phoenix"}),
        ("236", {"America/Vancouver", "America/Edmonton"}),
        ("672", {"America/Vancouver", "America/Edmonton"}),
        ("778", {"America/Vancouver", "America/Edmonton"}),
        ("257", {"America/Vancouver", "America/Edmonton"}),
        ("581", {"America/Toronto", "America/Halifax"}),
        ("367", {"America/Toronto", "America/Halifax"}),
    ],
)
def test_a_split_area_code_and_its_overlays_have_all_its_zones(
    area_code: str, expected: set[str]
) -> None:
    assert phone_zones(f"+1{area_code}5551234", None) >= expected


@pytest.mark.parametrize(
    ("area_code", "expected"),
    [
        ("212", {ET}),
        ("357", {PT}),  # too new for the table: all of its state
        ("471", {CT}),
        ("474", {"America/Regina"}),  # the table says Winnipeg
        ("639", {"America/Regina"}),
    ],
)
def test_an_area_code_of_one_zone_has_no_other(area_code: str, expected: set[str]) -> None:
    assert phone_zones(f"+1{area_code}5551234", None) == expected


def test_every_overlay_has_the_zones_of_the_code_whose_ground_it_shares() -> None:
    for overlay, code in OVERLAYS.items():
        assert phone_zones(f"+1{overlay}5550100", None) >= phone_zones(f"+1{code}5550100", None)


@pytest.mark.parametrize("number", ["+18005551212", "+18885551212", "+15005551212", "+19005551212"])
def test_a_number_of_no_place_tells_nothing(number: str) -> None:
    assert phone_zones(number, None) == frozenset()
    assert jurisdictions_of_number(number).possible == frozenset()
    assert plausible_zones([], [Phone(number=number)], country="PT") == tuple(
        sorted(country_zones("PT"))
    )


def test_an_area_code_that_nobody_has_may_be_anywhere_in_the_country() -> None:
    assert phone_zones("+19995551234", "US") == country_zones("US")
    assert phone_zones("+19995551234", None) == country_zones("US") | country_zones("CA")


@pytest.mark.parametrize(
    ("region", "city", "postal_code", "expected"),
    [
        ("TX", "Dallas", None, {CT}),
        ("TX", "El Paso", "79901", {MT}),
        ("TX", None, "79855", {CT, MT}),  # the edge
        ("TX", None, None, {CT, MT}),
        ("TX", "Nowhere", None, {CT, MT}),
        ("TX", "Dallas", "90001", {CT, MT}),  # a ZIP of another state
        ("FL", None, "33101", {ET}),
        ("FL", "Miami", "33101-1234", {ET}),
        ("FL", None, "32501", {CT}),
        ("FL", None, "32456", {ET, CT}),
        ("TN", None, "37402", {ET}),
        ("TN", None, "37201", {CT}),
        ("ND", "Bismarck", "58501", {CT}),  # the ZIP leaves it open, the town doesn't
        ("AZ", "Flagstaff", "86001", {"America/Phoenix"}),
        ("AZ", None, "86515", {"America/Phoenix", MT}),
        ("AK", None, "99501", {"America/Anchorage"}),
        ("AK", None, "99546", {"America/Anchorage", "America/Adak"}),
        ("California", "Los Angeles", None, {PT}),
    ],
)
def test_city_and_zip_say_which_part_of_a_split_state(
    region: str, city: str | None, postal_code: str | None, expected: set[str]
) -> None:
    assert address_zones("US", region, city, postal_code) == expected


def test_provinces_are_split_too() -> None:
    assert address_zones("CA", "Ontario", None, "M5V 2T6") == {"America/Toronto"}
    assert "America/Winnipeg" in address_zones("CA", "ON", None, "P0X 1C0")
    assert "America/Edmonton" in address_zones("CA", "BC", "Cranbrook", "V1C 1A1")
    assert address_zones("CA", "BC", "Vancouver") == {"America/Vancouver"}


def test_a_territory_of_the_us_is_a_country_of_its_own_in_the_table_of_zones() -> None:
    assert address_zones("US", "PR") == address_zones("PR", None) == {"America/Puerto_Rico"}


def test_a_confirmed_zone_stands_in_for_the_area_code_but_not_for_an_address() -> None:
    phones = [Phone(number="+12125550123")]
    assert plausible_zones([], phones, confirmed=PT) == (PT,)
    there = [Address(country="US", region="IL")]
    assert plausible_zones([], phones, there, confirmed=PT) == (CT, PT)


def test_what_a_person_confirmed_counts_for_180_days() -> None:
    confirmed = at("2026-01-01 12:00")
    assert is_confirmed(confirmed, confirmed)
    assert is_confirmed(confirmed, confirmed + timedelta(days=180, seconds=-1))
    assert not is_confirmed(confirmed, confirmed + timedelta(days=180))
    assert not is_confirmed(confirmed, confirmed - timedelta(seconds=1))
    assert not is_confirmed(None, confirmed)


@given(
    st.lists(st.sampled_from(["+12125550123", "+18505551234", "+16135550100"]), max_size=3),
    st.lists(st.sampled_from(["TX", "CA", "FL", "Nowhere"]), max_size=3),
    st.sampled_from(["TX", "CA", "FL", "Nowhere"]),
    st.sampled_from([None, PT]),
)
def test_one_place_more_never_means_one_zone_less(
    numbers: list[str], regions: list[str], more: str, confirmed: str | None
) -> None:
    phones = [Phone(number=number) for number in numbers]
    places = [Address(country="US", region=region) for region in regions]
    before = set(plausible_zones([], phones, places, confirmed=confirmed)) - {"UTC"}
    places.append(Address(country="US", region=more))
    assert before <= set(plausible_zones([], phones, places, confirmed=confirmed))


@pytest.mark.parametrize(
    ("address", "certain"),
    [
        (("US", "CA", "Los Angeles", "90001"), {"US", "US-CA"}),
        (("US", "California"), {"US", "US-CA"}),
        (("us", "us-ca"), {"US", "US-CA"}),
        (("US", "NY", "Buffalo"), {"US", "US-NY"}),
        (("US", "NY", None, "14201"), {"US", "US-NY"}),
        (("US", "NY", "New York"), {"US", "US-NY", "US-NY-NYC"}),
        (("US", "New York", "BROOKLYN"), {"US", "US-NY", "US-NY-NYC"}),
        (("US", "NY", "Queens", "11375"), {"US", "US-NY", "US-NY-NYC"}),
        (("US", "NY", None, "10001-0001"), {"US", "US-NY", "US-NY-NYC"}),
        (("US", "NY", None, "10499"), {"US", "US-NY", "US-NY-NYC"}),
        (("US", "NY", None, "11004"), {"US", "US-NY", "US-NY-NYC"}),
        (("US", "NY", "Glen Cove", "11542"), {"US", "US-NY"}),  # Nassau County
        (("US", "NY", None, "10500"), {"US", "US-NY"}),  # Westchester County
        (("US", "Washington, D.C."), {"US", "US-DC"}),
        (("PR",), {"PR", "US", "US-PR"}),
        (("CA", "Québec"), {"CA", "CA-QC"}),
        (("UK", "England"), {"GB", "GB-EW"}),
        (("GB", "GB-SCT"), {"GB", "GB-SCT"}),
        (("GB", None, None, "EH1 1AA"), {"GB", "GB-SCT"}),
        (("GB", None, None, "SW1A 1AA"), {"GB", "GB-EW"}),
        (("GB", None, None, "BT1 1AA"), {"GB", "GB-NIR"}),
        (("BR", "São Paulo"), {"BR", "BR-SP"}),
        (("DE",), {"DE", "EU", "EEA"}),
        (("NO",), {"NO", "EEA"}),
        (("IN", "Maharashtra"), {"IN"}),
    ],
)
def test_an_address_brings_the_law_of_its_country_state_and_city(
    address: tuple[str | None, ...], certain: set[str]
) -> None:
    country, *rest = address
    found = jurisdictions_of_address(country, *rest)
    assert found.certain == found.possible == certain


def test_what_an_address_leaves_open_is_possible() -> None:
    assert jurisdictions_of_address("US", "NY").possible == {"US", "US-NY", "US-NY-NYC"}
    edge = jurisdictions_of_address("US", "NY", "New Hyde Park", "11040")
    assert edge.certain == {"US", "US-NY"}
    assert edge.possible == {"US", "US-NY", "US-NY-NYC"}
    somewhere = jurisdictions_of_address("US")
    assert somewhere.certain == {"US"}
    assert {"US-CA", "US-MA", "US-NY-NYC", "US-DC"} <= somewhere.possible
    assert len(somewhere.possible) == 1 + 51 + 1
    assert jurisdictions_of_address("GB").possible == {"GB", "GB-EW", "GB-SCT", "GB-NIR"}
    assert jurisdictions_of_address("GB", None, None, "TD15 1AA").certain == {"GB"}  # the border
    assert jurisdictions_of_address(None).possible == frozenset()
    assert jurisdictions_of_address("QQ", "NY").possible == frozenset()  # no such country


@pytest.mark.parametrize(
    ("number", "certain"),
    [
        ("+13105550123", {"US", "US-CA"}),
        ("+17295550123", {"US", "US-TN"}),
        ("+14165550123", {"CA", "CA-ON"}),
        ("+5511987654321", {"BR", "BR-SP"}),
        ("+442079460000", {"GB"}),
        ("+4915112345678", {"DE", "EU", "EEA"}),
        ("ask reception", set()),
    ],
)
def test_a_number_brings_the_law_of_its_area_code(number: str, certain: set[str]) -> None:
    found = jurisdictions_of_number(number)
    assert found.certain == found.possible == certain


def test_an_area_code_leaves_open_what_it_does_not_tell() -> None:
    assert jurisdictions_of_number("+12125550123").certain == {"US", "US-NY"}
    assert jurisdictions_of_number("+12125550123").possible == {"US", "US-NY", "US-NY-NYC"}
    assert jurisdictions_of_number("+19025550123").possible == {"CA", "CA-NS", "CA-PE"}
    assert jurisdictions_of_number("+61298765432").possible == {"AU", "AU-NSW", "AU-ACT"}


def test_no_area_code_is_in_two_countries_or_in_none_and_all_have_zones() -> None:
    us, ca = states_by_code("US"), states_by_code("CA")
    assert not set(us) & set(ca)
    assert not (set(us) | set(ca)) & NO_PLACE
    for code in (*us, *ca):
        assert phone_zones(f"+1{code}5550100", None), code
