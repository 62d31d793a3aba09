"""Dated exchange rates into one currency: the last one on or before a day holds for it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from shared.money import DECIMALS


class Rate(NamedTuple):
    """What one unit of `currency` is worth from a day on, until the next one."""

    currency: str
    on: date
    rate: Decimal


@dataclass(frozen=True)
class Rates:
    """All rates into a currency, by currency in the order of their days."""

    to: str
    by_currency: dict[str, tuple[Rate, ...]]

    @classmethod
    def of(cls, to: str, rates: Iterable[Rate]) -> "Rates":
        found: dict[str, list[Rate]] = {}
        for rate in sorted(rates, key=lambda each: (each.currency, each.on)):
            found.setdefault(rate.currency, []).append(rate)
        return cls(to, {currency: tuple(dated) for currency, dated in found.items()})

    @property
    def days(self) -> Iterator[date]:
        """The days on which any of them changes."""
        return (rate.on for dated in self.by_currency.values() for rate in dated)

    def find(self, currency: str, day: date) -> Rate | None:
        """The rate that holds for a day."""
        dated = self.by_currency.get(currency, ())
        place = bisect_right(dated, day, key=lambda rate: rate.on)
        return dated[place - 1] if place else None


class Converter:
    """Converts, and remembers by which rates, and where there was none."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._used: set[Rate] = set()
        self._missing: dict[str, date] = {}

    def factor(self, currency: str, day: date) -> Fraction | None:
        """What minor units are multiplied with on that day; None without a rate."""
        if currency == self._rates.to:
            return Fraction(1)
        rate = self._rates.find(currency, day)
        if rate is None:
            self._missing[currency] = min(day, self._missing.get(currency, day))
            return None
        self._used.add(rate)
        exponent = DECIMALS[self._rates.to] - DECIMALS[currency]
        return Fraction(rate.rate) * Fraction(10) ** exponent

    def listed(self) -> list[dict[str, Any]]:
        """The rates used; null stands for one that is missing, with the first day that needs it."""
        used = [(rate.currency, rate.on, rate.rate) for rate in self._used]
        missing = [(currency, on, None) for currency, on in self._missing.items()]
        return [
            {"currency": currency, "on": on, "rate": None if rate is None else _plain(rate)}
            for currency, on, rate in sorted([*used, *missing], key=lambda each: each[:2])
        ]


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
