"""Costs are added up in millionths of a minor unit, so that small ones stay exact, and become
others by a rate like any amount."""

from fractions import Fraction

from shared.money import DECIMALS

MICROS = 1_000_000


def of_units(micros: int, currency: str) -> int:
    """Millionths of a unit."""
    return micros * int(10 ** DECIMALS.get(currency, 2))


def in_minor(micros: int | Fraction) -> int | Fraction:
    """Minor units, exactly."""
    minor = Fraction(micros) / MICROS
    return int(minor) if minor.denominator == 1 else minor
