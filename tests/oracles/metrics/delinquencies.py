"""Delinquencies: spans of days on which an account owes something past due, and how they end."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracles.metrics.book import Book
from tests.oracles.metrics.rows import Asked, Row, Rows, Value, ratio
from tests.oracles.metrics.things import NEVER, Account, Invoice

STAYS = 30  # days without anything overdue that make a cure


@dataclass(frozen=True)
class Delinquency:
    """`end`: the first day at whose end nothing is overdue; NEVER while something is."""

    account: Account
    start: int
    end: int
    is_written_off: bool  # on the day of the end
    is_self_cured: bool  # no attempt on a day from start to end

    @property
    def has_ended(self) -> bool:
        return self.end != NEVER

    def is_cured(self, at: int) -> bool:
        """Nothing overdue for as long as that takes, as is seen at a day."""
        return self.has_ended and not self.is_written_off and self.end + STAYS - 1 <= at

    def is_pending(self, at: int) -> bool:
        return self.has_ended and not self.is_written_off and self.end + STAYS - 1 > at


def overdue_days(invoice: Invoice, at: int) -> set[int]:
    """The days up to `at` at whose end it is open and past due."""
    changes = {invoice.due + 1, invoice.issued}
    for put in invoice.puts:
        changes |= {put.day, put.back_day}
    marks = sorted(day for day in changes if day <= at)
    found: set[int] = set()
    for day, following in zip(marks, [*marks, at + 1][1:], strict=True):
        if invoice.is_overdue_on(day):
            found |= set(range(day, following))
    return found


def delinquencies(book: Book, account: Account, at: int) -> list[Delinquency]:
    """As they are seen at the end of a day: what comes after it is not."""
    days: set[int] = set()
    for invoice in book.of(account):
        days |= overdue_days(invoice, at)
    spans: list[list[int]] = []  # [start, end]
    for day in sorted(days):
        if spans and day - spans[-1][1] < STAYS:
            spans[-1][1] = day + 1
        else:
            spans.append([day, day + 1])
    return [_delinquency(book, account, start, NEVER if end > at else end) for start, end in spans]


def _delinquency(book: Book, account: Account, start: int, end: int) -> Delinquency:
    written_off = any(
        put.is_write_off and put.day == end for invoice in book.of(account) for put in invoice.puts
    )
    attempts = [each.attempt for each in book.covering(account)]
    touched = any(each is not None and start <= each.day <= end for each in attempts)
    return Delinquency(account, start, end, written_off, not touched)


def _row(asked: Asked, side: str, each: Delinquency) -> Row:
    split = each.account.split(each.account.on(each.start))
    return Row(side, "", each.end, split, 1, 1, each.account.name)


def all_of(asked: Asked) -> Iterator[Delinquency]:
    for account in asked.book.accounts.values():
        yield from delinquencies(asked.book, account, asked.at)


def cure_rows(asked: Asked) -> Iterator[Row]:
    for each in all_of(asked):
        if each.start > asked.end or each.end < asked.start:
            continue
        yield _row(asked, "all", each)
        if not asked.has(each.end):
            continue
        if each.is_cured(asked.at):
            yield _row(asked, "cured", each)
            if each.is_self_cured:
                yield _row(asked, "self cured", each)
        elif each.is_pending(asked.at):
            yield _row(asked, "pending", each)


def cure_rate(rows: Rows) -> Value:
    more = {"self_cured": rows.count("self cured"), "pending": rows.count("pending")}
    return ratio(rows.count("cured"), rows.count("all"))._replace(more=more)


def retention_rows(asked: Asked) -> Iterator[Row]:
    for each in all_of(asked):
        if not asked.has(each.end) or not each.is_cured(asked.at):
            continue
        if each.end + 180 > asked.at:
            yield _row(asked, "unripe", each)
            continue
        yield _row(asked, "cured", each)
        issued = [invoice.issued for invoice in asked.book.of(each.account)]
        if any(each.end < day <= each.end + 180 for day in issued):
            yield _row(asked, "retained", each)


def retention_rate(rows: Rows) -> Value:
    found = ratio(rows.count("retained"), rows.count("cured"))
    return found._replace(more={"unripe": rows.count("unripe")})
