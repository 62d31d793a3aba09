"""An account by all facts known: the value that callers hold, and how it is computed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import cast

from msgspec import Struct, structs

from services.ledger.domain import steps
from services.ledger.domain.amounts import all_figures
from services.ledger.domain.books import Books, newest
from services.ledger.domain.days import Begun
from services.ledger.domain.facts import (
    AMENDED,
    CREDIT_NOTE,
    REGISTERED,
    UPDATED,
    Fact,
)
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.sources import Source, SourceKey
from services.ledger.domain.stages import (
    Announcement,
    holding_stage,
    next_day,
    reached,
    reopenings,
)
from services.ledger.domain.timeline import arrange
from shared.clock import day_start
from shared.events import billing
from shared.events.ledger import Amounts

_OWN_NOTE = steps.own_note_of("")


class Account(Struct, frozen=True):
    """A value: no function changes an account, each gives another."""

    books: Books  # closed; only this package looks in

    @property
    def account_id(self) -> str:
        return self.books.account_id

    @property
    def tenant_zone(self) -> str:
        return self.books.tenant_zone

    @property
    def zone(self) -> str:
        """Its own zone; the tenant's where it has none or is not registered."""
        return self.books.zone

    @property
    def registered(self) -> bool:
        return self.books.registered

    @property
    def profile(self) -> billing.AccountRegistered | None:
        """The record that holds: the one with the newest `time`."""
        fact = self.books.profile_fact
        return cast(billing.AccountRegistered, fact.data) if fact else None

    @property
    def profile_fact(self) -> Fact | None:
        """The fact whose record holds."""
        return self.books.profile_fact

    @property
    def facts(self) -> list[Fact]:
        """All accepted facts, in order of arrival."""
        return self.books.facts

    @property
    def invoices(self) -> Mapping[str, Invoice]:
        return self.books.invoices

    @property
    def sources(self) -> Mapping[SourceKey, Source]:
        """Payments and credit notes."""
        return self.books.sources

    @property
    def announcements(self) -> list[Announcement]:
        """What was said of its invoices and is said once."""
        return [said for known in self.books.announcements.values() for said in known]


def new_account(account_id: str, tenant_zone: str) -> Account:
    """An account of which nothing is known."""
    return Account(Books(account_id, tenant_zone))


def load_account(
    account_id: str,
    tenant_zone: str,
    facts: Iterable[Fact],
    announcements: Iterable[Announcement] = (),
) -> Account:
    """The account computed from all its facts, given in any order."""
    books = Books(account_id, tenant_zone)
    books.facts = list(facts)
    for said in announcements:
        known = books.announcements.get(said.invoice_id, ())
        books.announcements[said.invoice_id] = (*known, said)
    return Account(compute(books))


def compute(books: Books, until: datetime | None = None) -> Books:
    """The same account computed again from its facts; with `until`, from those that act before.

    Accounts, zones and due dates are timeless: their newest value holds for the whole history.
    """
    again = prepared(books)
    arranged = arrange(again.facts, again.zone, again.registered, until)
    again.acts, again.waiting = arranged.acts, arranged.waiting
    for position, fact in arranged.ordered:
        steps.apply(again, fact, position[0])
    again.forget()
    again.announcements = books.announcements.copy()
    if again.registered:
        for invoice_id in again.invoices:
            refresh(again, invoice_id)
    return again


def prepared(books: Books) -> Books:
    """Empty books that know what is timeless: record, zone, amendments, settled disputes."""
    again = Books(books.account_id, books.tenant_zone)
    again.facts = books.facts
    settled: set[str] = set()
    amendments = []
    for fact in books.facts:
        kind = fact.kind
        if kind in (REGISTERED, UPDATED):
            again.registered = again.registered or kind == REGISTERED
            take_profile(again, fact)
        elif kind == AMENDED:
            amendments.append(fact)
        elif kind == CREDIT_NOTE:
            settled.update(settles(fact))
    again.zone = zone_of(again)
    for fact in amendments:
        again.add_amendment(fact)
    again.settled = frozenset(settled)
    return again


def take_profile(books: Books, fact: Fact) -> None:
    """Keep the record with the newest `time`, ties by id."""
    known = books.profile_fact
    zone = books.tenant_zone
    if known is None or newest(fact, zone) > newest(known, zone):
        books.profile_fact = fact


def zone_of(books: Books) -> str:
    """The account's own zone once it is registered, else the tenant's."""
    if not books.registered or books.profile_fact is None:
        return books.tenant_zone
    profile = cast(billing.AccountRegistered, books.profile_fact.data)
    return profile.timezone or books.tenant_zone


def settles(fact: Fact) -> tuple[str, ...]:
    """The dispute, if any, for which a platform's credit note replaces the resolution's own."""
    note = cast(billing.CreditNoteIssued, fact.data)
    if note.dispute_id is not None:
        return (note.dispute_id,)
    if note.credit_note_id.startswith(_OWN_NOTE):
        return (note.credit_note_id.removeprefix(_OWN_NOTE),)
    return ()


def refresh(books: Books, invoice_id: str) -> None:
    """Set an invoice's stage and its next day by what was announced of it."""
    invoice = books.invoices.get(invoice_id)
    if invoice is None:
        return
    said = books.announcements.get(invoice_id, ())
    stage = holding_stage(invoice, said) if said else None
    if stage != invoice.stage:
        books.invoices[invoice_id] = invoice = structs.replace(invoice, stage=stage)
    following = next_day(invoice, said, books.zone)
    if following is not None:
        books.next_days[invoice_id] = following
    else:
        books.next_days.pop(invoice_id, None)


# ── Reads ───────────────────────────────────────────────────────────────────────────────────────


def amounts(
    account: Account, begun: Begun, currencies: Iterable[str] | None = None
) -> tuple[Amounts, ...]:
    """The present figures: all accepted facts count, days past due at the begun day."""
    return all_figures(account.books, begun.on(account.zone), currencies)


def amounts_at(
    account: Account, day: date, currencies: Iterable[str] | None = None
) -> tuple[Amounts, ...]:
    """The figures with days past due at `day`; of an account `as_of` that day."""
    return all_figures(account.books, day, currencies)


def as_of(account: Account, day: date) -> Account:
    """The account by the facts effective by the end of `day` in its zone, stages by that day."""
    zone = account.zone
    books = compute(account.books, day_start(day + timedelta(days=1), zone))
    books.announcements, books.next_days = {}, {}
    for invoice_id, invoice in books.invoices.items():
        shown = [
            *(now for now in reached(invoice, zone) if now.since_on <= day),
            *reopenings(invoice, zone),
        ]
        stage = holding_stage(invoice, shown) if account.registered else None
        books.invoices[invoice_id] = structs.replace(invoice, stage=stage)
    return Account(books)


def next_on(account: Account) -> date | None:
    """The earliest day on which `begin` could say something that it has not said."""
    return min(account.books.next_days.values()) if account.books.next_days else None
