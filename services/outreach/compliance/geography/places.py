"""Where a debtor may be: every zone and every jurisdiction that the account, its phones and its
addresses point to.

Nothing narrows: a known residence doesn't remove the zone of an area code, because people keep
their numbers. Where a place is vague, all of it counts (a state that is split, a country). Only a
zone that the person confirmed stands in for the area codes, for 180 days.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import NamedTuple, Protocol

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from services.outreach.compliance.geography.area_codes import (
    NEW_YORK_CITY,
    NO_PLACE,
    OVERLAYS,
    WRONG_IN_TABLE,
    states_by_code,
)
from services.outreach.compliance.geography.regions import (
    EUROPEAN_ECONOMIC_AREA,
    EUROPEAN_UNION,
    TERRITORIES,
    plain,
    region_code,
    region_codes,
    region_zones,
)
from shared.clock import is_zone
from shared.countries import country_code

CONFIRMED_FOR = timedelta(days=180)
_UNKNOWN = "Etc/Unknown"
_NANP, _BRAZIL, _AUSTRALIA = 1, 55, 61  # country codes
_AREA_CODE_LENGTHS = {_NANP: 3, _BRAZIL: 2, _AUSTRALIA: 1}


def _words(text: str, between: str = " ") -> frozenset[str]:
    return frozenset(text.split(between))


_NYC = "US-NY-NYC"
_NYC_NAMES = _words(
    "new york,new york city,nyc,manhattan,brooklyn,bronx,the bronx,queens,staten island,flushing"
    ",astoria,jamaica,long island city,forest hills,far rockaway,ridgewood,woodside,elmhurst"
    ",corona,jackson heights,rego park,kew gardens,bayside,whitestone,college point,ozone park"
    ",richmond hill,howard beach,rockaway park,arverne,st albans,saint albans,hollis,rosedale"
    ",cambria heights,queens village,springfield gardens,south ozone park,maspeth"
    ",middle village,sunnyside,fresh meadows,oakland gardens,little neck,glen oaks,bellerose"
    ",kings county,new york county,bronx county,queens county,richmond county",
    ",",
)
# 110 is shared with Nassau County: two codes are Queens, two lie on both sides of the border.
_NYC_ZIP3 = _words("100 101 102 103 104 111 112 113 114 116")
_NYC_ZIP5 = _words("11004 11005")
_NYC_EDGE = _words("11001 11040")
_SCOTLAND = _words("AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE")


class AddressLike(Protocol):
    @property
    def country(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...
    @property
    def postal_code(self) -> str | None: ...


class PhoneLike(Protocol):
    @property
    def number(self) -> str: ...


class Jurisdictions(NamedTuple):
    """Whose law binds: `certain` by what is known, `possible` with all that is left open."""

    certain: frozenset[str]
    possible: frozenset[str]


_NOWHERE = Jurisdictions(frozenset(), frozenset())


def plausible_zones(
    timezones: Iterable[str | None],
    phones: Iterable[PhoneLike] = (),
    addresses: Iterable[AddressLike] = (),
    country: str | None = None,
    *,
    confirmed: str | None = None,
) -> tuple[str, ...]:
    """Every zone the debtor may be in, sorted. Never empty: no hint at all means UTC.

    A `confirmed` zone stands in for those of the phones; an address still adds its own.
    """
    places = tuple(addresses)
    zones = {name for name in (*timezones, confirmed) if name is not None}
    home = next((place.country for place in places if place.country), country)
    for phone in phones if confirmed is None else ():
        zones |= phone_zones(phone.number, home)
    for place in places:
        zones |= address_zones(
            place.country or country, place.region, place.city, place.postal_code
        )
    if country is not None and (not places or not zones):
        zones |= country_zones(country)
    known = sorted(name for name in zones if is_zone(name))
    return tuple(known) or ("UTC",)


def is_confirmed(confirmed_at: datetime | None, at: datetime) -> bool:
    """Whether the zone that the person named still counts at this instant."""
    return confirmed_at is not None and confirmed_at <= at < confirmed_at + CONFIRMED_FOR


@lru_cache(maxsize=65536)
def phone_zones(number: str, country: str | None) -> frozenset[str]:
    """The zones a phone number may ring in; none if it can't be read as a number or belongs to no
    place (toll-free)."""
    parsed = _parsed(number, country)
    if parsed is None:
        return frozenset()
    area = _area_code(parsed)
    if parsed.country_code == _NANP and area in NO_PLACE:
        return frozenset()
    zones = set(time_zones_for_number(parsed)) - {_UNKNOWN}
    if parsed.country_code == _NANP:
        if area in WRONG_IN_TABLE:
            zones.clear()
        zones |= _area_code_zones(area) or _state_zones(area)
    elif parsed.country_code == _AUSTRALIA and len(zones) > 1:
        zones = set(country_zones("AU"))  # a mobile: the table adds islands of other countries
    if not zones:  # not in the table: anywhere in the countries of that code
        zones = set(_calling_code_zones(parsed, country))
    return frozenset(zones)


def address_zones(
    country: str | None,
    region: str | None = None,
    city: str | None = None,
    postal_code: str | None = None,
) -> frozenset[str]:
    """The zones of a state or province (of the part of it that city and postal code name), else of
    the whole country."""
    code = country_code(country)
    if code is None:
        return frozenset()
    state = region_code(code, region)
    if code == "US" and state in TERRITORIES:
        return country_zones(state)
    zones = region_zones(code, state, city, postal_code) if state is not None else None
    return country_zones(code) if zones is None else zones


def country_zones(country: str) -> frozenset[str]:
    """All zones of a country by its code or name; none if there is no such country."""
    return _zone_table().get(country_code(country) or "", frozenset())


def is_jurisdiction(name: str) -> bool:
    """Whether an address can bring this law with it: a rule for a misspelt place binds nobody."""
    if name in {"any", "EU", "EEA", _NYC}:
        return True
    country, _, state = name.partition("-")
    if country_code(country) != country or not country_zones(country):
        return False
    return not state or state in region_codes(country) or (country == "US" and state in TERRITORIES)


@lru_cache(maxsize=65536)
def jurisdictions_of_address(
    country: str | None,
    region: str | None = None,
    city: str | None = None,
    postal_code: str | None = None,
) -> Jurisdictions:
    """Whose law an address brings with it: country, state, city, and unions of countries.

    A state that isn't given (or not understood) leaves all the states open, and a New York address
    without city and ZIP leaves New York City open.
    """
    code = country_code(country)
    if code is None or not country_zones(code):  # there is no such country
        return _NOWHERE
    state = region_code(code, region)
    if code == "GB" and state is None:
        state = _british_part(postal_code)
    whole = _whole(code)
    if state is None:
        parts = {f"{code}-{name}" for name in region_codes(code)}
        return Jurisdictions(whole, whole | parts | ({_NYC} if code == "US" else set()))
    certain = whole | {f"{code}-{state}"}
    if code != "US" or state != "NY":
        return Jurisdictions(certain, certain)
    city_is_new_york = _is_new_york_city(city, postal_code)
    if city_is_new_york is None:
        return Jurisdictions(certain, certain | {_NYC})
    certain |= {_NYC} if city_is_new_york else set()
    return Jurisdictions(certain, certain)


@lru_cache(maxsize=65536)
def jurisdictions_of_number(number: str, country: str | None = None) -> Jurisdictions:
    """Whose law a phone number brings with it: that of its country and of its area code's state.

    An area code that spans states leaves each of them open; one of New York City leaves the city
    open, which matters only where no address says better.
    """
    parsed = _parsed(number, country)
    if parsed is None:
        return _NOWHERE
    area = _area_code(parsed)
    if parsed.country_code == _NANP:
        if area in NO_PLACE:
            return _NOWHERE
        home = next((code for code in ("US", "CA") if area in states_by_code(code)), None)
        home = home or phonenumbers.region_code_for_number(parsed)
    else:
        home = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    if home is None or home in {"ZZ", "001"}:
        return _NOWHERE
    whole = _whole(home)
    states = frozenset(f"{home}-{name}" for name in states_by_code(home).get(area, ()))
    certain = whole | states if len(states) == 1 else whole
    city = {_NYC} if home == "US" and area in NEW_YORK_CITY else set()
    return Jurisdictions(certain, whole | states | city)


def _whole(country: str) -> frozenset[str]:
    """The country and what it belongs to."""
    names = {country}
    if country in TERRITORIES:
        names |= {"US", f"US-{country}"}
    if country in EUROPEAN_UNION:
        names.add("EU")
    if country in EUROPEAN_ECONOMIC_AREA:
        names.add("EEA")
    return frozenset(names)


def _is_new_york_city(city: str | None, postal_code: str | None) -> bool | None:
    """None: neither city nor ZIP tells. Either of them is enough for yes."""
    digits = (postal_code or "").strip()[:5]
    if digits[:3] in _NYC_ZIP3 or digits in _NYC_ZIP5:
        return True
    if city and plain(city) in _NYC_NAMES:
        return True
    if digits in _NYC_EDGE:
        return None
    if city and city.strip():
        return False
    return False if len(digits) == 5 else None


def _british_part(postal_code: str | None) -> str | None:
    letters = ""
    for letter in (postal_code or "").strip().upper():
        if not letter.isalpha():
            break
        letters += letter
    if not letters:
        return None
    if letters == "TD":  # Galashiels' area lies on both sides of the border
        return None
    return "SCT" if letters in _SCOTLAND else "NIR" if letters == "BT" else "EW"


@lru_cache(maxsize=65536)
def _parsed(number: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country_code(country))
    except phonenumbers.NumberParseException:
        return None


def _area_code(parsed: PhoneNumber) -> str:
    length = _AREA_CODE_LENGTHS.get(parsed.country_code or 0, 3)
    return str(parsed.national_number)[:length]


@lru_cache(maxsize=1024)
def _area_code_zones(area: str) -> frozenset[str]:
    """The zones of every exchange under an area code: the table's own answer for an exchange it
    doesn't list may be the wrong side of a zone border."""
    codes = {area, OVERLAYS.get(area, area)} - WRONG_IN_TABLE
    prefixes = {f"{_NANP}{code}" for code in codes}
    return frozenset(
        name
        for prefix, names in TIMEZONE_DATA.items()
        if prefix[:4] in prefixes
        for name in names
        if name != _UNKNOWN
    )


def _state_zones(area: str) -> frozenset[str]:
    """For an area code newer than the number plan's table: all zones of its state."""
    return frozenset().union(
        *(
            region_zones(country, state) or frozenset()
            for country in ("US", "CA")
            for state in states_by_code(country).get(area, ())
        )
    )


def _calling_code_zones(parsed: PhoneNumber, country: str | None) -> frozenset[str]:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(parsed.country_code or 0, ())
    home = country_code(country)
    if parsed.country_code == _NANP:  # two dozen countries from Guam to Barbados share this code
        regions = (home,) if home in regions else ("US", "CA")
    return frozenset().union(*(country_zones(region) for region in regions))


@lru_cache(maxsize=1)
def _zone_table() -> dict[str, frozenset[str]]:
    """Zones by country, from the `tzdata` package's own table."""
    text = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    table: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            table.setdefault(country, set()).add(name)
    return {country: frozenset(names) for country, names in table.items()}
