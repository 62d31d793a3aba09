"""Where a debtor may be: every zone that the account, its phones and its addresses point to.

Nothing narrows: a known residence doesn't remove the zone of an area code, because people keep
their numbers. Where a place is vague, all its zones count (a state that is split, a country).
"""

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from shared.clock import is_zone
from shared.events.billing import Address, Phone

_UNKNOWN = "Etc/Unknown"
_NANP = 1  # the country code of North America
_ET, _CT, _MT, _PT = "New_York", "Chicago", "Denver", "Los_Angeles"


def _each(states: str, zones: str) -> dict[str, str]:
    return dict.fromkeys(states.split(), zones)


# States and provinces; those that are split carry every zone of theirs. A region that is not here
# counts as its whole country.
_REGIONS: dict[str, dict[str, str]] = {
    "US": {
        **_each("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", _ET),
        **_each("AL", f"{_ET} {_CT}"),  # Phenix City keeps Georgia's time
        **_each("AR IA IL LA MN MO MS OK WI", _CT),
        **_each("FL IN KY MI TN", f"{_ET} {_CT}"),
        **_each("CO MT NM UT WY", _MT),
        **_each("KS ND NE SD TX", f"{_CT} {_MT}"),
        **_each("ID NV OR", f"{_MT} {_PT}"),
        **_each("CA WA", _PT),
        "AK": "Anchorage Adak",
        "AZ": f"Phoenix {_MT}",
        "HI": "Pacific/Honolulu",
    },
    "CA": {
        "AB": "Edmonton",
        "BC": "Vancouver Edmonton Fort_Nelson Creston",
        "MB": "Winnipeg",
        "NB": "Halifax",
        "NL": "St_Johns Goose_Bay",
        "NS": "Halifax",
        "NT": "Edmonton",
        "NU": "Iqaluit Rankin_Inlet Cambridge_Bay",
        "ON": "Toronto Winnipeg Atikokan",
        "PE": "Halifax",
        "QC": "Toronto Halifax Blanc-Sablon",
        "SK": "Regina Edmonton",
        "YT": "Whitehorse",
    },
    "AU": {
        "ACT": "Australia/Sydney",
        "NSW": "Australia/Sydney Australia/Broken_Hill Australia/Lord_Howe",
        "NT": "Australia/Darwin",
        "QLD": "Australia/Brisbane",
        "SA": "Australia/Adelaide",
        "TAS": "Australia/Hobart",
        "VIC": "Australia/Melbourne",
        "WA": "Australia/Perth Australia/Eucla",
    },
}

# Overlay area codes share the ground of another code, of which the number plan's table knows more.
_OVERLAYS = {
    "364": "270",
    "930": "812",
    "458": "541",
    "448": "850",
    "236": "250",
    "672": "250",
    "778": "250",
    "257": "250",
    "581": "418",
    "367": "418",
    "474": "306",
    "639": "306",
}


def plausible_zones(
    timezones: Iterable[str | None],
    phones: Iterable[Phone] = (),
    addresses: Iterable[Address] = (),
    country: str | None = None,
) -> tuple[str, ...]:
    """Every zone the debtor may be in, sorted. Never empty: no hint at all means UTC."""
    places = tuple(addresses)
    zones = {name for name in timezones if name is not None}
    home = next((place.country for place in places if place.country), country)
    for phone in phones:
        zones |= phone_zones(phone.number, home)
    for place in places:
        zones |= address_zones(place.country or country, place.region)
    if not places and country is not None:
        zones |= country_zones(country)
    known = sorted(name for name in zones if is_zone(name))
    return tuple(known) or ("UTC",)


@lru_cache(maxsize=65536)
def phone_zones(number: str, country: str | None) -> frozenset[str]:
    """The zones a phone number may ring in; none if it can't be read as a number."""
    try:
        parsed = phonenumbers.parse(number, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return frozenset()
    zones = set(time_zones_for_number(parsed)) - {_UNKNOWN}
    if parsed.country_code == _NANP:
        zones |= _area_code_zones(str(parsed.national_number)[:3])
    if not zones:  # not in the table: anywhere in the countries of that code
        zones = set(_calling_code_zones(parsed))
    return frozenset(zones)


def address_zones(country: str | None, region: str | None) -> frozenset[str]:
    """The zones of a state or province, else of the whole country."""
    if country is None:
        return frozenset()
    code = country.strip().upper()
    state = (region or "").strip().upper().removeprefix(f"{code}-")
    names = _REGIONS.get(code, {}).get(state)
    if names is None:
        return country_zones(code)
    return frozenset(name if "/" in name else f"America/{name}" for name in names.split())


def country_zones(country: str) -> frozenset[str]:
    """All zones of a country by its ISO 3166 code; none if there is no such country."""
    return _zone_table().get(country.strip().upper(), frozenset())


@lru_cache(maxsize=1024)
def _area_code_zones(area: str) -> frozenset[str]:
    """The zones of every exchange under an area code: the table's own answer for an exchange it
    doesn't list may be the wrong side of a zone border."""
    prefixes = {f"{_NANP}{area}", f"{_NANP}{_OVERLAYS.get(area, area)}"}
    return frozenset(
        name
        for prefix, names in TIMEZONE_DATA.items()
        if prefix[:4] in prefixes
        for name in names
        if name != _UNKNOWN
    )


def _calling_code_zones(parsed: PhoneNumber) -> frozenset[str]:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(parsed.country_code or 0, ())
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
