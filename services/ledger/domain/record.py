"""Taking facts in: the account after them, and everything that follows from them.

A fact that sorts last is applied on top, any other makes the account be computed again. Either way
the state know each touched object as it was before, and what is said follows from the difference.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import cast

from services.ledger.domain import steps
from services.ledger.domain.account import (
    compute,
    load_account_in_slices,
    settles,
    state_notices,
    take_profile,
    zone_of,
)
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.consequences import day_of, say_fact, take_notice
from services.ledger.domain.decision import Decision
from services.ledger.domain.events import View
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
from services.ledger.domain.journal import NO_TOTALS, Entry, postings
from services.ledger.domain.registration import say_history
from services.ledger.domain.slices import Slices, run
from services.ledger.domain.stage_events import age
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeline import DATED, MONEY, needs, provides
from shared.business_time import Begun
from shared.clock import local_day
from shared.events import billing


def record(state: AccountState, facts: Sequence[Fact], begun: Begun) -> Decision:
    """Take accepted facts in, in the order of arrival; none of them is known already.

    The account is changed in place. What is said of *n* facts is what *n* calls with one each say.
    """
    return run(record_in_slices(state, facts, begun))


def record_in_slices(state: AccountState, facts: Sequence[Fact], begun: Begun) -> Slices[Decision]:
    """The same, giving way."""
    given = state
    builder = DecisionBuilder(state.copy())
    for fact in facts:
        former = builder.state
        was_registered = former.registered
        former.facts.append(fact)
        former.forget()
        builder.released = []
        at = _TAKE[fact.kind](builder, fact)
        if at is None:
            continue  # kept; its event is said when it takes effect
        state = builder.state
        day = day_of(fact, at, state.zone)
        begun_on = begun.on(state.zone)
        if state.before_totals:
            _post(builder, fact, day)
        if was_registered:
            view = View(state, fact, at, begun_on)
            say_fact(builder, view, day, former)
            age(builder, view, begun_on)
        elif state.registered:
            say_history(builder, fact, begun_on)
        take_notice(builder)
        builder.changed.update(state.before_invoices)
        yield
    given.become(builder.state)
    return builder.decision()


def absorb(state: AccountState, facts: Sequence[Fact], notices: Iterable[StageNotice]) -> None:
    """Take in silently what another process has recorded: facts and stage notices.

    Afterwards the account is what `load_account` makes of all facts and notices.
    """
    run(absorb_in_slices(state, facts, notices))


def absorb_in_slices(
    state: AccountState, facts: Sequence[Fact], notices: Iterable[StageNotice]
) -> Slices[None]:
    """The same, giving way."""
    stored = {(said.invoice_id, said.key): said for said in state_notices(state)}
    stored |= {(said.invoice_id, said.key): said for said in notices}
    loaded = yield from load_account_in_slices(
        state.account_id, state.tenant_zone, [*state.facts, *facts], stored.values()
    )
    state.become(loaded)


def rezone(
    state: AccountState, tenant_zone: str, *, at: datetime, recordedtime: datetime, begun: Begun
) -> Decision:
    """The account in its tenant's new zone (`rezone_in_slices`)."""
    return run(rezone_in_slices(state, tenant_zone, at=at, recordedtime=recordedtime, begun=begun))


def rezone_in_slices(
    state: AccountState, tenant_zone: str, *, at: datetime, recordedtime: datetime, begun: Begun
) -> Slices[Decision]:
    """The account in its tenant's new zone; one that has a zone of its own stays as it is.

    Announced as an update of its record at `at`; no fact of a billing platform, and not kept.
    """
    given = state
    builder = DecisionBuilder(state.copy())
    former = builder.state
    former.forget()
    former.tenant_zone = tenant_zone
    if zone_of(former) == former.zone:
        given.become(former)
        return builder.decision()
    yield
    recompute(builder)
    state = builder.state
    cause = Fact(
        kind=UPDATED,
        fact_id=f"of the tenant's zone to {tenant_zone} at {instant_text(at)}",
        account_id=state.account_id,
        source="/recoup",
        event_id=f"tenant-zone {tenant_zone}",
        time=at,
        recordedtime=recordedtime,
        data=state.profile or billing.AccountRegistered(account_id=state.account_id, name=""),
    )
    day = local_day(at, state.zone)
    if state.before_totals:
        _post(builder, cause, day)
    if state.registered:
        begun_on = begun.on(state.zone)
        view = View(state, cause, at, begun_on)
        say_fact(builder, view, day, former)
        age(builder, view, begun_on)
    builder.changed.update(state.before_invoices)
    given.become(state)
    return builder.decision()


def _take_dated(builder: DecisionBuilder, fact: Fact) -> datetime | None:
    """A fact that acts at an instant: on top if it sorts last, else all again."""
    state = builder.state
    at = instant_of(fact, state.zone)
    if not state.registered and fact.kind not in MONEY:
        return None
    need = needs(fact)
    if need is not None:
        there = state.acts.get(need)
        if there is None:
            state.waiting[need] = (*state.waiting.get(need, ()), fact)
            return None
        at = max(at, there)
    replaces_own_note = fact.kind == CREDIT_NOTE and _settle(state, fact)
    comes_last = state.last is None or state.last < (at, RANK[fact.kind], fact.fact_id)
    if comes_last and not replaces_own_note and provides(fact) not in state.waiting:
        steps.apply(state, fact, at)
    else:
        recompute(builder)
    if fact.kind == INVOICE and fact.fact_id in state.amendments:
        # They took effect with their invoice, and are said after it.
        builder.released = [
            *((max(at, instant_of(a, state.zone)), a) for a in state.amendments[fact.fact_id]),
            *builder.released,
        ]
    return at


def _settle(state: AccountState, fact: Fact) -> bool:
    """Note that the dispute has a note of the platform; whether one of our own must go."""
    settled = settles(fact)
    state.settled |= frozenset(settled)
    return any(("credit_note", steps.own_note_of(dispute)) in state.credits for dispute in settled)


def _take_failure(builder: DecisionBuilder, fact: Fact) -> datetime:
    return instant_of(fact, builder.state.zone)


def _take_amendment(builder: DecisionBuilder, fact: Fact) -> datetime | None:
    """The newest due date holds for the whole history; so all is computed again."""
    builder.state.add_amendment(fact)
    if cast(billing.InvoiceAmended, fact.data).invoice_id not in builder.state.invoices:
        return None
    recompute(builder)
    return instant_of(fact, builder.state.zone)


def _take_record(builder: DecisionBuilder, fact: Fact) -> datetime | None:
    state = builder.state
    take_profile(state, fact)
    registers = fact.kind == REGISTERED and not state.registered
    state.registered = state.registered or registers
    if registers or zone_of(state) != state.zone:
        recompute(builder)
    return instant_of(fact, builder.state.zone)


_TAKE: dict[str, Callable[[DecisionBuilder, Fact], datetime | None]] = {
    **dict.fromkeys(DATED, _take_dated),
    FAILED: _take_failure,
    AMENDED: _take_amendment,
    REGISTERED: _take_record,
    UPDATED: _take_record,
}


def recompute(builder: DecisionBuilder) -> None:
    """Compute the account again from its facts, and find what is different now."""
    old = builder.state
    new = compute(old)
    for invoice_id, invoice in new.invoices.items():
        before = old.invoices.get(invoice_id)
        if before != invoice:
            new.before_invoices[invoice_id] = before
            new.before_totals[invoice.currency] = old.totals.get(invoice.currency, NO_TOTALS)
    for key, source in new.credits.items():
        earlier = old.credits.get(key)
        if earlier != source:
            new.before_credits[key] = earlier
            new.before_totals[source.currency] = old.totals.get(source.currency, NO_TOTALS)
    for key, gone in old.credits.items():
        if key not in new.credits:
            new.before_credits[key] = gone
            new.before_totals[gone.currency] = old.totals.get(gone.currency, NO_TOTALS)
    waited = {id(fact): fact for facts in old.waiting.values() for fact in facts}
    for facts in new.waiting.values():
        for fact in facts:
            waited.pop(id(fact), None)
    builder.released = [(_acted_at(new, fact), fact) for fact in waited.values()]
    builder.released.sort(key=lambda item: (item[0], RANK[item[1].kind], item[1].fact_id))
    builder.state = new


def _acted_at(state: AccountState, fact: Fact) -> datetime:
    """The instant of a fact that waited for another: the later one of the two."""
    return max(instant_of(fact, state.zone), state.acts[needs(fact) or ()])


def _post(builder: DecisionBuilder, fact: Fact, day: date) -> None:
    state = builder.state
    for currency, before in state.before_totals.items():
        moved = postings(before, state.totals.get(currency, NO_TOTALS))
        if moved:
            builder.entries.append(
                Entry(fact.kind, fact.fact_id, cause_of(fact), currency, day, moved)
            )
