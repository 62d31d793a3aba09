"""Where a debtor lives, or else wherever they may live: no hint is passed over."""

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

import phonenumbers

from services.outreach.compliance.geography.regions import region_code
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from shared.countries import country_code
from shared.events.billing import Address

TEXT_MAX = 256  # characters of a text in a question


def places_of(profile: DebtorProfile) -> Iterator[dict[str, str]]:
    """Where the person lives, or else wherever they may live: no hint is passed over.

    A country that is named and not understood leaves its place unknown, whatever else is known:
    the place stands in the question without it.
    """
    seen: list[dict[str, str]] = []
    unknown: list[dict[str, str]] = []
    for account in profile.accounts:
        if _is_unreadable(account.country) and {} not in unknown:
            unknown.append({})
        for address in account.details.addresses if account.details else ():
            place = _place(address, account.country)
            found = unknown if _is_unreadable(address.country) else seen
            if (place or found is unknown) and place not in found:
                found.append(place)
    known = {place["country"] for place in seen if "country" in place}
    if unknown and not seen:
        yield from unknown
        return
    countries = known or _countries(profile)
    seen = [each for place in seen or [{}] for each in _placed(place, countries)]
    if known and len({account.timezone for account in profile.accounts}) > 1:
        # A question has room for one zone; the others' countries stand for them.
        others = {c for account in profile.accounts[1:] for c in zone_countries(account.timezone)}
        seen += [{"country": country} for country in sorted(others - countries)]
    yield from (place for place in seen if place)
    yield from unknown


def _place(address: Address, fallback: str | None) -> dict[str, str]:
    """An address as a question takes it; without a country of its own it is in the account's."""
    named = address.country if (address.country or "").strip() else fallback
    country, region = country_code(named), address.region
    if not (region or "").strip() and country is not None and region_code(country, named):
        region = named  # Scotland is a country to those who live there
    return {
        name: value.strip()[:TEXT_MAX]
        for name, value in (
            ("country", country),
            ("region", region),
            ("city", address.city),
            ("postal_code", address.postal_code),
        )
        if value and value.strip()
    }


def _placed(place: dict[str, str], countries: set[str]) -> list[dict[str, str]]:
    """An address that names no country may lie in any that something else points to."""
    if "country" in place or not countries:
        return [place]
    return [{"country": country, **place} for country in sorted(countries)]


def _is_unreadable(country: str | None) -> bool:
    """Whether a country is named that nobody could look up."""
    return bool((country or "").strip()) and country_code(country) is None


def _countries(profile: DebtorProfile) -> set[str]:
    """The countries that accounts, phones and zones point to."""
    codes = [country_code(account.country) for account in profile.accounts]
    found = {code for code in codes if code is not None}
    for account in profile.accounts:
        for phone in account.details.phones if account.details else ():
            region = _region(phone.number, account.country)
            found |= {region} if region else set()
        found |= zone_countries(account.timezone)
    if not found and profile.residence_default:
        found.add(profile.residence_default)
    return found


@lru_cache(maxsize=65536)
def _region(number: str, country: str | None) -> str | None:
    """The country that a number belongs to; none where its code is that of several or of none."""
    try:
        parsed = phonenumbers.parse(number, country_code(country))
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    return region if region and region != "001" else None


def zone_countries(zone_name: str) -> frozenset[str]:
    """The countries that lie in a zone; none for one that is no place, like UTC."""
    return _countries_by_zone().get(zone_name, frozenset())


@lru_cache(maxsize=1)
def _countries_by_zone() -> dict[str, frozenset[str]]:
    """From the `tzdata` package's own table."""
    text = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    table: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            table.setdefault(name, set()).add(country)
    return {name: frozenset(countries) for name, countries in table.items()}
