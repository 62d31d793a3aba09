"""What is owed at the end of a day: DSO and its kin, ageing, the collection effectiveness."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from tests.oracles.metrics.money import sales
from tests.oracles.metrics.rows import (
    Asked,
    Number,
    Row,
    Rows,
    Value,
    ratio_above_zero,
    total,
)
from tests.oracles.metrics.things import Account

BUCKETS = {
    "current": (-(10**7), 0),
    "1-30": (1, 30),
    "31-60": (31, 60),
    "61-90": (61, 90),
    "91-120": (91, 120),
    "121+": (121, 10**7),
}


def bucket_of(due: int, day: int) -> str:
    """By the days past due at the end of a day."""
    return next(name for name, (low, high) in BUCKETS.items() if low <= day - due <= high)


def _row(side: str, account: Account, currency: str, day: int, amount: Number) -> Row:
    split = account.split(account.on(day))
    return Row(side, currency, day, split, amount, 1, account.name)


def receivables(asked: Asked, day: int, side: str = "receivables") -> Iterator[Row]:
    """Open balances of invoices and charges, net of credit that is unapplied."""
    for invoice in asked.book.standing:
        yield _row(side, invoice.account, invoice.currency, day, invoice.balance_on(day))
        for put in invoice.puts:
            if put.is_credit and put.stands_on(day):
                yield _row(side, invoice.account, invoice.currency, day, put.amount)
    for charge in asked.book.charges:
        yield _row(side, charge.account, charge.currency, day, charge.balance_on(day))
    for note in asked.book.notes:
        if note.day <= day:
            yield _row(side, note.account, note.currency, day, -note.amount)
    for account, loose in asked.book.loose_credit:
        if loose.stands_on(day):
            yield _row(side, account, loose.currency, day, loose.amount)


def not_yet_due(asked: Asked, day: int) -> Iterator[Row]:
    for invoice in asked.book.standing:
        if invoice.due >= day:
            balance = invoice.balance_on(day)
            yield _row("not yet due", invoice.account, invoice.currency, day, balance)


# ── Days of sales ───────────────────────────────────────────────────────────────────────────────
def dso_rows(asked: Asked) -> Iterator[Row]:
    """Sales begin with the currency's first invoice: a window from before it begins there."""
    yield from receivables(asked, asked.end)
    yield from not_yet_due(asked, asked.end)
    for each in sales(asked):
        if each.on >= _start(asked, each.currency):
            yield each


def _start(asked: Asked, currency: str) -> int:
    """The first day of the window, or of the currency's sales."""
    first = asked.first_days.get(currency, asked.start)
    return first if asked.start < first <= asked.end else asked.start


def _days(rows: Rows) -> int:
    """Of the window, from the currency's first invoice on."""
    asked = rows.asked
    starts = {_start(asked, row.currency) for row in rows.rows}
    return asked.end - min(starts, default=asked.start) + 1


def dso(rows: Rows) -> Value:
    return ratio_above_zero(rows.amount("receivables"), rows.amount("sales"), _days(rows))


def best_possible_dso(rows: Rows) -> Value:
    return ratio_above_zero(rows.amount("not yet due"), rows.amount("sales"), _days(rows))


def average_days_delinquent(rows: Rows) -> Value:
    late = rows.amount("receivables") - rows.amount("not yet due")
    return ratio_above_zero(late, rows.amount("sales"), _days(rows))


def months_back(day: int, count: int) -> list[tuple[int, int]]:
    """(first, last day) of the month as far as a day, then of whole months before it."""
    found, last = [], date.fromordinal(day)
    for _ in range(count):
        first = last.replace(day=1)
        found.append((first.toordinal(), last.toordinal()))
        last = first - timedelta(days=1)
    return found


def countback_rows(asked: Asked) -> Iterator[Row]:
    yield from receivables(asked, asked.end)
    for part, (first, last) in enumerate(months_back(asked.end, 36)):
        for each in sales(replace(asked, start=first, end=last)):
            yield replace(each, part=part)


def dso_countback(rows: Rows) -> Value:
    owed = left = rows.amount("receivables")
    if owed <= 0:
        return Value(0, owed, None)
    value: Number = 0
    for part, (first, last) in enumerate(months_back(rows.asked.end, 36)):
        sold, days = rows.amount("sales", part), last - first + 1
        if sold > 0 and left <= sold:
            return Value(value + Fraction(left) / sold * days, owed, None)
        value += days
        left -= max(0, sold)
    return Value(None, owed, None)


# ── Effectiveness ───────────────────────────────────────────────────────────────────────────────
def months_of(start: int, end: int) -> list[tuple[int, int]]:
    """The calendar months of a window, cut by it."""
    found = []
    while start <= end:
        day = date.fromordinal(start)
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1).toordinal()
        found.append((start, min(end, following - 1)))
        start = following
    return found


def effectiveness_rows(asked: Asked) -> Iterator[Row]:
    for part, (first, last) in enumerate(months_of(asked.start, asked.end)):
        month = replace(asked, start=first, end=last)
        for rows in (
            receivables(month, first - 1, "at start"),
            receivables(month, last, "at end"),
            not_yet_due(month, last),
        ):
            for each in rows:
                yield replace(each, part=part, rate_on=asked.end)
        for each in sales(month):
            yield replace(each, part=part)


def effectiveness(rows: Rows) -> Value:
    collected: Number = 0
    collectable: Number = 0
    for part, _ in enumerate(months_of(rows.asked.start, rows.asked.end)):
        owed = rows.amount("at start", part) + rows.amount("sales", part)
        at_end = rows.amount("at end", part)
        collected += owed - at_end
        collectable += owed - min(rows.amount("not yet due", part), at_end)
    return ratio_above_zero(collected, collectable)


# ── Ageing ──────────────────────────────────────────────────────────────────────────────────────
def aging_rows(asked: Asked) -> Iterator[Row]:
    for invoice in asked.book.standing:
        balance = invoice.balance_on(asked.end)
        if balance > 0:
            found = _row("sum", invoice.account, invoice.currency, asked.end, balance)
            bucket = {"bucket": bucket_of(invoice.due, asked.end)}
            yield replace(found, split={**found.split, **bucket})


def aging(rows: Rows) -> Value:
    return total(rows.of("sum"))
