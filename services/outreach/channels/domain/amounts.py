"""Amounts and days as a message writes them."""

from datetime import date

from shared.money import DECIMALS, to_text


def money(amount_minor: int, currency: str) -> str:
    """`123456, "EUR"` → `EUR 1,234.56`; as many decimals as the currency has."""
    text = to_text(amount_minor, currency) if currency in DECIMALS else f"{amount_minor} (minor)"
    whole, point, rest = text.partition(".")
    digits = whole.lstrip("-")
    if digits.isdecimal():
        whole = f"{'-' if whole.startswith('-') else ''}{int(digits):,}"
    return f"{currency} {whole}{point}{rest}"


def long_day(day: date) -> str:
    """`2026-03-05` → `5 March 2026`: no reader takes the day for the month."""
    return f"{day.day} {day:%B %Y}"
