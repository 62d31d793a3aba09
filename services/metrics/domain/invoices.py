"""An invoice as the figures see it: the money on it, and when it entered collections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.metrics.domain.items import (
    FAR,
    Allocated,
    Amended,
    Fact,
    Issued,
    Put,
    Reopened,
    Staged,
    Voided,
    bounded,
)
from services.metrics.domain.view import View
from shared.clock import day_start


@dataclass(slots=True)
class Invoice:
    currency: str
    amount: int
    issued_on: date
    due_on: date
    is_void: bool
    cash: list[Put]
    credit: list[Put]
    given_up: list[Put]  # conceded, written off, discounted
    staged: list[int]
    reopened: list[Reopened]


def read_invoice(facts: Sequence[Fact]) -> Invoice | None:
    issued: Issued | None = None
    due_on = FAR
    is_void = False
    staged: list[Staged] = []
    reopened: list[Reopened] = []
    sources: dict[tuple[bool, str, str], Allocated] = {}
    for fact in facts:
        if isinstance(fact, Allocated):
            sources[fact.source] = fact
        elif isinstance(fact, Issued):
            issued, due_on = fact, fact.due_on  # by the amendments that came before it, too
        elif isinstance(fact, Staged):
            staged.append(fact)
        elif isinstance(fact, Amended):
            due_on = fact.due_on
        elif isinstance(fact, Reopened):
            reopened.append(fact)
        elif isinstance(fact, Voided):
            is_void = True
    if issued is None:
        return None
    due_on = bounded(due_on)
    return Invoice(
        currency=issued.currency,
        amount=issued.amount_minor,
        issued_on=bounded(issued.issued_on),
        due_on=due_on,
        is_void=is_void,
        cash=[put for source in sources.values() if source.is_cash for put in source.puts],
        credit=[put for s in sources.values() if s.is_credit for put in s.puts],
        given_up=[put for source in sources.values() if source.given_up for put in source.puts],
        staged=[fact.stage for fact in staged if bounded(fact.due_on) == due_on],
        reopened=reopened,
    )


@dataclass(slots=True)
class Entry:
    """The moment at which a debt entered collections, and what was open then."""

    at: datetime
    is_after: bool  # after all facts of that instant; else just before it
    day: date
    amount: int = 0

    def counts(self, applied_at: datetime) -> bool:
        """Whether cash put on the invoice then is recovered."""
        return applied_at > self.at if self.is_after else applied_at >= self.at


def find_entry(invoice: Invoice, view: View) -> Entry | None:
    """The first begun moment at which the invoice was past due and open, by the facts known."""
    moments: list[Entry] = []
    start = day_start(invoice.issued_on, view.zone)
    for stage in invoice.staged:
        since_on = min(invoice.due_on + timedelta(days=stage), FAR)
        if since_on > invoice.issued_on:
            moments.append(Entry(day_start(since_on, view.zone), False, since_on))
        else:
            moments.append(Entry(start, True, invoice.issued_on))
    for again in invoice.reopened:
        day = view.day_of(again)
        if day > invoice.due_on and again.at >= start:  # nothing is open before it is issued
            moments.append(Entry(again.at, True, max(day, invoice.issued_on)))
    moments.sort(key=lambda moment: (moment.at, moment.is_after))
    for moment in moments:
        moment.amount = _balance_at(invoice, moment)
        if moment.amount > 0:
            return moment
    return None


def _balance_at(invoice: Invoice, moment: Entry) -> int:
    balance = invoice.amount
    for puts in (invoice.cash, invoice.credit, invoice.given_up):
        for put in puts:
            if not put.is_recovery and not moment.counts(put.applied_at):
                balance -= put.amount_minor
                if put.released_at is not None and not moment.counts(put.released_at):
                    balance += put.amount_minor
    return balance


def days_of(put: Put, issued_on: date) -> tuple[date, date]:
    """When it was put and taken back (`FAR`: never), not before the invoice was there."""
    applied_on = max(bounded(put.applied_on), issued_on)
    if put.released_on is None:
        return applied_on, FAR
    return applied_on, max(bounded(put.released_on), applied_on)
