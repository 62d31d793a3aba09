"""Where a debtor lives, or else wherever they may live: no hint is passed over."""

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

import phonenumbers

from services.outreach.compliance.geography.places import country_zones
from services.outreach.debtors.domain.debtor_profile import DebtorProfile

TEXT_MAX = 256  # characters of a text in a question


def places_of(profile: DebtorProfile) -> Iterator[dict[str, str]]:
    """Where the person lives, or else wherever they may live: no hint is passed over."""
    seen: list[dict[str, str]] = []
    for account in profile.accounts:
        for address in account.details.addresses if account.details else ():
            place = {
                name: value.strip()[:TEXT_MAX]
                for name, value in (
                    ("country", _country(address.country) or _country(account.country)),
                    ("region", address.region),
                    ("city", address.city),
                    ("postal_code", address.postal_code),
                )
                if value and value.strip()
            }
            if place and place not in seen:
                seen.append(place)
    known = {place["country"] for place in seen if "country" in place}
    countries = known or _countries(profile)
    seen = [each for place in seen or [{}] for each in _placed(place, countries)]
    if known and len({account.timezone for account in profile.accounts}) > 1:
        # A question has room for one zone; the others' countries stand for them.
        others = {c for account in profile.accounts[1:] for c in zone_countries(account.timezone)}
        seen += [{"country": country} for country in sorted(others - countries)]
    yield from (place for place in seen if place)


def _placed(place: dict[str, str], countries: set[str]) -> list[dict[str, str]]:
    """An address that names no country may lie in any that something else points to."""
    if "country" in place or not countries:
        return [place]
    return [{"country": country, **place} for country in sorted(countries)]


def _country(text: str | None) -> str | None:
    """An ISO 3166 code; what else stands there names no country that anybody could look up."""
    code = (text or "").strip().upper()
    return code if country_zones(code) else None


def _countries(profile: DebtorProfile) -> set[str]:
    """The countries that accounts, phones and zones point to."""
    codes = [_country(account.country) for account in profile.accounts]
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
        parsed = phonenumbers.parse(number, country.strip().upper() if country else None)
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
