"""Figures in the words of a plan."""

from fractions import Fraction

from services.metrics.domain.plans.traits import KpiTraits
from shared.money import DECIMALS

_DSO = "dso"


def money_text(minor: float | Fraction, currency: str) -> str:
    """`EUR 1,234.50` of minor units, parts of one too."""
    decimals = DECIMALS.get(currency, 2)
    return f"{currency} {float(minor) / 10**decimals:,.{decimals}f}"


def figure_text(value: float | Fraction, traits: KpiTraits, currency: str | None) -> str:
    """A figure in the unit of its KPI: `46.9 %`, `31.0 days`, `EUR 12.00`."""
    number = float(value)
    if traits.unit == "ratio":
        return f"{number * 100:.1f} %"
    if traits.unit == "days":
        return f"{number:.1f} days"
    if traits.unit == "count" or currency is None:
        return f"{number:,.0f}"
    return money_text(number, currency)


def kpi_text(name: str) -> str:
    """A KPI's name as one says it: `cost to collect`, `DSO countback`."""
    return " ".join(word.upper() if word == _DSO else word for word in name.split("_"))


def opening(text: str) -> str:
    """The same at the beginning of a sentence."""
    return text[:1].upper() + text[1:]
