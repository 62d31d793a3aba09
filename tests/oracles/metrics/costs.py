"""What collecting cost, and the cash that it brought, by the last attempt before it."""

from collections.abc import Iterator
from datetime import datetime

from tests.oracles.metrics.book import Book
from tests.oracles.metrics.money import moved
from tests.oracles.metrics.people import Contact
from tests.oracles.metrics.rows import Asked, Row, Rows, Value, ratio_above_zero
from tests.oracles.metrics.things import Account, Invoice, Put

BY_TOUCH = frozenset({"channel", "strategy", "collector"})
TOUCHES_WITHIN = 30


def cost_rows(asked: Asked, side: str = "sum") -> Iterator[Row]:
    for each in asked.book.costs:
        if asked.has(each.day):
            name = each.account.name if each.account else ""
            yield Row(side, each.currency, each.day, each.split, each.minor, 1, name)


def touch_of(book: Book, debt: Invoice, put: Put) -> Contact | None:
    """The last attempt that covers the account, before the payment, and not long before it."""
    payment = book.payment_of.get((debt.account.name, put.source))
    at, day = (payment.at, payment.day) if payment else (put.at, put.day)
    return last_attempt(book, debt.account, at, day)


def last_attempt(book: Book, account: Account, at: datetime, day: int) -> Contact | None:
    before = [
        (contact.attempt.at, contact.contact_id, contact)
        for contact in book.covering(account)
        if contact.attempt
        and contact.attempt.at < at
        and contact.attempt.day >= day - TOUCHES_WITHIN
    ]
    return max(before, key=lambda each: each[:2])[2] if before else None


def cost_to_collect_rows(asked: Asked) -> Iterator[Row]:
    yield from cost_rows(asked, "cost")
    by_touch = bool(BY_TOUCH & asked.splits)
    for debt in asked.book.debts:
        for put in debt.puts:
            if not debt.is_collected(put):
                continue
            touch = touch_of(asked.book, debt, put) if by_touch else None
            for each in moved(asked, "cash", debt, put):
                split = dict(each.split)
                if touch is not None:
                    split |= {
                        "channel": touch.channel,
                        "strategy": touch.strategy,
                        "collector": touch.collector,
                    }
                side = "untouched" if by_touch and touch is None else "cash"
                yield Row(side, each.currency, each.on, split, each.amount, 1, each.account)


def cost_to_collect(rows: Rows) -> Value:
    found = ratio_above_zero(rows.amount("cost"), rows.amount("cash"))
    return found._replace(more={"untouched_minor": rows.amount("untouched")})
