"""Texts, amounts and days in the language of whom a document is for.

One catalogue a language, `texts/<language>.po`, with the same keys in each; Babel writes the
amounts and days. The locale is the language with the reader's country where CLDR has the pair
(de_AT, en_DE), else the language's own.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, localedata
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import NumberPattern, parse_pattern

from shared.countries import country_code
from shared.money import DECIMALS

LANGUAGES = ("en", "de", "fr", "es")
_OWN_COUNTRY = {"en": "GB", "de": "DE", "fr": "FR", "es": "ES"}
_TEXTS = Path(__file__).parent / "texts"


def language_of(*wishes: str | None) -> str:
    """The first wish that we have texts for (`de-AT` is German), else English."""
    for wish in wishes:
        language = (wish or "").replace("_", "-").split("-")[0].strip().lower()
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language, by key."""
    with (_TEXTS / f"{language}.po").open("rb") as file:
        read = read_po(file, locale=language)
    return {str(m.id): str(m.string) for m in read if m.id and m.string and not m.fuzzy}


class Words:
    """What a document says, in one language."""

    def __init__(self, language: str, country: str | None = None) -> None:
        self.language = language
        self._texts = catalogue(language)
        self._locale = _locale(language, country)

    def text(self, key: str, **fields: object) -> str:
        return self._texts[key].format(**fields)

    def has(self, key: str) -> bool:
        return key in self._texts

    def day(self, day: date) -> str:
        return _day(day, self._locale)

    def period(self, from_on: date, to_on: date) -> str:
        return self.text("period", from_on=self.day(from_on), to_on=self.day(to_on))

    def amount(self, minor: int, currency: str) -> str:
        """`1.234,50`: for columns whose currency stands above them."""
        return _write(_amount_pattern(DECIMALS[currency]), minor, currency, self._locale)

    def money(self, minor: int, currency: str) -> str:
        """`1.234,50 €`."""
        return _write(
            _money_pattern(self._locale, DECIMALS[currency]), minor, currency, self._locale
        )

    def percent(self, percent: str) -> str:
        """`9,12 %` of a decimal text."""
        pattern = self._locale.percent_formats[None]
        share = Decimal(percent).scaleb(-2)
        return str(pattern.apply(share, self._locale, decimal_quantization=False))

    def country(self, code: str | None) -> str | None:
        """A country's name; what names none that we know stays as it is."""
        known = country_code(code)
        return self._locale.territories.get(known, code) if known else code


@cache
def _locale(language: str, country: str | None) -> Locale:
    code = country_code(country)
    pair = f"{language}_{code}"
    known = code is not None and localedata.exists(pair)
    return Locale.parse(pair if known else f"{language}_{_OWN_COUNTRY[language]}")


@lru_cache(maxsize=4096)
def _day(day: date, locale: Locale) -> str:
    return format_date(day, "medium", locale=locale)


@cache
def _amount_pattern(decimals: int) -> NumberPattern:
    return parse_pattern(f"#,##0{_fraction(decimals)}")


@cache
def _money_pattern(locale: Locale, decimals: int) -> NumberPattern:
    """The locale's own, with the decimals of ISO 4217: CLDR rounds some currencies to units."""
    return parse_pattern(
        locale.currency_formats["standard"].pattern.replace(".00", _fraction(decimals))
    )


def _fraction(decimals: int) -> str:
    return f".{'0' * decimals}" if decimals else ""


def _write(pattern: NumberPattern, minor: int, currency: str, locale: Locale) -> str:
    value = Decimal(minor).scaleb(-DECIMALS[currency])
    return str(pattern.apply(value, locale, currency=currency, currency_digits=False))
