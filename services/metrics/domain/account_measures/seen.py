"""What is seen of single items by what looks at the whole account; kept as long as it holds."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.debts import Debt, read_debt
from services.metrics.domain.kinds.contacts import Occurred, attempt_of
from services.metrics.domain.kinds.payments import Paid
from services.metrics.domain.puts import Put
from services.metrics.domain.slots import FAR
from services.metrics.domain.views import View

Span = tuple[date, date]  # from a day on, and the day from which on no longer


class Cash(Struct, frozen=True, gc=False):
    """Cash on a debt in collections."""

    payment_id: str
    amount_minor: int
    applied_at: datetime
    applied_on: date
    released_at: datetime | None
    released_on: date


class SeenInvoice(Struct, frozen=True):
    invoice_id: str
    currency: str
    is_open: tuple[Span, ...]  # at the end of the days
    is_disputed: tuple[Span, ...]
    recovered: tuple[Cash, ...]


class SeenPayment(Struct, frozen=True, gc=False):
    payment_id: str
    currency: str
    at: datetime
    day: date
    fee_minor: int


class SeenAttempt(Struct, frozen=True, gc=False):
    """Of a contact that speaks of the account; in the order of its instant."""

    contact_id: str
    attempt: Occurred


def invoices(known: Known, view: View) -> Iterator[SeenInvoice]:
    """The invoices that are not void."""

    def read(key: ItemKey, facts: Sequence[Any]) -> SeenInvoice | None:
        debt = read_debt(facts, view)
        return None if debt is None or debt.is_void else _seen(key[1], debt)

    return known.read("invoice", ("seen", view.known_zone), read)


def payments(known: Known, view: View) -> Iterator[SeenPayment]:

    def read(key: ItemKey, facts: Sequence[Any]) -> SeenPayment | None:
        paid = [fact for fact in facts if isinstance(fact, Paid)]
        if not paid:
            return None
        last = paid[-1]
        day = view.day_of(last.at, last.day)
        return SeenPayment(key[1], last.currency, last.at, day, last.fee_minor)

    return known.read("payment", ("seen", view.known_zone), read)


def attempts(known: Known) -> list[SeenAttempt]:
    """The attempts that speak of the account, in order."""

    def read(key: ItemKey, facts: Sequence[Any]) -> SeenAttempt | None:
        attempt = attempt_of(facts)
        return SeenAttempt(key[1], attempt) if attempt is not None else None

    found = [*known.read("contact", "seen", read), *known.read("cover", "seen", read)]
    return sorted(found, key=lambda each: (each.attempt.at, each.contact_id))


def _seen(invoice_id: str, debt: Debt) -> SeenInvoice:
    is_open: list[Span] = []
    balance, since = 0, FAR
    for day in sorted(debt.changes):
        before, balance = balance, balance + debt.changes[day]
        if before <= 0 < balance:
            since = day
        elif balance <= 0 < before:
            is_open.append((since, day))
    if balance > 0:
        is_open.append((since, FAR))
    return SeenInvoice(
        invoice_id,
        debt.currency,
        tuple(is_open),
        tuple((each.opened_on, each.resolved_on) for each in debt.disputes) if debt.claims else (),
        tuple(_recovered(debt)),
    )


def _recovered(debt: Debt) -> Iterator[Cash]:
    entry = debt.entry
    if entry is not None:
        for payment_id, puts in debt.cash_by_payment:
            for put in puts:
                if entry.counts(put.applied_at):
                    yield _cash(debt, payment_id, put)


def _cash(debt: Debt, payment_id: str, put: Put) -> Cash:
    applied_on, released_on = put.days(debt.issued_on)
    return Cash(
        payment_id, put.amount_minor, put.applied_at, applied_on, put.released_at, released_on
    )
