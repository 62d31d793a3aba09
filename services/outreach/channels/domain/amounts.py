"""Amounts and days as a message writes them: its language, with the account's country."""

import copy
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from shared.money import DECIMALS

_WORLD = {"en": "en_001"}  # English of no country: 2 March 2026, not March 2, 2026
_TIGHT_CODE = re.compile(r"(?<=[A-Z]{3})(?=[0-9])")
DECIMALS_DEFAULT = 2


@dataclass(frozen=True)
class Money:
    """An amount as it is written. Nothing is false."""

    minor: int
    currency: str
    text: str

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.minor != 0


@dataclass(frozen=True)
class Day:
    """A day as it is written: `2 March 2026`, and shorter where room is scarce."""

    text: str
    short: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Notation:
    """How amounts and days are written."""

    locale: str

    def money(self, minor: int, currency: str) -> Money:
        decimals = DECIMALS.get(currency, DECIMALS_DEFAULT)
        pattern = _pattern(self.locale, decimals)
        text: str = pattern.apply(
            Decimal(minor).scaleb(-decimals),
            _locale(self.locale),
            currency=currency,
            currency_digits=False,
        )
        return Money(minor, currency, _TIGHT_CODE.sub("\u00a0", text))

    def day(self, day: date) -> Day:
        locale = _locale(self.locale)
        return Day(format_date(day, "long", locale), format_date(day, "medium", locale))


@lru_cache(maxsize=512)
def notation(language: str, country: str | None) -> Notation:
    """That of a language (`de-AT`) in a country; where there is none of both, the language's."""
    spoken, *rest = language.split("-")
    own = next((each for each in rest if len(each) == 2), None)
    tried = [f"{spoken}_{each.upper()}" for each in (country, own) if each]
    for each in (*tried, _WORLD.get(spoken, spoken), "en_001"):
        try:
            Locale.parse(each)
        except (UnknownLocaleError, ValueError):
            continue
        return Notation(each)
    raise AssertionError("English is known")


@lru_cache(maxsize=512)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=512)
def _pattern(locale: str, decimals: int):  # type: ignore[no-untyped-def]  # babel's own
    """The locale's, with as many decimals as the currency has in our books."""
    pattern = copy.copy(_locale(locale).currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)
    return pattern
