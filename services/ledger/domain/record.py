"""Taking facts in: the account after them, and everything that follows from them.

A fact that sorts last is applied on top, any other makes the account be computed again. Either way
the books know each touched object as it was before, and what is said follows from the difference.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import cast

from services.ledger.domain import steps
from services.ledger.domain.account import (
    Account,
    compute,
    settles,
    take_profile,
    zone_of,
)
from services.ledger.domain.ageing import age
from services.ledger.domain.books import Books
from services.ledger.domain.days import Begun
from services.ledger.domain.decision import Decision
from services.ledger.domain.draft import Draft
from services.ledger.domain.facts import (
    AMENDED,
    CREDIT_NOTE,
    FAILED,
    INVOICE,
    RANK,
    REGISTERED,
    UPDATED,
    Fact,
    cause_of,
    instant_of,
    instant_text,
)
from services.ledger.domain.follow import day_of, say_fact, take_notice
from services.ledger.domain.journal import NO_TOTALS, Entry, postings
from services.ledger.domain.registration import say_history
from services.ledger.domain.telling import View
from services.ledger.domain.timeline import DATED, MONEY, needs, provides
from shared.clock import local_day
from shared.events import billing


def record(account: Account, facts: Sequence[Fact], begun: Begun) -> Decision:
    """Take accepted facts in, in the order of arrival; none of them is known already.

    What is said of *n* facts is what *n* calls with one each say.
    """
    draft = Draft(account.books.copy())
    for fact in facts:
        former = draft.books
        was_registered = former.registered
        former.facts.append(fact)
        former.forget()
        draft.released = []
        at = _TAKE[fact.kind](draft, fact)
        if at is None:
            continue  # kept; its event is said when it takes effect
        books = draft.books
        day = day_of(fact, at, books.zone)
        begun_on = begun.on(books.zone)
        if books.before_totals:
            _post(draft, fact, day)
        if was_registered:
            view = View(books, fact, at, begun_on)
            say_fact(draft, view, day, former)
            age(draft, view, begun_on)
        elif books.registered:
            say_history(draft, fact, begun_on)
        take_notice(draft)
        draft.changed.update(books.before_invoices)
    return draft.decision()


def rezone(
    account: Account, tenant_zone: str, *, at: datetime, recordedtime: datetime, begun: Begun
) -> Decision:
    """The account in its tenant's new zone; one that has a zone of its own stays as it is.

    Said as an update of its record at `at`, which is no fact of a billing platform and not kept.
    """
    draft = Draft(account.books.copy())
    former = draft.books
    former.forget()
    former.tenant_zone = tenant_zone
    if zone_of(former) == former.zone:
        return draft.decision()
    recompute(draft)
    books = draft.books
    cause = Fact(
        kind=UPDATED,
        fact_id=f"of the tenant's zone to {tenant_zone} at {instant_text(at)}",
        account_id=books.account_id,
        source="/recoup",
        event_id=f"tenant-zone {tenant_zone}",
        time=at,
        recordedtime=recordedtime,
        data=account.profile or billing.AccountRegistered(account_id=books.account_id, name=""),
    )
    day = local_day(at, books.zone)
    if books.before_totals:
        _post(draft, cause, day)
    if books.registered:
        begun_on = begun.on(books.zone)
        view = View(books, cause, at, begun_on)
        say_fact(draft, view, day, former)
        age(draft, view, begun_on)
    draft.changed.update(books.before_invoices)
    return draft.decision()


def _take_dated(draft: Draft, fact: Fact) -> datetime | None:
    """A fact that acts at an instant: on top if it sorts last, else all again."""
    books = draft.books
    at = instant_of(fact, books.zone)
    if not books.registered and fact.kind not in MONEY:
        return None
    need = needs(fact)
    if need is not None:
        there = books.acts.get(need)
        if there is None:
            books.waiting[need] = (*books.waiting.get(need, ()), fact)
            return None
        at = max(at, there)
    replaces_own_note = fact.kind == CREDIT_NOTE and _settle(books, fact)
    comes_last = books.last is None or books.last < (at, RANK[fact.kind], fact.fact_id)
    if comes_last and not replaces_own_note and provides(fact) not in books.waiting:
        steps.apply(books, fact, at)
    else:
        recompute(draft)
    if fact.kind == INVOICE and fact.fact_id in books.amendments:
        # They took effect with their invoice, and are said after it.
        draft.released = [
            *((max(at, instant_of(a, books.zone)), a) for a in books.amendments[fact.fact_id]),
            *draft.released,
        ]
    return at


def _settle(books: Books, fact: Fact) -> bool:
    """Note that the dispute has a note of the platform; whether one of our own must go."""
    settled = settles(fact)
    books.settled |= frozenset(settled)
    return any(("credit_note", steps.own_note_of(dispute)) in books.sources for dispute in settled)


def _take_failure(draft: Draft, fact: Fact) -> datetime:
    return instant_of(fact, draft.books.zone)


def _take_amendment(draft: Draft, fact: Fact) -> datetime | None:
    """The newest due date holds for the whole history; so all is computed again."""
    draft.books.add_amendment(fact)
    if cast(billing.InvoiceAmended, fact.data).invoice_id not in draft.books.invoices:
        return None
    recompute(draft)
    return instant_of(fact, draft.books.zone)


def _take_record(draft: Draft, fact: Fact) -> datetime | None:
    books = draft.books
    take_profile(books, fact)
    registers = fact.kind == REGISTERED and not books.registered
    books.registered = books.registered or registers
    if registers or zone_of(books) != books.zone:
        recompute(draft)
    return instant_of(fact, draft.books.zone)


_TAKE: dict[str, Callable[[Draft, Fact], datetime | None]] = {
    **dict.fromkeys(DATED, _take_dated),
    FAILED: _take_failure,
    AMENDED: _take_amendment,
    REGISTERED: _take_record,
    UPDATED: _take_record,
}


def recompute(draft: Draft) -> None:
    """Compute the account again from its facts, and find what is different now."""
    old = draft.books
    new = compute(old)
    for invoice_id, invoice in new.invoices.items():
        before = old.invoices.get(invoice_id)
        if before != invoice:
            new.before_invoices[invoice_id] = before
            new.before_totals[invoice.currency] = old.totals.get(invoice.currency, NO_TOTALS)
    for key, source in new.sources.items():
        earlier = old.sources.get(key)
        if earlier != source:
            new.before_sources[key] = earlier
            new.before_totals[source.currency] = old.totals.get(source.currency, NO_TOTALS)
    for key, gone in old.sources.items():
        if key not in new.sources:
            new.before_sources[key] = gone
            new.before_totals[gone.currency] = old.totals.get(gone.currency, NO_TOTALS)
    waited = {id(fact): fact for facts in old.waiting.values() for fact in facts}
    for facts in new.waiting.values():
        for fact in facts:
            waited.pop(id(fact), None)
    draft.released = [(_acted_at(new, fact), fact) for fact in waited.values()]
    draft.released.sort(key=lambda item: (item[0], RANK[item[1].kind], item[1].fact_id))
    draft.books = new


def _acted_at(books: Books, fact: Fact) -> datetime:
    """The instant of a fact that waited for another: the later one of the two."""
    return max(instant_of(fact, books.zone), books.acts[needs(fact) or ()])


def _post(draft: Draft, fact: Fact, day: date) -> None:
    books = draft.books
    for currency, before in books.before_totals.items():
        moved = postings(before, books.totals.get(currency, NO_TOTALS))
        if moved:
            draft.entries.append(
                Entry(fact.kind, fact.fact_id, cause_of(fact), currency, day, moved)
            )
