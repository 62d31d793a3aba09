"""What follows from a fact: its own event, what it moved of others, and what had no effect."""

from datetime import date, datetime
from typing import cast

from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.credits import CreditKey, Reversal
from services.ledger.domain.events import (
    View,
    allocations,
    credit_note,
    event_of,
    on_invoice,
    own_source,
    reversal,
)
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
    Ineffective,
    cause_of,
    sent_at,
)
from services.ledger.domain.state import AccountState
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


def say_fact(builder: DecisionBuilder, view: View, day: date, former: AccountState) -> None:
    """Say the fact's own event, those that waited for it, and what it did to other sources."""
    fact, state = view.fact, view.state
    time = sent_at(fact, state.zone) if fact.kind == INVOICE else view.at
    builder.announce(fact.kind, entity_of(fact), view.cause, time, day, event_of(view), fact)
    sources = state.before_credits
    retimed = fact.kind in _RETIMED and bool(state.before_invoices)
    own = own_source(fact)
    for at, waited in builder.released:
        _say_released(builder, View(state, waited, at, view.begun_on), fact)
    if not retimed and not (sources.keys() - {own}) and not _has_reversals(state, own):
        return
    told: set[CreditKey | None] = set()
    for said in (fact, *(waited for _, waited in builder.released)):
        told.add(own_source(said))
        if said.kind == VOIDED:
            told.update(on_invoice(state, said.fact_id))
    _say_reversals(builder, view)
    told.update(_say_own_notes(builder, view))
    moved = [
        key
        for key in (state.credits if retimed else sources)
        if key not in told and key in state.credits and _moved(view, former, key, retimed)
    ]
    if moved:
        moved.sort(key=lambda key: state.credits[key].order)
        changed = ledger.AllocationChanged(
            account_id=state.account_id,
            because=view.cause,
            allocations=view.history(moved),
            amounts=view.touched(),
        )
        builder.announce(
            "allocation-changed", state.account_id, view.cause, view.at, day, changed, fact
        )


def _has_reversals(state: AccountState, key: CreditKey | None) -> bool:
    source = state.credits.get(key) if key is not None else None
    return source is not None and bool(source.reversals)


def _say_released(builder: DecisionBuilder, view: View, trigger: Fact) -> None:
    """Say a fact that had waited; it is known by its effect since `trigger` was recorded."""
    waited = view.fact
    day = day_of(waited, view.at, view.state.zone)
    builder.announce(
        waited.kind,
        entity_of(waited),
        view.cause,
        view.at,
        day,
        event_of(view),
        waited,
        trigger.recordedtime,
    )


def _moved(view: View, former: AccountState, key: CreditKey, retimed: bool) -> bool:
    """Whether another source's history reads differently now."""
    state = view.state
    now, before = state.credits[key], state.before_credits.get(key, state.credits[key])
    if before is None:
        return bool(now.allocations)
    if now.allocations != before.allocations:
        return True
    return retimed and allocations(state, now) != allocations(former, before)


def _say_reversals(builder: DecisionBuilder, view: View) -> None:
    """Say again each reversal that takes another amount now than was said before."""
    for fact, taken, before in _reversals(view):
        if before is None or taken.amount_minor == before.amount_minor:
            continue
        data = reversal(view, fact)
        cause = f"{cause_of(fact)}, {view.cause}"
        day = local_day(taken.at, view.state.zone)
        builder.announce(REVERSED, fact.fact_id, cause, taken.at, day, data, view.fact)


def _reversals(view: View) -> list[tuple[Fact, Reversal, Reversal | None]]:
    """The touched payments' reversals but the fact itself, with what each took before."""
    found = []
    state = view.state
    for key, before in state.before_credits.items():
        source = state.credits.get(key)
        if source is None or not source.reversals:
            continue
        earlier = {known.reversal_id: known for known in before.reversals} if before else {}
        for taken in source.reversals:
            if taken.reversal_id != view.fact.fact_id or view.fact.kind != REVERSED:
                fact = reversal_fact(state, taken.reversal_id)
                found.append((fact, taken, earlier.get(taken.reversal_id)))
    return found


def reversal_fact(state: AccountState, reversal_id: str) -> Fact:
    """The fact of a reversal that acted."""
    return next(
        fact for fact in state.facts if fact.kind == REVERSED and fact.fact_id == reversal_id
    )


def _say_own_notes(builder: DecisionBuilder, view: View) -> set[CreditKey]:
    """Say the credit notes that resolutions posted by this fact."""
    said: set[CreditKey] = set()
    state = view.state
    for key, before in state.before_credits.items():
        if before is not None or key[0] != "credit_note" or key == own_source(view.fact):
            continue
        note = state.credits[key]
        data = credit_note(view, note)
        day = cast(date, note.issued_on)
        cause = f"credit note {note.credit_id}, {view.cause}"
        builder.announce(CREDIT_NOTE, note.credit_id, cause, note.at, day, data, view.fact)
        said.add(key)
    return said


def take_notice(builder: DecisionBuilder) -> None:
    """Note what reversals ask for beyond what is left of their payment; it has no effect."""
    state = builder.state
    for key, before in state.before_credits.items():
        source = state.credits.get(key)
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
                builder.rejections.append(_excess(reversal_fact(state, taken.reversal_id), taken))


def _excess(fact: Fact, taken: Reversal) -> Ineffective:
    payment_id = cast(billing.PaymentReversed, fact.data).payment_id
    detail = (
        f"only {taken.amount_minor} was left of payment {payment_id}; "
        f"the other {taken.excess_minor} has no effect"
    )
    return Ineffective(fact, [FieldError("/data/amount_minor", detail)])
