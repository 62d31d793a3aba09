"""Matrices of a month: how balances roll from bucket to bucket, and how delinquencies end."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracles.metrics.book import Book
from tests.oracles.metrics.delinquencies import delinquencies
from tests.oracles.metrics.receivables import BUCKETS, bucket_of, months_of
from tests.oracles.metrics.rows import Asked, Row, Rows, Value, ratio
from tests.oracles.metrics.things import Invoice, Put

LEFT = ("paid", "credited", "written_off")
ORDER = list(BUCKETS)
ROLLING = ("1-30", "31-60", "61-90", "91-120")


@dataclass(frozen=True)
class Rolled:
    """Where the balance of one invoice went within a month."""

    invoice: Invoice
    bucket: str  # at the end of the month before
    base: int
    to: dict[str, int]
    counts_to: str  # the column in which it counts as one


def rolls(book: Book, start: int, end: int) -> Iterator[Rolled]:
    """Of the days from `start` to `end`, of one month."""
    before = start - 1
    for invoice in book.standing:
        base = invoice.balance_on(before)
        if base > 0:
            yield _rolled(invoice, base, before, end)


def _rolled(invoice: Invoice, base: int, before: int, end: int) -> Rolled:
    now = max(0, invoice.balance_on(end))
    gone = max(0, base - now)
    written_off = min(gone, max(0, _net(invoice, "write_off", before, end)))
    credited = min(gone - written_off, max(0, _net(invoice, "credit_note", before, end)))
    columns = {
        "paid": gone - written_off - credited,
        "credited": credited,
        "written_off": written_off,
    }
    bucket = bucket_of(invoice.due, end)
    most = max(LEFT, key=lambda each: columns[each])  # the first of those that are alike
    to = columns | ({bucket: min(base, now)} if now > 0 else {})
    return Rolled(invoice, bucket_of(invoice.due, before), base, to, bucket if now > 0 else most)


def _net(invoice: Invoice, kind: str, before: int, end: int) -> int:
    def is_in(day: int) -> bool:
        return before < day <= end

    def net(put: Put) -> int:
        return put.amount * (is_in(put.day) - is_in(put.back_day))

    return sum(net(put) for put in invoice.puts if put.source_kind == kind and not put.is_recovery)


# ── The rate ────────────────────────────────────────────────────────────────────────────────────
def roll_rows(asked: Asked) -> Iterator[Row]:
    for start, last in months_of(asked.start, asked.end):
        end = min(last, asked.known)  # a running month as far as it is known
        for each in rolls(asked.book, start, end) if start <= end else ():
            if each.bucket == "121+":
                continue
            if each.bucket == "current" and "bucket" not in asked.splits:
                continue
            account = each.invoice.account
            split = account.split(account.on(start - 1), bucket=each.bucket)
            base = Row("base", each.invoice.currency, start - 1, split, each.base, 1, account.name)
            yield base
            worse = [to for to in ORDER[ORDER.index(each.bucket) + 1 :] if to in each.to]
            for to in worse:
                yield replace(
                    base, side="worse", amount=each.to[to], count=int(each.counts_to == to)
                )


def roll_rate(rows: Rows) -> Value:
    return ratio(rows.of("worse"), rows.of("base"))


# ── The matrices themselves ─────────────────────────────────────────────────────────────────────
def end_of_month(start: int) -> int:
    first = date.fromordinal(start)
    return ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).toordinal()


def roll_matrix(
    book: Book, month: date, currency: str, by: str, segment: str | None = None
) -> dict[str, Any]:
    """{bucket: (base, {column: value})}, of the days that have been."""
    start = month.toordinal()
    end = min(end_of_month(start), book.business_day)
    bases: dict[str, int] = defaultdict(int)
    cells: dict[str, dict[str, int]] = {each: defaultdict(int) for each in ORDER}
    for each in rolls(book, start, end):
        held = each.invoice.account.on(start - 1)
        if each.invoice.currency != currency:
            continue
        if segment is not None and (held.segment if held else "") != segment:
            continue
        if by == "count":
            bases[each.bucket] += 1
            cells[each.bucket][each.counts_to] += 1
        else:
            bases[each.bucket] += each.base
            for column, amount in each.to.items():
                cells[each.bucket][column] += amount
    return {
        bucket: (bases[bucket], {column: cells[bucket][column] for column in (*ORDER, *LEFT)})
        for bucket in ORDER
    }


def cure_matrix(book: Book, month: date, at: int | None = None) -> dict[str, dict[str, Any]]:
    """By the bucket of the oldest that was overdue at the end of the month before."""
    start = month.toordinal()
    end = end_of_month(start)
    at = max(end, book.business_day) if at is None else at
    names = ("accounts", "cured", "pending", "written_off", "still", "self_cured")
    found = {bucket: dict.fromkeys(names, 0) for bucket in ORDER[1:]}
    for account in book.accounts.values():
        overdue = [each for each in book.of(account) if each.is_overdue_on(start - 1)]
        if not overdue:
            continue
        row = found[bucket_of(min(each.due for each in overdue), start - 1)]
        row["accounts"] += 1
        (each,) = (
            each for each in delinquencies(book, account, at) if each.start < start <= each.end
        )
        if not start <= each.end <= end:
            row["still"] += 1
        elif each.is_written_off:
            row["written_off"] += 1
        elif each.is_cured(at):
            row["cured"] += 1
            row["self_cured"] += each.is_self_cured
        else:
            row["pending"] += 1
    return {
        bucket: {
            **row,
            "cured_share": Fraction(row["cured"], row["accounts"]) if row["accounts"] else None,
        }
        for bucket, row in found.items()
    }
