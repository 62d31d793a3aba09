"""Figures in the words of a plan."""

from fractions import Fraction

from shared.money import DECIMALS


def money_text(minor: float | Fraction, currency: str) -> str:
    """`EUR 1,234.50` of minor units, parts of one too."""
    decimals = DECIMALS.get(currency, 2)
    return f"{currency} {float(minor) / 10**decimals:,.{decimals}f}"
