"""Statutory calendars by name: which days a law calls holidays, and business-day arithmetic.

Built on `holidays`, with the additions and removals that a law's own list makes: a law names its
days, a library collects what people celebrate. Each calendar covers a range of years; outside it
the answer is None, never "no holiday", so that nobody is contacted on a day that nobody checked.
`fingerprint` pins what a calendar holds: when a new version of the library changes it, a test
turns red before a verdict does.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

FIRST_YEAR, LAST_YEAR = 2015, 2032
_SATURDAY, _SUNDAY = 5, 6
_DAY = timedelta(days=1)
_EASTER_MONDAY = timedelta(days=1)  # after Easter Sunday
_GOOD_FRIDAY = timedelta(days=-2)

Days = Mapping[date, str]
Changes = Callable[[int], Iterable[tuple[date, str]]]


@dataclass(frozen=True)
class Calendar:
    """The holidays of a law over a range of years."""

    name: str
    days: Days
    first_year: int = FIRST_YEAR
    last_year: int = LAST_YEAR
    fingerprint: str = field(init=False, default="")

    def __post_init__(self) -> None:
        text = "\n".join(f"{day} {self.days[day]}" for day in sorted(self.days))
        digest = hashlib.sha256(text.encode()).hexdigest()
        object.__setattr__(self, "fingerprint", digest)

    def covers(self, day: date) -> bool:
        return self.first_year <= day.year <= self.last_year

    def is_holiday(self, day: date) -> bool | None:
        """None where the calendar doesn't know the year."""
        return day in self.days if self.covers(day) else None

    def holiday_name(self, day: date) -> str | None:
        return self.days.get(day)

    def is_business_day(self, day: date) -> bool | None:
        """Monday to Friday and no holiday; None where the calendar doesn't know the year."""
        return None if not self.covers(day) else day.weekday() < _SATURDAY and day not in self.days

    def add_business_days(self, day: date, count: int) -> date | None:
        """The count-th business day after a day (before it, when negative); the day itself for 0.

        None when the way leads out of the years covered.
        """
        step = _DAY if count > 0 else -_DAY
        left = abs(count)
        while left:
            day += step
            business = self.is_business_day(day)
            if business is None:
                return None
            left -= int(business)
        return day


def names() -> frozenset[str]:
    """All calendars; asking builds none of them."""
    return frozenset(_SOURCES)


@cache
def calendar(name: str) -> Calendar:
    """A calendar by its name, built when it is first asked for. `KeyError` when there is none."""
    return Calendar(name, _SOURCES[name].days())


@dataclass(frozen=True)
class _Source:
    """What the library has for a country or state, and how the law's own list differs."""

    country: str | None = None  # None: the law's list alone
    state: str | None = None
    categories: tuple[str, ...] = ("public",)
    observed: bool = True
    added: Changes | None = None

    def days(self) -> Days:
        found = {} if self.country is None else self._library()
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            found |= dict(self.added(year)) if self.added is not None else {}
        return {day: found[day] for day in sorted(found) if FIRST_YEAR <= day.year <= LAST_YEAR}

    def _library(self) -> dict[date, str]:
        import holidays  # half a second: paid by the first rule with a calendar, not at start-up

        return dict(
            holidays.country_holidays(
                str(self.country),
                subdiv=self.state,
                years=range(FIRST_YEAR, LAST_YEAR + 2),  # 1 January may be observed the year before
                observed=self.observed,
                categories=self.categories,
                language="en_US",
            )
        )


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm)."""
    century = year // 100
    moon = (19 * (year % 19) + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    moon -= moon // 28 * (1 - 29 // (moon + 1) * ((21 - year % 19) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _quebec(year: int) -> Iterable[tuple[date, str]]:
    """The list of the Office de la protection du consommateur, to the letter."""
    yield date(year, 1, 1), "New Year's Day"
    yield _easter(year) + _GOOD_FRIDAY, "Good Friday"
    yield _easter(year) + _EASTER_MONDAY, "Easter Monday"
    before = date(year, 5, 24)
    yield before - timedelta(days=before.weekday()), "National Patriots' Day"
    yield date(year, 6, 24), "National Holiday"
    canada_day = date(year, 7, 1)
    yield canada_day + _DAY * (canada_day.weekday() == _SUNDAY), "Canada Day"
    yield _nth(year, 9, 0, 1), "Labour Day"
    yield _nth(year, 10, 0, 2), "Thanksgiving"
    yield date(year, 12, 25), "Christmas Day"


def _canada(year: int) -> Iterable[tuple[date, str]]:
    """What the Interpretation Act, s. 35, calls holidays and the library's list lacks."""
    yield _easter(year) + _EASTER_MONDAY, "Easter Monday"
    yield _nth(year, 10, 0, 2), "Thanksgiving Day"
    yield date(year, 11, 11), "Remembrance Day"


def _easter_monday(year: int) -> Iterable[tuple[date, str]]:
    """A holiday by British Columbia's Interpretation Act, s. 29; no statutory day off work."""
    yield _easter(year) + _EASTER_MONDAY, "Easter Monday"


_AU_STATES = ("ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA")
_BR_STATES = ("AL", "AM", "ES", "RJ", "SP")
# Business days of entities elsewhere: the national days of the country.
_NATIONAL = (
    "AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IE IS IT JP LI LT LU LV MT MX NL NO NZ PL PT RO"
    " SE SG SI SK ZA"
)

_SOURCES: dict[str, _Source] = {
    "us-federal-6103": _Source("US", observed=False),
    "us-federal": _Source("US"),
    "ca-federal": _Source("CA", categories=("public", "government"), added=_canada),
    "ca-on": _Source("CA", "ON"),
    "ca-qc": _Source(added=_quebec),
    "ca-bc": _Source("CA", "BC", ("public", "optional"), added=_easter_monday),
    # Sources differ on which days count here: with the optional ones it is the stricter reading.
    "ca-ab": _Source("CA", "AB", ("public", "optional")),
    "ca-nb": _Source("CA", "NB", ("public", "optional")),
    "au-national": _Source("AU"),
    **{f"au-{state.lower()}": _Source("AU", state) for state in _AU_STATES},
    "br": _Source("BR"),
    **{f"br-{state.lower()}": _Source("BR", state) for state in _BR_STATES},
    "gb-eng": _Source("GB", "ENG"),
    "gb-sct": _Source("GB", "SCT"),
    "gb-nir": _Source("GB", "NIR"),
    "in": _Source("IN"),
    **{code.lower(): _Source(code) for code in _NATIONAL.split()},
}
