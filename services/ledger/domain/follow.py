"""What follows from a fact: its own event, what it moved of others, and what had no effect."""

from datetime import date, datetime
from typing import cast

from services.ledger.domain.books import Books
from services.ledger.domain.draft import Draft
from services.ledger.domain.facts import (
    AMENDED,
    CREDIT_NOTE,
    FAILED,
    INVOICE,
    REGISTERED,
    REVERSED,
    UPDATED,
    VOIDED,
    Fact,
    Notice,
    cause_of,
    sent_at,
)
from services.ledger.domain.sources import SourceKey, Taken
from services.ledger.domain.telling import (
    View,
    allocations,
    credit_note,
    event_of,
    on_invoice,
    own_source,
    reversal,
)
from shared.clock import local_day
from shared.errors import FieldError
from shared.events import billing, ledger

_RETIMED = frozenset({AMENDED, REGISTERED, UPDATED})  # may change days without moving money


def day_of(fact: Fact, at: datetime, zone: str) -> date:
    """The account's calendar day on which a fact counts."""
    if fact.kind in (INVOICE, CREDIT_NOTE):
        return cast(billing.InvoiceIssued | billing.CreditNoteIssued, fact.data).issued_on
    return local_day(at, zone)


def entity_of(fact: Fact) -> str:
    """What the fact's own event is about."""
    if fact.kind == AMENDED:
        return cast(billing.InvoiceAmended, fact.data).invoice_id
    if fact.kind == FAILED:
        return cast(billing.PaymentFailed, fact.data).payment_id
    if fact.kind in (REGISTERED, UPDATED):
        return fact.account_id
    return fact.fact_id


def say_fact(draft: Draft, view: View, day: date, former: Books) -> None:
    """Say the fact's own event, those that waited for it, and what it did to other sources."""
    fact, books = view.fact, view.books
    time = sent_at(fact, books.zone) if fact.kind == INVOICE else view.at
    draft.say(fact.kind, entity_of(fact), view.cause, time, day, event_of(view), fact)
    sources = books.before_sources
    retimed = fact.kind in _RETIMED and bool(books.before_invoices)
    own = own_source(fact)
    for at, waited in draft.released:
        _say_released(draft, View(books, waited, at, view.begun_on), fact)
    if not retimed and not (sources.keys() - {own}) and not _has_reversals(books, own):
        return
    told: set[SourceKey | None] = set()
    for said in (fact, *(waited for _, waited in draft.released)):
        told.add(own_source(said))
        if said.kind == VOIDED:
            told.update(on_invoice(books, said.fact_id))
    _say_reversals(draft, view)
    told.update(_say_own_notes(draft, view))
    moved = [
        key
        for key in (books.sources if retimed else sources)
        if key not in told and key in books.sources and _moved(view, former, key, retimed)
    ]
    if moved:
        moved.sort(key=lambda key: books.sources[key].order)
        changed = ledger.AllocationChanged(
            account_id=books.account_id,
            because=view.cause,
            allocations=view.history(moved),
            amounts=view.touched(),
        )
        draft.say("allocation-changed", books.account_id, view.cause, view.at, day, changed, fact)


def _has_reversals(books: Books, key: SourceKey | None) -> bool:
    source = books.sources.get(key) if key is not None else None
    return source is not None and bool(source.reversals)


def _say_released(draft: Draft, view: View, trigger: Fact) -> None:
    """Say a fact that had waited; it is known by its effect since `trigger` was recorded."""
    waited = view.fact
    day = day_of(waited, view.at, view.books.zone)
    draft.say(
        waited.kind,
        entity_of(waited),
        view.cause,
        view.at,
        day,
        event_of(view),
        waited,
        trigger.recordedtime,
    )


def _moved(view: View, former: Books, key: SourceKey, retimed: bool) -> bool:
    """Whether another source's history reads differently now."""
    books = view.books
    now, before = books.sources[key], books.before_sources.get(key, books.sources[key])
    if before is None:
        return bool(now.pieces)
    if now.pieces != before.pieces:
        return True
    return retimed and allocations(books, now) != allocations(former, before)


def _say_reversals(draft: Draft, view: View) -> None:
    """Say again each reversal that takes another amount now than was said before."""
    for fact, taken, before in _reversals(view):
        if before is None or taken.amount_minor == before.amount_minor:
            continue
        data = reversal(view, fact)
        cause = f"{cause_of(fact)}, {view.cause}"
        day = local_day(taken.at, view.books.zone)
        draft.say(REVERSED, fact.fact_id, cause, taken.at, day, data, view.fact)


def _reversals(view: View) -> list[tuple[Fact, Taken, Taken | None]]:
    """The touched payments' reversals but the fact itself, with what each took before."""
    found = []
    books = view.books
    for key, before in books.before_sources.items():
        source = books.sources.get(key)
        if source is None or not source.reversals:
            continue
        earlier = {known.reversal_id: known for known in before.reversals} if before else {}
        for taken in source.reversals:
            if taken.reversal_id != view.fact.fact_id or view.fact.kind != REVERSED:
                fact = reversal_fact(books, taken.reversal_id)
                found.append((fact, taken, earlier.get(taken.reversal_id)))
    return found


def reversal_fact(books: Books, reversal_id: str) -> Fact:
    """The fact of a reversal that acted."""
    return next(
        fact for fact in books.facts if fact.kind == REVERSED and fact.fact_id == reversal_id
    )


def _say_own_notes(draft: Draft, view: View) -> set[SourceKey]:
    """Say the credit notes that resolutions posted by this fact."""
    said: set[SourceKey] = set()
    books = view.books
    for key, before in books.before_sources.items():
        if before is not None or key[0] != "credit_note" or key == own_source(view.fact):
            continue
        note = books.sources[key]
        data = credit_note(view, note)
        day = cast(date, note.issued_on)
        cause = f"credit note {note.source_id}, {view.cause}"
        draft.say(CREDIT_NOTE, note.source_id, cause, note.at, day, data, view.fact)
        said.add(key)
    return said


def take_notice(draft: Draft) -> None:
    """Note what reversals ask for beyond what is left of their payment; it has no effect."""
    books = draft.books
    for key, before in books.before_sources.items():
        source = books.sources.get(key)
        if (
            source is None
            or not source.reversals
            or (before and before.reversals is source.reversals)
        ):
            continue
        earlier = {known.reversal_id: known for known in before.reversals} if before else {}
        for taken in source.reversals:
            known = earlier.get(taken.reversal_id)
            if taken.excess_minor > (known.excess_minor if known else 0):
                draft.notices.append(_excess(reversal_fact(books, taken.reversal_id), taken))


def _excess(fact: Fact, taken: Taken) -> Notice:
    payment_id = cast(billing.PaymentReversed, fact.data).payment_id
    detail = (
        f"only {taken.amount_minor} was left of payment {payment_id}; "
        f"the other {taken.excess_minor} has no effect"
    )
    return Notice(fact, [FieldError("/data/amount_minor", detail)])
