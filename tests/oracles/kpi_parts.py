"""Parts of the KPIs' referee: when a debt entered collections, sums, ratios."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pandas as pd

from tests.oracles.ledger import STAGES, Model
from tests.oracles.ledger_table import day_of, first_instant

Value = Fraction | int | None
Told = tuple[Value, Fraction | int, Fraction | int | None]


def since(instant: datetime, at: datetime, is_after: bool) -> bool:
    return instant > at if is_after else instant >= at


def entry(model: Model, bill: Any, start: datetime) -> tuple[datetime, bool, int, int] | None:
    """(instant, after all facts of it?, day, what was open): when the debt entered collections."""
    zone, invoice = model.zone, bill.invoice
    moments: list[tuple[datetime, bool, date]] = []
    for stage in STAGES:
        day = bill.due_on + timedelta(days=stage)
        if day <= invoice.issued_on:
            moments.append((start, True, invoice.issued_on))
        else:
            moments.append((first_instant(day, zone), False, day))
    for act in model.acts():
        day = day_of(act.instant, zone)
        if act.fact.kind == "payment-reversed" and day > bill.due_on:
            moments.append((act.instant, True, max(day, invoice.issued_on)))
    for at, is_after, day in sorted(moments):
        if at < start:
            continue
        balance = invoice.amount_minor
        for put in model.puts:
            if put.invoice == invoice.invoice_id and not since(put.applied_at, at, is_after):
                released = put.released_at
                if released is None or since(released, at, is_after):
                    balance -= put.amount
        if balance > 0:
            return at, is_after, day.toordinal(), balance
    return None


def rows(table: pd.DataFrame) -> list[Any]:
    return list(table.itertuples())


def total(table: pd.DataFrame, column: str) -> int:
    return int(sum(int(value) for value in table[column]))


def ratio(numerator: Fraction | int, denominator: Fraction | int, times: int = 1) -> Told:
    if denominator == 0:
        return None, numerator, denominator
    return Fraction(numerator) / denominator * times, numerator, denominator


def days_of_sales(balance: int, sales: int, days: int) -> Told:
    if sales < 0:
        return None, balance, sales
    return ratio(balance, sales, days)
