"""Vintages: what became of what was issued, or entered collections, in each month."""

from datetime import date, timedelta
from typing import Any

from tests.oracles.metrics.book import Book
from tests.oracles.metrics.matrices import end_of_month
from tests.oracles.metrics.money import cash_of
from tests.oracles.metrics.rows import ratio
from tests.oracles.metrics.things import Invoice


def _months(first: date, last: date) -> list[date]:
    found = []
    while first <= last:
        found.append(first)
        first = (first + timedelta(days=32)).replace(day=1)
    return found


def vintages(
    book: Book,
    of: str,
    measure: str,
    first: date,
    last: date,
    currency: str,
    at: int | None = None,
) -> list[dict[str, Any]]:
    """Each month's cohort, at the end of every month that is over."""
    at = max(end_of_month(last.toordinal()), book.business_day) if at is None else at
    found = []
    for month in _months(first, last):
        start, end = month.toordinal(), end_of_month(month.toordinal())
        day_of = {"issue": lambda each: each.issued, "entry": lambda each: each.entered}[of]
        things = [
            each
            for each in book.standing
            if each.currency == currency and start <= day_of(each) <= end
        ]
        base = sum(_owed(each, of) for each in things)
        points, on, age = [], end, 0
        while on <= at:
            value = sum(value_of(each, measure, on) for each in things)
            points.append({"age": age, "on": on, "value": value, "share": ratio(value, base)[0]})
            on, age = end_of_month(on + 1), age + 1
        found.append({"cohort": month, "base_minor": base, "points": points})
    return found


def _owed(invoice: Invoice, of: str) -> int:
    """What was owed of it when it came into its cohort."""
    if of == "issue":
        return invoice.amount
    assert invoice.entry is not None
    return invoice.entry.amount


def value_of(invoice: Invoice, measure: str, on: int) -> int:
    """What of it was so at the end of a day."""
    if measure == "overdue":
        return invoice.balance_on(on) if invoice.due < on else 0
    if measure == "recovered":
        return cash_of(invoice, on)
    value = 0
    for put in invoice.puts:
        standing = put.amount * ((put.day <= on) - (put.back_day <= on))
        if measure == "paid" and put.is_cash:
            value += standing
        elif measure == "written_off" and (put.is_write_off or put.is_recovery):
            value += standing if put.is_write_off else -standing
    return value
