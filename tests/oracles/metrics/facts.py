"""A book from the raw billing facts, through the ledger's own referee, which says where each cent
went: no event of ours is read, so that what the ledger announces is held to it as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.oracles.ledger import STAGES, Model
from tests.oracles.ledger_table import day_of, first_instant
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.things import (
    NEVER,
    Account,
    Held,
    Invoice,
    Moment,
    Note,
    Payment,
    Put,
    Reversal,
    in_order,
)


@dataclass(frozen=True)
class Facts:
    """One account: its facts, the zone of its tenant, and its segments (since when, which)."""

    name: str
    facts: Sequence[Any]
    tenant_zone: str
    segments: Sequence[tuple[datetime, str]] = ()


def book_of(accounts: Iterable[Facts]) -> Book:
    """All days that matter have begun."""
    book = Book("UTC", NEVER)
    for each in accounts:
        model = Model(each.facts, each.tenant_zone).replay()
        if model.registered:
            _add(book, each, model)
    return book


def _add(book: Book, facts: Facts, model: Model) -> None:
    zone = model.zone
    account = book.accounts[facts.name] = Account(facts.name, zone)
    account.held = in_order(
        Held(at, day_of(at, zone).toordinal(), to, {}) for at, to in facts.segments
    )
    for bill in model._bills.values():
        invoice = _invoice(account, model, bill)
        book.invoices.append(invoice)
        if invoice.is_void:
            book.loose_credit += [(account, put) for put in invoice.puts if put.is_credit]
    for money in model._money:
        if money.is_credit:
            at = money.order[0]
            day = day_of(at, zone).toordinal()
            book.notes.append(Note(account, money.currency, money.left, at, day))
    for act in model.acts():
        data, day = act.fact.data, day_of(act.instant, zone).toordinal()
        if act.fact.kind == "payment-received":
            payment = data.payment_id, data.currency, data.amount_minor
            book.payments.append(Payment(account, *payment, act.instant, day))
        elif act.fact.kind == "payment-reversed":
            taken = data.payment_id, data.currency, model.taken_back[data.reversal_id]
            book.reversals.append(Reversal(account, *taken, act.instant, day))


def _invoice(account: Account, model: Model, bill: Any) -> Invoice:
    invoice = Invoice(
        account,
        bill.invoice.invoice_id,
        bill.invoice.currency,
        bill.invoice.amount_minor,
        bill.invoice.issued_on.toordinal(),
        first_instant(bill.invoice.issued_on, model.zone),
        bill.due_on.toordinal(),
        bill.void,
        _moments(model, bill),
    )
    invoice.puts = [_put(model, put, invoice) for put in model.puts if put.invoice == invoice.name]
    return invoice


def _moments(model: Model, bill: Any) -> list[Moment]:
    """Its stages, and the reversals that may have opened it again when it was past due."""
    issued_on = bill.invoice.issued_on
    start = first_instant(issued_on, model.zone)
    moments = []
    for stage in STAGES:
        day = bill.due_on + timedelta(days=stage)
        if day <= issued_on:
            moments.append(Moment(start, True, issued_on.toordinal()))
        else:
            moments.append(Moment(first_instant(day, model.zone), False, day.toordinal()))
    for act in model.acts():
        day = day_of(act.instant, model.zone)
        if act.fact.kind == "payment-reversed" and day > bill.due_on:
            moments.append(Moment(act.instant, True, max(day, issued_on).toordinal()))
    return moments


def _put(model: Model, put: Any, invoice: Invoice) -> Put:
    day = max(day_of(put.applied_at, model.zone).toordinal(), invoice.issued)
    back = NEVER
    if put.released_at is not None:
        back = max(day_of(put.released_at, model.zone).toordinal(), day)
    return Put(
        put.source,
        "credit_note" if put.is_credit else "payment",
        put.amount,
        put.applied_at,
        day,
        put.released_at,
        back,
        currency=invoice.currency,
        is_on_void=invoice.is_void,
    )
